// The ledger written as plainly as can be, in numbers and loops, without batches, rows or rules: what the real one has to
// answer and how its balances have to stand, for any sequence of calls. It knows one project, one department and one
// model, users who differ, and buckets by the day, by the month and of one period; all in UTC.

import { type Command, MONTHLY, type Numbers, type Put, TIERS_OF, TYPES } from './commands.ts';
import {
  bump,
  byDeadline,
  NONE,
  type PlainBucket,
  type PlainLine,
  type PlainReservation,
  type PlainRow,
  pays,
  standingText,
  UNBOUNDED,
} from './plain-records.ts';

export class PlainLedger {
  readonly #rows = new Map<string, PlainRow>();
  readonly #reservations = new Map<string, PlainReservation>();
  readonly #buckets = new Map<string, PlainBucket>();
  readonly #orders = new Map<string, readonly string[]>();
  #expiryCharge = 'PROMPT_ESTIMATE';
  #nowMs: number;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  /** Every balance that does not stand at nothing, in words. */
  standing(): string {
    const texts = [...this.#rows].map(([key, { used, held, overrun }]) =>
      standingText(key, used, held, overrun),
    );
    return texts
      .filter((text) => text !== '')
      .sort()
      .join('\n');
  }

  /** What the call answers: the state and what blocks, or the fault's code. */
  apply(command: Command): string {
    const known = 'id' in command ? this.#reservations.get(command.id) : undefined;
    switch (command.kind) {
      case 'turn':
        this.#nowMs += command.ms;
        return '';
      case 'put':
        return this.#put(command);
      case 'close': {
        const bucket = this.#buckets.get(command.bucket);
        if (bucket !== undefined) bucket.isClosed = true;
        return '';
      }
      case 'order':
        if (command.tiers.length === 0) this.#orders.delete(command.scope);
        else this.#orders.set(command.scope, command.tiers);
        return '';
      case 'policy':
        this.#expiryCharge = command.expiryCharge;
        return '';
      case 'sweep':
        for (const each of [...this.#reservations.values()].sort(byDeadline)) this.#expire(each);
        return '';
      case 'reserve':
        return this.#reserve(command, known);
      case 'extend':
        return this.#extend(command, known);
      case 'beat': {
        if (known === undefined || known.owner !== command.owner) return 'unknown';
        if (known.state !== 'HELD') return known.state;
        const { used } = command;
        if (used !== null) {
          known.checkpoint = used.map((count, type) => Math.max(count, known.checkpoint?.[type] ?? 0));
        }
        known.expiresAtMs = Math.max(known.expiresAtMs, this.#nowMs + command.ttlMs);
        return known.state;
      }
      case 'settle':
        return this.#settle(command, known);
      case 'void': {
        if (known === undefined) {
          this.#reservations.set(command.id, this.#made('', command.owner, '', NONE(), 'VOIDED', []));
          return 'VOIDED';
        }
        if (known.owner !== command.owner) return 'forbidden';
        if (known.state === 'VOIDED') return 'VOIDED';
        if (known.state !== 'HELD' || known.checkpoint !== null) return 'conflict';
        this.#charge(known, NONE());
        known.state = 'VOIDED';
        return known.state;
      }
      case 'reverse': {
        if (known === undefined) return 'notFound';
        if (known.state === 'REVERSED') return known.reason === command.reason ? 'REVERSED' : 'conflict';
        if (!['SETTLED', 'RECONCILED', 'ORPHAN_SETTLED'].includes(known.state)) return 'conflict';
        this.#takeBack(known);
        known.charged = NONE();
        known.state = 'REVERSED';
        known.reason = command.reason;
        return known.state;
      }
    }
  }

  #put({ bucket: id, limits, validForMs }: Put): string {
    const tier = TIERS_OF[id] ?? 'CAP';
    const isGrant = tier === 'SUPPLEMENTARY';
    const bucket: PlainBucket = {
      tier,
      limits: isGrant ? limits.map((limit) => limit ?? 0) : limits,
      period: isGrant ? 'whole' : MONTHLY.has(id) ? 'month' : 'day',
      validUntilMs: isGrant ? this.#nowMs + validForMs : null,
      isClosed: false,
    };
    this.#buckets.set(id, bucket);
    const period = this.#periodOf(bucket);
    this.#row(id, period);
    for (const [key, row] of this.#rows) {
      const [of, rowPeriod = ''] = key.split(' ');
      if (of === id && rowPeriod >= period) row.limits = bucket.limits;
    }
    return '';
  }

  #reserve(command: Extract<Command, { kind: 'reserve' }>, known: PlainReservation | undefined): string {
    const { user, owner, fingerprint, amounts } = command;
    if (known !== undefined) {
      if (known.state === 'VOIDED' && known.fingerprint === '') return 'VOIDED';
      const isRepeated =
        known.owner !== owner || known.extensions > 0 || String(known.amounts) === String(amounts);
      if (known.fingerprint !== fingerprint || known.user !== user || !isRepeated) return 'conflict';
      return `${known.state}${known.blocked}`;
    }
    const lines = this.#planOf(user);
    if (!lines.some(pays)) return 'quotaExhausted';
    const blocked = this.#hold(lines, amounts);
    const state = blocked === '' ? 'HELD' : 'REJECTED';
    const made = this.#made(user, owner, fingerprint, [...amounts], state, lines);
    const expiresAtMs = this.#nowMs + command.ttlMs;
    this.#reservations.set(command.id, { ...made, blocked, expiresAtMs, promptCost: command.promptCost });
    return `${state}${blocked}`;
  }

  #extend(command: Extract<Command, { kind: 'extend' }>, known: PlainReservation | undefined): string {
    const { owner, opSeq, amounts } = command;
    if (known === undefined) return 'notFound';
    if (known.owner !== owner) return 'forbidden';
    const { lastExtension } = known;
    if (opSeq === known.extensions && lastExtension !== null) {
      return String(lastExtension.amounts) === String(amounts) ? lastExtension.answer : 'conflict';
    }
    if (known.state !== 'HELD' || opSeq !== known.extensions + 1) return 'conflict';
    const blocked = this.#hold(known.lines, amounts);
    if (blocked === '') known.amounts = known.amounts.map((count, type) => count + (amounts[type] ?? 0));
    known.extensions = opSeq;
    known.lastExtension = { amounts, answer: blocked === '' ? 'granted' : `refused${blocked}` };
    return known.lastExtension.answer;
  }

