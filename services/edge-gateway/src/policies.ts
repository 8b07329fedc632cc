import { GetPolicyRequest, type Policy, type QuotaLedger } from '@ai-switch/contracts';
import { type Clock, Fault } from '@ai-switch/kernel';

/** A change of a company's policy is seen within this. */
const FRESH_MS = 5_000;
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
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();

  constructor(ledger: QuotaLedger, clock: Clock) {
    this.#ledger = ledger;
    this.#clock = clock;
  }

  /** @throws Fault when it was never read and the ledger does not answer */
  of(tenant: string): Policy | Promise<Policy> {
    let known = this.#known.get(tenant);
    if (known === undefined) {
      if (this.#known.size >= COMPANIES_MAX) this.#known.clear();
      known = { policy: undefined, readAtMs: 0, reading: undefined };
      this.#known.set(tenant, known);
    }
    const ageMs = this.#clock.nowMs() - known.readAtMs;
    if (known.policy !== undefined && ageMs >= 0 && ageMs < FRESH_MS) return known.policy;
    known.reading ??= this.#read(tenant, known);
    // Who has one does not wait for the next.
    if (known.policy === undefined) return known.reading;
    known.reading.catch(() => {});
    return known.policy;
  }

  async #read(tenant: string, known: Known): Promise<Policy> {
    try {
      const { policy } = await this.#ledger.getPolicy(GetPolicyRequest.create({ tenant }));
      if (policy === undefined) throw new Fault('internal', 'The ledger answered without a policy.');
      known.policy = policy;
      return policy;
    } finally {
      known.readAtMs = this.#clock.nowMs();
      known.reading = undefined;
    }
  }
}
