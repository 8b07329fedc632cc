// The rules with a ledger's memory around them and nothing else: what a batch does, without a database.

import { add, areEqual, isNothing } from '../src/amounts.ts';
import { isFunding } from '../src/fill.ts';
import { decide } from '../src/ledger-rules.ts';
import {
  type Amounts,
  type Balance,
  type Blocked,
  type Bucket,
  DEFAULT_POLICY,
  type FundingTier,
  type Limits,
  type Line,
  NOTHING,
  type Policy,
  type Reservation,
} from '../src/model.ts';
import type * as rules from '../src/operation.ts';
import { periodAt } from '../src/period.ts';
import { type Context, orphanPlanFor, planFor, platformLine } from '../src/plan.ts';
import type { Decision, Posting } from '../src/posting.ts';
import { openingColumns, untouchedBalance } from '../src/rows.ts';
import { type Change, type Command, MONTHLY, type Numbers, type Put, TIERS_OF } from './commands.ts';

import { standingText } from './plain-records.ts';

const TENANT = 'acme';

export class RulesLedger {
  readonly #reservations = new Map<string, Reservation>();
  readonly #balances = new Map<string, Balance>();
  readonly #buckets = new Map<string, Bucket>();
  readonly #orders = new Map<string, readonly FundingTier[]>();
  readonly #postings: Posting[] = [];
  #policy: Policy = DEFAULT_POLICY;
  #nowMs: bigint;

  constructor(nowMs: number) {
    this.#nowMs = BigInt(nowMs);
  }

