import type { Amounts, Beat, Room } from '@ai-switch/contracts';
import { asFault } from '@ai-switch/kernel';
import { NOTHING, sum } from '../sum-amounts.ts';
import type { Holds, HoldsParts } from './holds.ts';
import type { Settlement, SpooledHold } from './spool-records.ts';

const EXTENDS_MAX = 3;
const EXTEND_DELAY_MS = 100;

/** What one request holds, from the ledger's word until it is settled or released. */
export class Hold {
  readonly reservationId: string;
  /** What the caller has left beside it, for each type that something bounds. */
  readonly rooms: readonly Room[];
  /** Settled or released, or on the way there. */
  isOver = false;
  /** Set once bytes of the request may have reached a provider. */
  isDispatched = false;
  readonly #holds: Holds;
  readonly #parts: HoldsParts;
  readonly #spooled: SpooledHold;
  #held: Amounts;
  #platform: Amounts = NOTHING;
  #extensions = 0;
  #undecided: { readonly opSeq: number; readonly amounts: Amounts } | undefined;
  #beats = 0;

  constructor(
    holds: Holds,
    parts: HoldsParts,
    spooled: SpooledHold,
    amounts: Amounts,
    rooms: readonly Room[],
  ) {
    this.#holds = holds;
    this.#parts = parts;
    this.#spooled = spooled;
    this.#held = amounts;
    this.reservationId = spooled.intent.reservationId;
    this.rooms = rooms;
  }

  /** All that is held by now, extensions included. */
  get held(): Amounts {
    return this.#held;
  }

  /**
   * Say so before a provider is asked: from here on a process that is killed is taken to have asked.
   * @param request what the event log would say of the request by now
   * @throws Fault `unavailable` when it cannot be written: then nobody may be asked
   */
  dispatching(request: () => string): void {
    this.#parts.spool.dispatched(this.#spooled, request);
  }

  /** The record of the request has just gone into the event log. */
  recorded(): void {
    this.#parts.spool.recorded(this.#spooled);
  }

  /** What was used so far, with every chunk: cheap. */
  progress(used: Amounts): void {
    if (!this.isOver) this.#parts.spool.progress(this.#spooled, used);
  }

  /** What the whole answer has used. Say so before the client has its end: a process that is killed then has charged it. */
  finishing(used: Amounts): void {
    if (!this.isOver) this.#parts.spool.progressNow(this.#spooled, used);
  }

  /** Adds to the hold; false when the ledger refuses or does not answer. Never rejects. One at a time. */
  async extend(amounts: Amounts): Promise<boolean> {
    if (this.isOver) return false;
    const { ledger, sleep, logger } = this.#parts;
    const { tenant, reservationId, ownerToken } = this.#spooled.intent;
    // One that was never answered may have been decided: its number is asked for again before there is a next one.
    this.#undecided ??= { opSeq: this.#extensions + 1, amounts };
    const asked = this.#undecided;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { granted } = await ledger.extend({ tenant, reservationId, ownerToken, ...asked });
        this.#undecided = undefined;
        this.#extensions = asked.opSeq;
        if (granted) this.#held = sum(this.#held, asked.amounts);
        return granted;
      } catch (err) {
        const { code } = asFault(err);
        if (code === 'conflict') {
          // The hold has expired and will be settled late: what it uses is counted then.
          logger.warn({ err, reservationId }, 'a hold could not be extended');
          return false;
        }
        if (attempt >= EXTENDS_MAX) return false;
        await sleep(EXTEND_DELAY_MS * attempt, NEVER);
      }
    }
  }

  /** Adds what a failed attempt has cost, which the caller is not charged for. */
  bearByPlatform(amounts: Amounts): void {
    this.#platform = sum(this.#platform, amounts);
  }

  /** Posts what was used. Never rejects: what the ledger does not take now is delivered as soon as it does. */
  async settle(settlement: Omit<Settlement, 'platform'>): Promise<void> {
    if (this.isOver) return;
    this.#leave();
    this.#parts.spool.settle(this.#spooled, { ...settlement, platform: this.#platform });
    await this.#holds.settle(this.#spooled);
  }

  /** Gives everything back: nobody was asked. */
  async release(): Promise<void> {
    if (this.isOver) return;
    this.#leave();
    await this.#holds.void(this.#spooled);
  }

  /** True from its second heartbeat on: most requests are over before. */
  isDueForBeat(): boolean {
    this.#beats += 1;
    return this.#beats > 1;
  }

  nextBeat(): Beat {
    const { intent, progress } = this.#spooled;
    const used = progress ?? (this.isDispatched ? intent.promptEstimate : undefined);
    return {
      tenant: intent.tenant,
      reservationId: intent.reservationId,
      ownerToken: intent.ownerToken,
      ttlMs: BigInt(this.#parts.settings.holdTtlMs),
      used: used === undefined ? undefined : { ...used },
    };
  }

  #leave(): void {
    this.isOver = true;
    this.#holds.remove(this);
  }
}

const NEVER = new AbortController().signal;
