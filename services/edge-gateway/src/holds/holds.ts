// Every hold of this edge. Invariant: one that the ledger may know ends exactly once, whatever happens in between: it is
// settled, or voided if nobody was asked, by this process or, out of the spool, by the next one.
//
// When the ledger is down new holds are refused; what is under way goes on and is settled when the ledger is back, for
// which the spool keeps it. What is repeated is safe: the ledger answers the second of two same calls with the result of the first.

import type { Amounts, QuotaLedger, Reservation, Room, Subject } from '@ai-switch/contracts';
import { asFault, Fault, type FaultCode } from '@ai-switch/kernel';
import type { Logger } from '@ai-switch/telemetry';
import { NOTHING } from '../sum-amounts.ts';
import { Hold } from './hold.ts';
import type { Spool } from './spool.ts';
import type { Intent, SpooledHold } from './spool-records.ts';

export interface HoldSettings {
  /** How long a hold lives unless a heartbeat keeps it. */
  readonly holdTtlMs: number;
  readonly heartbeatMs: number;
}

export interface HoldsParts {
  readonly ledger: QuotaLedger;
  readonly spool: Spool;
  readonly logger: Logger;
  readonly settings: HoldSettings;
  /** Resolves after so many milliseconds, or at once when `signal` is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** 0 to 1. */
  readonly random: () => number;
  readonly newOwnerToken: () => string;
  /** Writes the record of a request that an earlier process sent to a provider, unless that process did. */
  readonly recordLeft: (left: SpooledHold) => void;
}

export interface Wanted {
  readonly tenant: string;
  readonly reservationId: string;
  readonly subject: Subject;
  readonly amounts: Amounts;
  /** What the prompt alone is thought to cost: charged if the request was sent and nothing more is known. */
  readonly promptEstimate: Amounts;
  readonly priceVersion: string;
  readonly fingerprint: string;
}

/** What the ledger said to a reserve. */
export interface Opening {
  readonly reservation: Reservation;
  /** True when this call made it and nobody else. */
  readonly isMine: boolean;
  /** Present when it is open and this call's own: only then anything may be dispatched. */
  readonly hold: Hold | undefined;
}

const RESERVES_MAX = 3;
const RESERVE_DELAY_MS = 50;
const DELIVERY_DELAY_MIN_MS = 50;
const DELIVERY_DELAY_MAX_MS = 15_000;
/** Calls at the same time for what an earlier process left, and for what the ledger did not take at first. */
const LATE_AT_ONCE_MAX = 64;
const BEATS_MAX = 1_000;

/** What may pass when the same call is made again. */
const PASSING: ReadonlySet<FaultCode> = new Set(['unavailable', 'deadline', 'overloaded', 'internal']);

/** After these a copy of a reserve that comes late may still be held; after any other refusal it never is. */
const MAY_BE_HELD: ReadonlySet<FaultCode> = new Set([...PASSING, 'quotaExhausted']);

export class Holds {
  readonly #parts: HoldsParts;
  readonly #open = new Set<Hold>();
  readonly #deliveries = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  readonly #late = new Places(LATE_AT_ONCE_MAX);
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> | undefined;

  constructor(parts: HoldsParts) {
    this.#parts = parts;
  }

  /** Those that have not ended, or whose end the ledger does not know yet. */
  get size(): number {
    return this.#parts.spool.size;
  }