  #settle(command: Extract<Command, { kind: 'settle' }>, known: PlainReservation | undefined): string {
    const { id, user, actual, platform } = command;
    const settled = JSON.stringify([actual, platform]);
    if (known === undefined) {
      const planned = this.#planOf(user);
      // Somebody has to bear it.
      const lines = planned.some(pays) ? planned : [this.#lineOf(`personal:${user}`)];
      const orphan = this.#made(user, '', '', NONE(), 'ORPHAN_SETTLED', lines);
      this.#reservations.set(id, orphan);
      return this.#settled(orphan, 'ORPHAN_SETTLED', actual, platform, settled);
    }
    if (known.user !== user) return 'conflict';
    if (known.state === 'HELD') return this.#settled(known, 'SETTLED', actual, platform, settled);
    if (known.state === 'EXPIRED') {
      this.#takeBack(known);
      return this.#settled(known, 'RECONCILED', actual, platform, settled);
    }
    return known.settled === settled && known.state !== 'REVERSED' ? known.state : 'conflict';
  }

  #settled(
    reservation: PlainReservation,
    state: string,
    actual: Numbers,
    platform: Numbers,
    settled: string,
  ): string {
    this.#charge(reservation, actual);
    if (platform.some((count) => count > 0)) {
      const line = this.#lineOf('platform');
      const row = this.#row(line.bucket, line.period);
      for (const [type, count] of platform.entries()) bump(line.used, row.used, type, count);
      reservation.lines = [...reservation.lines, line];
    }
    reservation.state = state;
    reservation.settled = settled;
    return state;
  }

  #expire(reservation: PlainReservation): void {
    if (reservation.state !== 'HELD' || reservation.expiresAtMs > this.#nowMs) return;
    const { amounts, checkpoint, expiryCharge, promptCost } = reservation;
    let guess = NONE();
    if (expiryCharge === 'FULL_HOLD') guess = amounts;
    if (expiryCharge === 'PROMPT_ESTIMATE') guess = [amounts[0] ?? 0, 0, 0, 0, promptCost];
    this.#charge(reservation, checkpoint ?? guess);
    reservation.state = 'EXPIRED';
  }

  /** Holds all or nothing; what blocks, or ''. */
  #hold(lines: readonly PlainLine[], amounts: Numbers): string {
    const funding = lines.filter(pays);
    for (const line of lines.filter(({ tier }) => tier === 'CAP')) {
      for (const [type, wanted] of amounts.entries()) {
        const free = this.#free(line, type);
        if (wanted > 0 && wanted > free) return ` ${line.bucket} ${TYPES[type]} ${free}`;
      }
    }
    for (const [type, wanted] of amounts.entries()) {
      const free = funding.map((line) => this.#free(line, type)).reduce((sum, each) => sum + each, 0);
      if (wanted > free) return ` ${TYPES[type]} ${free}`;
    }
    for (const [type, wanted] of amounts.entries()) {
      let rest = wanted;
      for (const line of lines) {
        const share = line.tier === 'CAP' ? wanted : pays(line) ? Math.min(rest, this.#free(line, type)) : 0;
        if (pays(line)) rest -= share;
        bump(line.held, this.#row(line.bucket, line.period).held, type, share);
      }
    }
    return '';
  }

  /** Lets go of the hold and posts what was used: out of the hold, out of free room, beyond. */
  #charge(reservation: PlainReservation, actual: Numbers): void {
    const last = reservation.lines.filter(pays).at(-1);
    for (const [type, used] of actual.entries()) {
      const wasHeld = reservation.lines.map((line) => line.held[type] ?? 0);
      reservation.lines.forEach((line, index) => {
        bump(line.held, this.#row(line.bucket, line.period).held, type, -(wasHeld[index] ?? 0));
      });
      let rest = used;
      const post = (line: PlainLine, count: number) => {
        bump(line.used, this.#row(line.bucket, line.period).used, type, count);
        rest -= count;
      };
      reservation.lines.forEach((line, index) => {
        if (pays(line)) post(line, Math.min(rest, wasHeld[index] ?? 0));
      });
      reservation.lines.forEach((line) => {
        if (pays(line)) post(line, Math.min(rest, this.#free(line, type)));
      });
      if (last !== undefined && rest > 0) {
        bump(last.overrun, this.#row(last.bucket, last.period).overrun, type, rest);
        post(last, rest);
      }
      reservation.lines.forEach((line, index) => {
        if (line.tier !== 'CAP') return;
        const beyond = Math.max(0, used - Math.max(wasHeld[index] ?? 0, this.#free(line, type)));
        bump(line.used, this.#row(line.bucket, line.period).used, type, used);
        bump(line.overrun, this.#row(line.bucket, line.period).overrun, type, beyond);
      });
    }
    reservation.charged = [...actual];
  }

  /** What was posted, apart from what the platform bears, is posted no more. */
  #takeBack(reservation: PlainReservation): void {
    for (const line of reservation.lines) {
      if (line.tier === 'PLATFORM') continue;
      const row = this.#row(line.bucket, line.period);
      for (const type of TYPES.keys()) {
        bump(line.used, row.used, type, -(line.used[type] ?? 0));
        bump(line.overrun, row.overrun, type, -(line.overrun[type] ?? 0));
      }
    }
  }

  /** Who pays for a user, in order, then what bounds him. */
  #planOf(user: string): PlainLine[] {
    const scopes = [`user:${user}`, 'project:p', 'department:d', 'company'];
    const order = scopes.map((scope) => this.#orders.get(scope)).find((tiers) => tiers !== undefined);
    const grants = [...this.#buckets.keys()]
      .filter((id) => id.startsWith('grant:'))
      .sort((a, b) => this.#endOf(a) - this.#endOf(b) || (a < b ? -1 : 1));
    const payers: Readonly<Record<string, readonly string[]>> = {
      PERSONAL: [`personal:${user}`],
      PROJECT: ['project:p'],
      SUPPLEMENTARY: grants,
    };
    const tiers = order ?? ['PERSONAL', 'PROJECT', 'SUPPLEMENTARY'];
    return [...tiers.flatMap((tier) => payers[tier] ?? []), 'company', 'department:d', 'model:m']
      .filter((id) => this.#isOpen(id))
      .map((id) => this.#lineOf(id));
  }

  #endOf(id: string): number {
    return this.#buckets.get(id)?.validUntilMs ?? Number.POSITIVE_INFINITY;
  }

  #isOpen(id: string): boolean {
    const bucket = this.#buckets.get(id);
    return bucket !== undefined && !bucket.isClosed && this.#nowMs < this.#endOf(id);
  }

  #lineOf(id: string): PlainLine {
    const bucket = this.#bucketOf(id);
    const period = this.#periodOf(bucket);
    this.#row(id, period);
    return { bucket: id, tier: bucket.tier, period, held: NONE(), used: NONE(), overrun: NONE() };
  }

  #bucketOf(id: string): PlainBucket {
    const platform = { tier: 'PLATFORM', limits: UNBOUNDED, period: 'month', validUntilMs: null } as const;
    return this.#buckets.get(id) ?? { ...platform, isClosed: false };
  }

  #periodOf({ period }: PlainBucket): string {
    if (period === 'whole') return 'whole';
    return new Date(this.#nowMs).toISOString().slice(0, period === 'day' ? 10 : 7);
  }

  #row(id: string, period: string): PlainRow {
    const key = `${id} ${period}`;
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    const { limits } = this.#bucketOf(id);
    const row = { limits, used: NONE(), held: NONE(), overrun: NONE() };
    this.#rows.set(key, row);
    return row;
  }

  #free(line: PlainLine, type: number): number {
    if (!this.#isOpen(line.bucket)) return line.tier === 'CAP' ? Number.POSITIVE_INFINITY : 0;
    const { limits, used, held, overrun } = this.#row(line.bucket, line.period);
    const limit = limits[type] ?? Number.POSITIVE_INFINITY;
    return Math.max(0, limit - (used[type] ?? 0) + (overrun[type] ?? 0) - (held[type] ?? 0));
  }

  #made(
    user: string,
    owner: string,
    fingerprint: string,
    amounts: number[],
    state: string,
    lines: PlainLine[],
  ): PlainReservation {
    return {
      ...{ state, user, owner, fingerprint, amounts, lines },
      charged: NONE(),
      checkpoint: null,
      expiresAtMs: this.#nowMs,
      blocked: '',
      expiryCharge: this.#expiryCharge,
      promptCost: 0,
      extensions: 0,
      lastExtension: null,
      settled: '',
      reason: '',
    };
  }
}
