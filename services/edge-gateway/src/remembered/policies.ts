import { GetPolicyRequest, type Policy, type QuotaLedger } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import type { ChangeWatch } from './change-watch.ts';

const COMPANIES_MAX = 10_000;

interface Known {
  policy: Policy | undefined;
  readAtMs: number;
  reading: Promise<Policy> | undefined;
}

/**
 * The companies' rules for quota, as the ledger has them. Read once in a while and not for each request; when the ledger
 * does not answer, what was read last goes on.
 */
export class Policies {
  readonly #ledger: QuotaLedger;
  readonly #watch: ChangeWatch;
  readonly #known = new Map<string, Known>();

  constructor(ledger: QuotaLedger, watch: ChangeWatch) {
    this.#watch = watch;
    this.#ledger = ledger;
  }

  /** @throws Fault when it was never read and the ledger does not answer */
  of(tenant: string): Policy | Promise<Policy> {
    let known = this.#known.get(tenant);
    if (known === undefined) {
      if (this.#known.size >= COMPANIES_MAX) this.#known.clear();
      known = { policy: undefined, readAtMs: 0, reading: undefined };
      this.#known.set(tenant, known);
    }
    const { policy, readAtMs } = known;
    const ageMs = this.#watch.nowMs() - readAtMs;
    if (policy !== undefined && ageMs < this.#watch.lifeMs(tenant, readAtMs)) return policy;
    known.reading ??= this.#read(tenant, known);
    return policy === undefined ? known.reading : known.reading.catch(() => policy);
  }

  async #read(tenant: string, known: Known): Promise<Policy> {
    const sinceMs = this.#watch.nowMs();
    try {
      const { policy } = await this.#ledger.getPolicy(GetPolicyRequest.create({ tenant }));
      if (policy === undefined) throw new Fault('internal', 'The ledger answered without a policy.');
      known.policy = policy;
      return policy;
    } finally {
      // Also after a failure: who has one does not ask again with each request.
      known.readAtMs = sinceMs;
      known.reading = undefined;
    }
  }
}
