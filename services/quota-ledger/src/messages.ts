// What the ledger knows as messages of its port. Each is a copy: a caller may change it.

import * as contracts from '@ai-switch/contracts';
import { firstToReset, isFunding, isOpenAt, type Place, roomIn } from './fill.ts';
import {
  type Balance,
  type Blocked,
  type Bucket,
  type Limits,
  type Line,
  METERED_TYPES,
  type MeteredType,
  NOTHING,
  type Policy,
  type Reservation,
} from './model.ts';
import { countsOf } from './rows.ts';
import type { EntryRow } from './schema.ts';

const TOKEN_TYPES: Readonly<Record<MeteredType, contracts.TokenType>> = {
  input: contracts.TokenType.INPUT,
  output: contracts.TokenType.OUTPUT,
  cacheRead: contracts.TokenType.CACHE_READ,
  cacheWrite: contracts.TokenType.CACHE_WRITE,
  cost: contracts.TokenType.COST,
};

export function reservationMessage(stored: Reservation): contracts.Reservation {
  const { subject, blocked, checkpoint } = stored;
  return {
    tenant: stored.tenant,
    reservationId: stored.reservationId,
    state: contracts.ReservationState[stored.state],
    subject: { ...subject, departmentIds: [...subject.departmentIds] },
    lines: stored.lines.map(lineMessage),
    // What was asked for stays on record to recognise a repeated call, but a refusal held none of it.
    amounts: { ...(stored.state === 'REJECTED' ? NOTHING : stored.amounts) },
    charged: { ...stored.charged },
    checkpoint: checkpoint === null ? undefined : { ...checkpoint },
    createdAtMs: stored.createdAtMs,
    expiresAtMs: stored.expiresAtMs,
    resolvedAtMs: stored.resolvedAtMs ?? undefined,
    outcome: stored.outcome,
    isEstimated: stored.isEstimated,
    blocked: blocked === null ? undefined : blockedMessage(blocked),
    priceVersion: stored.priceVersion,
    policyVersion: stored.policyVersion,
    extensions: stored.extensions,
    reversalReason: stored.reversalReason,
  };
}

function lineMessage({ bucket, tier, period, held, used, overrun }: Line): contracts.Line {
  return {
    bucket,
    tier: contracts.Tier[tier],
    period,
    held: { ...held },
    used: { ...used },
    overrun: { ...overrun },
  };
}

export function blockedMessage({ bucket, type, remaining, resetsAtMs }: Blocked): contracts.Blocked {
  return { bucket, tokenType: TOKEN_TYPES[type], remaining, resetsAtMs: resetsAtMs ?? undefined };
}

/** What is left of each type that something bounds: of the caps and the funding buckets together, the one with least. */
export function roomMessages(
  lines: readonly Line[],
  balances: readonly Balance[],
  nowMs: bigint,
): contracts.Room[] {
  const places = lines.flatMap((line, index): readonly Place[] => {
    const balance = balances[index];
    return balance === undefined || !isOpenAt(balance, nowMs) ? [] : [{ line, balance }];
  });
  const funding = places.filter(({ line }) => isFunding(line));
  const caps = places.filter(({ line }) => line.tier === 'CAP');
  return METERED_TYPES.flatMap((type) => {
    const rooms = caps.flatMap((cap) => roomOf([cap], type, nowMs));
    rooms.push(...roomOf(funding, type, nowMs));
    const least = rooms.reduce<contracts.Room | undefined>(
      (one, other) => (one === undefined || other.remaining < one.remaining ? other : one),
      undefined,
    );
    return least === undefined ? [] : [least];
  });
}

/** Of several funding buckets together; none where one of them has no bound. */
function roomOf(places: readonly Place[], type: MeteredType, nowMs: bigint): contracts.Room[] {
  const last = places.at(-1);
  if (last === undefined) return [];
  let limit = 0n;
  let remaining = 0n;
  for (const place of places) {
    const bound = place.balance.limits[type];
    if (bound === null) return [];
    limit += bound;
    remaining += roomIn(place, type, nowMs);
  }
  const { periodEndsAtMs } = firstToReset(places).line;
  const { bucket } = last.line;
  const resetsAtMs = periodEndsAtMs ?? undefined;
  return [{ tokenType: TOKEN_TYPES[type], bucket, limit, remaining, resetsAtMs }];
}

export function entryMessage(row: EntryRow): contracts.Entry {
  return {
    reservationId: row.reservation_id,
    operation: row.operation,
    opSeq: Number(row.op_seq),
    bucket: row.bucket,
    period: row.period,
    atMs: row.at_ms,
    ...countsOf(row),
  };
}

export function bucketMessage(bucket: Bucket): contracts.Bucket {
  return {
    tenant: bucket.tenant,
    bucket: bucket.bucket,
    tier: contracts.Tier[bucket.tier],
    scope: bucket.scope,
    limits: limitsMessage(bucket.limits),
    periodKind: contracts.PeriodKind[bucket.periodKind],
    validFromMs: bucket.validFromMs ?? undefined,
    validUntilMs: bucket.validUntilMs ?? undefined,
    closedAtMs: bucket.closedAtMs ?? undefined,
    note: bucket.note,
    createdAtMs: bucket.createdAtMs,
    updatedAtMs: bucket.updatedAtMs,
  };
}

/** @param periodEndsAtMs null for a period without an end */
export function balanceMessage(
  { bucket, period, limits, used, held, overrun }: Balance,
  periodEndsAtMs: bigint | null,
): contracts.Balance {
  return {
    bucket,
    period,
    periodEndsAtMs: periodEndsAtMs ?? undefined,
    limits: limitsMessage(limits),
    used: { ...used },
    held: { ...held },
    overrun: { ...overrun },
  };
}

function limitsMessage({ input, output, cacheRead, cacheWrite, cost }: Limits): contracts.Limits {
  return {
    input: input ?? undefined,
    output: output ?? undefined,
    cacheRead: cacheRead ?? undefined,
    cacheWrite: cacheWrite ?? undefined,
    cost: cost ?? undefined,
  };
}

export function policyMessage(policy: Policy): contracts.Policy {
  return {
    version: policy.version,
    timeZone: policy.timeZone,
    fiscalYearStartsInMonth: policy.fiscalYearStartsInMonth,
    expiryCharge: contracts.ExpiryCharge[policy.expiryCharge],
    holdRule: contracts.HoldRule[policy.holdRule],
    dryRule: contracts.DryRule[policy.dryRule],
    outputTokensDefault: policy.outputTokensDefault,
    outputTokensMax: policy.outputTokensMax,
  };
}
