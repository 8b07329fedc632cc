// A small edge for the simulation's own sake: intent before reserve, `dispatched` before the provider is called, usage as it
// comes, the settlement before it is sent; replay at start.

import { type Amounts, ReservationState, type SettleRequest, type Subject } from '@ai-switch/contracts';
import { asFault, Fault } from '@ai-switch/kernel';
import type { Disk } from './disk.ts';
import type { EdgeLedger } from './network.ts';

export interface HoldsParts {
  readonly ledger: EdgeLedger;
  readonly disk: Disk;
  readonly sleep: (delayMs: number) => Promise<void>;
  readonly newToken: () => string;
}

export interface HoldWish {
  readonly tenant: string;
  readonly reservationId: string;
  readonly subject: Subject;
  readonly amounts: Amounts;
  readonly promptCost: bigint;
  readonly fingerprint: string;
}

interface SpoolLine {
  readonly kind: 'intent' | 'dispatched' | 'progress' | 'settle' | 'end';
  readonly key: string;
  readonly wish?: HoldWish;
  readonly ownerToken?: string;
  readonly used?: Amounts;
  readonly settle?: SettleRequest;
}

const TTL_MS = 60_000n;
const RETRY_MS = [200, 1_000, 4_000, 15_000];
const PASSING = new Set(['unavailable', 'deadline', 'overloaded', 'internal']);

export class ModelHolds {
  readonly #parts: HoldsParts;
  readonly #open = new Map<string, ModelHold>();

  constructor(parts: HoldsParts) {
    this.#parts = parts;
  }