  apply(command: Command): string {
    switch (command.kind) {
      case 'turn':
      case 'put':
      case 'close':
      case 'order':
      case 'policy':
      case 'sweep':
        this.#change(command);
        return '';
      default:
        return answerOf(command.kind, this.#run(operationOf(command)));
    }
  }

  /** Every balance that does not stand at nothing, in words. */
  standing(): string {
    const texts = [...this.#balances].map(([key, { used, held, overrun }]) =>
      standingText(key, textOf(used), textOf(held), textOf(overrun)),
    );
    return texts
      .filter((text) => text !== '')
      .sort()
      .join('\n');
  }

  brokenInvariants(): readonly string[] {
    const broken: string[] = [];
    const reservations = [...this.#reservations.values()];
    for (const { reservationId, state, lines, amounts, charged } of reservations) {
      const wanted = state === 'HELD' ? amounts : NOTHING;
      const funding = lines.filter(isFunding);
      const say = (what: string) => broken.push(`${reservationId} ${state}: ${what}`);
      if (!areEqual(sumOf(funding.map(({ held }) => held)), funding.length > 0 ? wanted : NOTHING)) {
        say('what its funding buckets hold is not what it holds');
      }
      if (!areEqual(sumOf(funding.map(({ used }) => used)), charged)) say('its shares are not its charge');
      for (const cap of lines.filter(({ tier }) => tier === 'CAP')) {
        if (!areEqual(cap.held, wanted) || !areEqual(cap.used, charged)) say(`${cap.bucket} carries a part`);
      }
    }
    for (const [key, balance] of this.#balances) {
      const posted = this.#postings.filter((posting) => keyOf(posting) === key);
      const open = reservations.flatMap(({ lines }) => lines.filter((line) => keyOf(line) === key));
      for (const kind of ['used', 'held', 'overrun'] as const) {
        if (!areEqual(sumOf(posted.map((each) => each[kind])), balance[kind])) broken.push(`${key}: entries`);
        if (!areEqual(sumOf(open.map((each) => each[kind])), balance[kind])) broken.push(`${key}: lines`);
        if (Object.values(balance[kind]).some((count) => count < 0n)) broken.push(`${key}: below nothing`);
      }
    }
    return broken;
  }

  #run(operation: rules.Operation): Decision {
    const known = this.#reservations.get(operation.reservationId);
    const isNew = known === undefined;
    const plan =
      isNew && operation.kind === 'reserve'
        ? planFor(operation.subject, this.#context(), this.#nowMs)
        : isNew && operation.kind === 'settle'
          ? orphanPlanFor(operation.subject, this.#context(), this.#nowMs)
          : undefined;
    const decision = decide(
      operation,
      {
        reservation: known,
        plan,
        platform: platformLine(this.#policy, this.#nowMs),
        balanceOf: (line) => this.#balanceOf(line),
      },
      this.#nowMs,
    );
    if (decision.kind !== 'changed') return decision;
    this.#reservations.set(operation.reservationId, decision.reservation);
    for (const posting of decision.postings) {
      const balance = this.#balanceOf(posting);
      this.#postings.push(posting);
      this.#balances.set(keyOf(posting), {
        ...balance,
        used: add(balance.used, posting.used),
        held: add(balance.held, posting.held),
        overrun: add(balance.overrun, posting.overrun),
      });
    }
    return decision;
  }

  #change(command: Change): void {
    switch (command.kind) {
      case 'turn':
        this.#nowMs += BigInt(command.ms);
        return;
      case 'put':
        this.#putBucket(bucketOf(command, this.#nowMs));
        return;
      case 'close': {
        const bucket = this.#buckets.get(command.bucket);
        if (bucket !== undefined && bucket.closedAtMs === null) {
          this.#putBucket({ ...bucket, closedAtMs: this.#nowMs });
        }
        return;
      }
      case 'order':
        if (command.tiers.length === 0) this.#orders.delete(command.scope);
        else this.#orders.set(command.scope, command.tiers as FundingTier[]);
        return;
      case 'policy':
        this.#policy = { ...this.#policy, expiryCharge: command.expiryCharge as Policy['expiryCharge'] };
        return;
      case 'sweep':
        for (const { tenant, reservationId } of [...this.#reservations.values()].sort(byDeadline)) {
          this.#run({ kind: 'expire', tenant, reservationId });
        }
    }
  }

  #putBucket(bucket: Bucket): void {
    this.#buckets.set(bucket.bucket, bucket);
    const { id } = periodAt(bucket.periodKind, this.#nowMs, this.#policy);
    this.#balanceOf({ bucket: bucket.bucket, period: id });
    const { open_from_ms: openFromMs, open_until_ms: openUntilMs } = openingColumns(bucket);
    for (const [key, balance] of this.#balances) {
      if (balance.bucket !== bucket.bucket) continue;
      const limits = balance.period >= id ? bucket.limits : balance.limits;
      this.#balances.set(key, { ...balance, limits, openFromMs, openUntilMs });
    }
  }

  #balanceOf(line: Pick<Line, 'bucket' | 'period'>): Balance {
    const known = this.#balances.get(keyOf(line));
    if (known !== undefined) return known;
    const bucket = this.#buckets.get(line.bucket) ?? platformBucket();
    const made = untouchedBalance(bucket, line.period);
    this.#balances.set(keyOf(line), made);
    return made;
  }

  #context(): Context {
    const buckets = new Map<string, Bucket[]>();
    for (const bucket of this.#buckets.values()) {
      const inScope = buckets.get(bucket.scope);
      if (inScope === undefined) buckets.set(bucket.scope, [bucket]);
      else inScope.push(bucket);
    }
    return { policy: this.#policy, buckets, orders: this.#orders };
  }
}

function byDeadline(one: Reservation, other: Reservation): number {
  return Number(one.expiresAtMs - other.expiresAtMs);
}

function operationOf(command: Exclude<Command, Change>): rules.Operation {
  const key = { tenant: TENANT, reservationId: command.id };
  switch (command.kind) {
    case 'reserve':
      return {
        kind: 'reserve',
        ...key,
        subject: subjectOf(command.user),
        amounts: amountsOf(command.amounts),
        ttlMs: BigInt(command.ttlMs),
        ownerDigest: command.owner,
        fingerprint: command.fingerprint,
        priceVersion: '',
        promptCost: BigInt(command.promptCost),
      };
    case 'extend':
      return {
        kind: 'extend',
        ...key,
        ownerDigest: command.owner,
        opSeq: command.opSeq,
        amounts: amountsOf(command.amounts),
      };
    case 'beat':
      return {
        kind: 'beat',
        ...key,
        ownerDigest: command.owner,
        ttlMs: BigInt(command.ttlMs),
        used: command.used === null ? null : amountsOf(command.used),
      };
    case 'settle':
      return {
        kind: 'settle',
        ...key,
        subject: subjectOf(command.user),
        actual: amountsOf(command.actual),
        outcome: 'completed',
        isEstimated: false,
        platform: amountsOf(command.platform),
        priceVersion: '',
      };
    case 'void':
      return { kind: 'void', ...key, ownerDigest: command.owner };
    case 'reverse':
      return { kind: 'reverse', ...key, reason: command.reason };
  }
}

/** In the words of the plain ledger. */
function answerOf(kind: Command['kind'], decision: Decision): string {
  if (decision.kind === 'refused') {
    const { code } = decision.fault;
    return kind === 'beat' && (code === 'notFound' || code === 'forbidden') ? 'unknown' : code;
  }
  const { state, blocked, lastExtension } = decision.reservation;
  if (kind === 'extend') {
    const refusal = lastExtension?.blocked ?? null;
    return refusal === null ? 'granted' : `refused${blockedText(refusal)}`;
  }
  return kind === 'reserve' && blocked !== null ? `${state}${blockedText(blocked)}` : state;
}

/** A cap by its name; which of the funding buckets is named depends on their periods. */
function blockedText({ bucket, type, remaining }: Blocked): string {
  return TIERS_OF[bucket] === 'CAP' ? ` ${bucket} ${type} ${remaining}` : ` ${type} ${remaining}`;
}

function bucketOf({ bucket, limits, validForMs }: Put, nowMs: bigint): Bucket {
  const tier = TIERS_OF[bucket] ?? 'CAP';
  const isGrant = tier === 'SUPPLEMENTARY';
  return {
    ...platformBucket(),
    bucket,
    tier,
    scope: isGrant ? 'company' : bucket.replace(/^personal:/, 'user:'),
    limits: limitsOf(limits, isGrant),
    periodKind: isGrant ? 'WHOLE' : MONTHLY.has(bucket) ? 'MONTH' : 'DAY',
    validUntilMs: isGrant ? nowMs + BigInt(validForMs) : null,
  };
}

function platformBucket(): Bucket {
  return {
    tenant: TENANT,
    bucket: 'platform',
    tier: 'PLATFORM',
    scope: 'platform',
    limits: limitsOf([], false),
    periodKind: 'MONTH',
    validFromMs: null,
    validUntilMs: null,
    closedAtMs: null,
    note: '',
    createdAtMs: 0n,
    updatedAtMs: 0n,
  };
}

function limitsOf(limits: readonly (number | null)[], isGrant: boolean): Limits {
  const of = (type: number) => {
    const limit = limits[type] ?? null;
    if (limit === null) return isGrant ? 0n : null;
    return BigInt(limit);
  };
  return { input: of(0), output: of(1), cacheRead: of(2), cacheWrite: of(3), cost: of(4) };
}

function subjectOf(userId: string) {
  return { userId, projectId: 'p', departmentIds: ['d'], model: 'm' };
}

function amountsOf([input = 0, output = 0, cacheRead = 0, cacheWrite = 0, cost = 0]: Numbers): Amounts {
  return {
    input: BigInt(input),
    output: BigInt(output),
    cacheRead: BigInt(cacheRead),
    cacheWrite: BigInt(cacheWrite),
    cost: BigInt(cost),
  };
}

function textOf({ input, output, cacheRead, cacheWrite, cost }: Amounts): string {
  return `${input},${output},${cacheRead},${cacheWrite},${cost}`;
}

function sumOf(list: readonly Amounts[]): Amounts {
  return list.filter((each) => !isNothing(each)).reduce(add, NOTHING);
}

function keyOf({ bucket, period }: Pick<Line, 'bucket' | 'period'>): string {
  return `${bucket} ${period}`;
}