  /** Begins the heartbeats, and ends what earlier processes left. */
  start(): void {
    this.#timer = setInterval(() => {
      this.#beating ??= this.beat().finally(() => {
        this.#beating = undefined;
      });
    }, this.#parts.settings.heartbeatMs).unref();
    void this.replay();
  }

  /** @throws Fault when the ledger does not answer, or refuses for another reason than quota */
  async open(wanted: Wanted): Promise<Opening> {
    const { spool, newOwnerToken } = this.#parts;
    const { tenant, reservationId, subject, promptEstimate, priceVersion } = wanted;
    const intent: Intent = {
      tenant,
      reservationId,
      ownerToken: newOwnerToken(),
      subject,
      promptEstimate,
      priceVersion,
    };
    const spooled = spool.begin(intent);
    try {
      const { reservation, created, isOwned, rooms } = await this.#reserve(intent, wanted);
      if (reservation === undefined)
        throw new Fault('internal', 'The ledger answered without a reservation.');
      if (!created) {
        // Its own that has expired by the time of the answer was charged for nothing.
        if (isOwned && reservation.state === 'RESERVATION_STATE_EXPIRED') void this.void(spooled);
        else spool.end(spooled);
        return { reservation, isMine: isOwned, hold: undefined };
      }
      return { reservation, isMine: true, hold: this.#add(spooled, wanted.amounts, rooms) };
    } catch (error) {
      // Whether the ledger has it is unknown, or it may take a copy of the call that comes late.
      if (MAY_BE_HELD.has(asFault(error).code)) void this.void(spooled);
      else spool.end(spooled);
      throw error;
    }
  }

  /** One heartbeat for all holds that have lived through the one before. */
  async beat(): Promise<void> {
    const due = [...this.#open].filter((hold) => hold.isDueForBeat());
    for (let start = 0; start < due.length; start += BEATS_MAX) {
      await this.#beatFor(due.slice(start, start + BEATS_MAX));
    }
  }

  /** Ends what earlier processes left in the spool. Resolves when all of it is acknowledged, or this edge closes. */
  async replay(): Promise<void> {
    const { spool, logger } = this.#parts;
    const { left } = spool;
    if (left.length > 0) logger.info({ holds: left.length }, 'holds of an earlier process are ended');
    await Promise.all(left.map((hold) => this.#replayOne(hold)));
  }

  /** Delivers a settlement that is in the spool. Resolves at the ledger's first answer, good or bad; goes on until it has it. */
  settle(spooled: SpooledHold): Promise<void> {
    return this.#deliver(spooled, this.#settling(spooled)).answered;
  }

  /** The same for one for which nobody was asked. */
  void(spooled: SpooledHold): Promise<void> {
    return this.#deliver(spooled, this.#voiding(spooled)).answered;
  }

  #settling({ settlement, intent }: SpooledHold): () => Promise<void> {
    if (settlement === undefined) throw new Error('only a settlement that is in the spool is delivered');
    const { tenant, reservationId, subject } = intent;
    return async () => {
      await this.#parts.ledger.settle({ tenant, reservationId, subject, ...settlement });
    };
  }

  #voiding(spooled: SpooledHold): () => Promise<void> {
    const { spool, ledger } = this.#parts;
    if (!spooled.isReleased) spool.release(spooled);
    const { tenant, reservationId, ownerToken, subject } = spooled.intent;
    return async () => {
      try {
        await ledger.void({ tenant, reservationId, ownerToken });
      } catch (error) {
        const { code, details } = asFault(error);
        // Another edge's, by the same idempotency key: it is his to end.
        if (code === 'forbidden') return;
        if (code !== 'conflict' || details.state !== 'EXPIRED') throw error;
        // It expired before it was known that nobody was asked: what it was charged for that is taken back.
        await ledger.settle({
          tenant,
          reservationId,
          subject,
          actual: NOTHING,
          outcome: 'upstreamFailed',
          isEstimated: false,
          platform: NOTHING,
          priceVersion: '',
        });
      }
    };
  }

  remove(hold: Hold): void {
    this.#open.delete(hold);
  }

  /** Waits a while for what is still to be delivered; the spool keeps the rest for the next process. */
  async close(graceMs: number): Promise<void> {
    clearInterval(this.#timer);
    const grace = new AbortController();
    await Promise.race([
      Promise.all(this.#deliveries),
      this.#parts.sleep(graceMs, grace.signal).catch(() => {}),
    ]);
    grace.abort();
    this.#closing.abort();
    await this.#beating;
    await Promise.all(this.#deliveries);
    await this.#parts.spool.close();
  }

  #add(spooled: SpooledHold, amounts: Amounts, rooms: readonly Room[]): Hold {
    const hold = new Hold(this, this.#parts, spooled, amounts, rooms);
    this.#open.add(hold);
    return hold;
  }

  async #reserve(intent: Intent, { amounts, fingerprint, promptEstimate }: Wanted) {
    const { ledger, settings, sleep } = this.#parts;
    const { tenant, reservationId, subject, ownerToken, priceVersion } = intent;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await ledger.reserve({
          tenant,
          reservationId,
          subject,
          amounts,
          ttlMs: BigInt(settings.holdTtlMs),
          ownerToken,
          fingerprint,
          priceVersion,
          promptCost: promptEstimate.cost,
        });
      } catch (error) {
        if (attempt >= RESERVES_MAX || !PASSING.has(asFault(error).code)) throw error;
        await sleep(RESERVE_DELAY_MS * attempt, this.#closing.signal);
      }
    }
  }

  async #beatFor(holds: readonly Hold[]): Promise<void> {
    const { ledger, logger } = this.#parts;
    try {
      const { pulses } = await ledger.heartbeat({ beats: holds.map((hold) => hold.nextBeat()) });
      const lost = pulses.filter(({ state }) => state !== 'RESERVATION_STATE_HELD');
      if (lost.length > 0) {
        // Each goes on and is settled late; what it has used is charged all the same.
        logger.warn(
          { holds: lost.length, first: lost[0] },
          'holds were ended by the ledger before they were done',
        );
      }
    } catch (err) {
      logger.warn({ err, holds: holds.length }, 'a heartbeat was not taken');
    }
  }

  async #replayOne(left: SpooledHold): Promise<void> {
    const { spool, recordLeft } = this.#parts;
    if (left.settlement === undefined && left.isDispatched && !left.isReleased) {
      const { promptEstimate, priceVersion } = left.intent;
      spool.settle(left, {
        actual: left.progress ?? promptEstimate,
        outcome: 'cut',
        isEstimated: true,
        platform: NOTHING,
        priceVersion,
      });
    }
    if (left.isDispatched && !left.isRecorded) {
      recordLeft(left);
      spool.recorded(left);
    }
    const send = left.settlement === undefined ? this.#voiding(left) : this.#settling(left);
    await this.#deliver(left, send, true).taken;
  }

  /** @returns when the ledger first answers, good or bad, and when it has it or this edge closes */
  #deliver(spooled: SpooledHold, send: () => Promise<void>, isLate = false) {
    const answered = Promise.withResolvers<void>();
    const delivery = this.#deliverUntilTaken(spooled, send, isLate, answered.resolve).finally(() => {
      this.#deliveries.delete(delivery);
      answered.resolve();
    });
    this.#deliveries.add(delivery);
    return { answered: answered.promise, taken: delivery };
  }

  async #sendLate(send: () => Promise<void>): Promise<void> {
    await this.#late.use(async () => {
      // Its turn came too late: the next process finds it in the spool.
      if (this.#closing.signal.aborted) throw new Fault('unavailable', 'The edge closes.');
      await send();
    });
  }

  async #deliverUntilTaken(
    spooled: SpooledHold,
    send: () => Promise<void>,
    isLate: boolean,
    onAnswer: () => void,
  ): Promise<void> {
    const { spool, logger, sleep, random } = this.#parts;
    const { tenant, reservationId } = spooled.intent;
    let isOneOfMany = isLate;
    let delayMs = DELIVERY_DELAY_MIN_MS;
    while (!this.#closing.signal.aborted) {
      try {
        await (isOneOfMany ? this.#sendLate(send) : send());
        spool.end(spooled);
        return;
      } catch (err) {
        if (!PASSING.has(asFault(err).code)) {
          logger.error(
            { err, tenant, reservationId, ...settlementFields(spooled) },
            'the ledger refuses how a hold ended',
          );
          spool.end(spooled);
          return;
        }
        isOneOfMany = true;
        onAnswer();
        await sleep(delayMs * (0.75 + random() / 2), this.#closing.signal);
        delayMs = Math.min(DELIVERY_DELAY_MAX_MS, delayMs * 2);
      }
    }
  }
}

/** Bounds how much is done at the same time; the rest waits in its order. */
class Places {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(free: number) {
    this.#free = free;
  }

  async use(work: () => Promise<void>): Promise<void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}

/** All that is needed to see what was not posted. */
function settlementFields({ settlement }: SpooledHold): Readonly<Record<string, string>> {
  if (settlement === undefined) return {};
  const { outcome, actual } = settlement;
  return {
    outcome,
    inputTokens: String(actual.input),
    outputTokens: String(actual.output),
    cacheReadTokens: String(actual.cacheRead),
    cacheWriteTokens: String(actual.cacheWrite),
    cost: String(actual.cost),
  };
}