  /** @throws Fault when it is not held, or not by this caller */
  async reserve(wish: HoldWish): Promise<ModelHold> {
    const hold = new ModelHold(this.#parts, wish, this.#parts.newToken(), () => this.#open.delete(hold.key));
    hold.write({ kind: 'intent', key: hold.key, wish, ownerToken: hold.ownerToken });
    this.#open.set(hold.key, hold);
    try {
      const { reservation, created } = await retry(this.#parts, 2, () => hold.askToReserve());
      if (reservation?.state === ReservationState.REJECTED)
        throw new Fault('quotaExhausted', 'Nothing is left.');
      if (!created) throw new Fault('conflict', 'Another edge works on this request.');
      return hold;
    } catch (error) {
      void hold.release();
      throw error;
    }
  }

  /** One heartbeat of all open holds. */
  async beat(): Promise<void> {
    const holds = [...this.#open.values()].filter((hold) => hold.isKept);
    if (holds.length === 0) return;
    const beats = holds.map((hold) => hold.beat());
    await this.#parts.ledger.heartbeat({ beats }).catch(() => {});
  }

  /** Ends what the process before has left open. */
  replay(): void {
    const left = new Map<string, { lines: SpoolLine[] }>();
    for (const text of this.#parts.disk.read().toString('utf8').split('\n')) {
      const line = readLine(text);
      if (line === undefined) continue;
      if (line.kind === 'end') left.delete(line.key);
      else if (line.kind === 'intent') left.set(line.key, { lines: [line] });
      else left.get(line.key)?.lines.push(line);
    }
    for (const { lines } of left.values()) {
      const [intent] = lines;
      if (intent?.wish === undefined) continue;
      const hold = new ModelHold(this.#parts, intent.wish, intent.ownerToken ?? '', () => {});
      const settle = lines.find(({ kind }) => kind === 'settle')?.settle;
      const isDispatched = lines.some(({ kind }) => kind === 'dispatched');
      const used = lines.findLast(({ kind }) => kind === 'progress')?.used;
      if (settle !== undefined) void hold.send(settle);
      else if (isDispatched) void hold.settle(used ?? NOTHING, 'cut', NOTHING);
      else void hold.release();
    }
  }
}

const NOTHING: Amounts = { input: 0n, output: 0n, cacheRead: 0n, cacheWrite: 0n, cost: 0n };

export class ModelHold {
  readonly key: string;
  readonly ownerToken: string;
  isKept = false;
  readonly #parts: HoldsParts;
  readonly #wish: HoldWish;
  readonly #onEnd: () => void;
  #used: Amounts | undefined;
  #extensions = 0;

  constructor(parts: HoldsParts, wish: HoldWish, ownerToken: string, onEnd: () => void) {
    this.#parts = parts;
    this.#wish = wish;
    this.key = `${wish.tenant} ${wish.reservationId} ${ownerToken}`;
    this.ownerToken = ownerToken;
    this.#onEnd = onEnd;
  }

  askToReserve() {
    const { tenant, reservationId, subject, amounts, promptCost, fingerprint } = this.#wish;
    const { ownerToken } = this;
    const request = { tenant, reservationId, subject, amounts, promptCost, fingerprint, ownerToken };
    return this.#parts.ledger.reserve({ ...request, ttlMs: TTL_MS, priceVersion: '' });
  }

  dispatched(): void {
    this.isKept = true;
    this.#used = NOTHING;
    this.write({ kind: 'dispatched', key: this.key });
  }

  progress(used: Amounts): void {
    this.#used = used;
    this.write({ kind: 'progress', key: this.key, used });
  }

  /** @returns whether there was room; when the ledger cannot be asked, there was none */
  async extend(amounts: Amounts): Promise<boolean> {
    const { tenant, reservationId } = this.#wish;
    const { ownerToken } = this;
    this.#extensions += 1;
    const opSeq = this.#extensions;
    try {
      const request = { tenant, reservationId, ownerToken, opSeq, amounts };
      return (await retry(this.#parts, 2, () => this.#parts.ledger.extend(request))).granted;
    } catch {
      return false;
    }
  }

  beat() {
    const { tenant, reservationId } = this.#wish;
    return { tenant, reservationId, ownerToken: this.ownerToken, ttlMs: TTL_MS, used: this.#used };
  }

  async settle(actual: Amounts, outcome: string, platform: Amounts): Promise<void> {
    const settle = this.#settlement(actual, outcome, platform);
    this.write({ kind: 'settle', key: this.key, settle });
    await this.send(settle);
  }

  async send(settle: SettleRequest): Promise<void> {
    this.isKept = false;
    await this.#finish(() => this.#parts.ledger.settle(settle));
  }

  async release(): Promise<void> {
    this.isKept = false;
    const { tenant, reservationId } = this.#wish;
    const { ownerToken } = this;
    await this.#finish(() =>
      this.#parts.ledger.void({ tenant, reservationId, ownerToken }).catch(async (error) => {
        if (asFault(error).details.state !== 'EXPIRED') throw error;
        // An estimate was charged meanwhile; what was used is nothing.
        return await this.#parts.ledger.settle(this.#settlement(NOTHING, 'upstreamFailed', NOTHING));
      }),
    );
  }

  #settlement(actual: Amounts, outcome: string, platform: Amounts): SettleRequest {
    const { tenant, reservationId, subject } = this.#wish;
    const isEstimated = outcome !== 'completed';
    return { tenant, reservationId, subject, actual, outcome, isEstimated, platform, priceVersion: '' };
  }

  async #finish(ask: () => Promise<unknown>): Promise<void> {
    try {
      await retry(this.#parts, Number.POSITIVE_INFINITY, ask);
    } catch {
      // The ledger has decided otherwise; asking again changes nothing.
    }
    this.write({ kind: 'end', key: this.key });
    this.#onEnd();
  }

  write(line: SpoolLine): void {
    const text = JSON.stringify(line, (_, value) => (typeof value === 'bigint' ? `${value}n` : value));
    this.#parts.disk.append(Buffer.from(`${text}\n`));
  }
}

async function retry<Answer>(
  { sleep }: HoldsParts,
  times: number,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (attempt >= times || !PASSING.has(asFault(error).code)) throw error;
      await sleep(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 0);
    }
  }
}

function readLine(text: string): SpoolLine | undefined {
  try {
    return JSON.parse(text, (_, value) =>
      typeof value === 'string' && /^-?[0-9]+n$/.test(value) ? BigInt(value.slice(0, -1)) : value,
    );
  } catch {
    return undefined;
  }
}
