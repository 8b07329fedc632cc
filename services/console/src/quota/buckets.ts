// What the resources of quota do with buckets: write one, show one.

import { type Balance, Bucket, type BucketBalance, Limits, Tier } from '@ai-switch/contracts';
import type { z } from 'zod';
import { type Changer, changeEvent } from '../change-event.ts';
import type { AdminRequest } from '../handler.ts';
import { jsonText } from '../json-reply.ts';
import type { BucketName, Run, Seen } from '../reach/in-scope.ts';
import type { BucketTerms, Standing } from '../reach/scoped-ledger.ts';
import type { bucket as bucketSchema } from '../routes/quota-schemas.ts';
import { wordFor } from '../words.ts';
import { amountsReply, limitsReply } from './amounts.ts';
import { METERED_TYPES } from './metered-types.ts';
import { timeReply } from './times.ts';
import { PERIOD_KINDS, TIERS } from './words.ts';

type Changing = Changer & Pick<AdminRequest, 'ledger'>;
export type BucketReply = z.input<typeof bucketSchema>;

/** Puts the bucket, with an event that says what was and what is. */
export function putBucket(
  request: Changing,
  name: BucketName & Run,
  terms: BucketTerms,
  before: Bucket | undefined,
  action: string,
): Promise<Standing> {
  const { bucket, tier, scope } = name;
  const { limits, periodKind, validFromMs, validUntilMs, note } = terms;
  const after = Bucket.create({ bucket, tier, scope, limits, periodKind, validFromMs, validUntilMs, note });
  return request.ledger.put(name, terms, changeEvent(request, eventOf(action, name, before, after)));
}

/** Closes the bucket, with its event. */
export async function closeBucket(
  request: Changing,
  name: BucketName & Run,
  action: string,
): Promise<Standing> {
  const { bucket: before } = await request.ledger.get(name);
  const after = { ...before, closedAtMs: before.closedAtMs ?? BigInt(Date.now()) };
  return request.ledger.close(name, changeEvent(request, eventOf(action, name, before, after)));
}

export function bucketReply({ bucket, balance }: BucketBalance): BucketReply {
  const shown = Bucket.create(bucket);
  const { bucket: name, tier, scope, createdAtMs, updatedAtMs } = shown;
  return {
    bucket: name,
    tier: wordFor(TIERS, tier),
    scope,
    ...termsOf(shown),
    // A personal bucket that nobody put was never made.
    ...(createdAtMs > 0n && { createdAt: timeReply(createdAtMs), updatedAt: timeReply(updatedAtMs) }),
    ...(balance !== undefined && { balance: balanceReply(balance, isGrant(bucket)) }),
  };
}

function termsOf(bucket: Bucket) {
  const { limits, periodKind, validFromMs, validUntilMs, closedAtMs, note } = bucket;
  return {
    limits: limitsReply(isGrant(bucket) ? amountsIn(limits) : limits),
    period: wordFor(PERIOD_KINDS, periodKind),
    validFrom: timeReply(validFromMs),
    validUntil: timeReply(validUntilMs),
    closedAt: timeReply(closedAtMs),
    note,
  };
}

function balanceReply(balance: Balance, isOfGrant: boolean) {
  const { period, periodEndsAtMs, used, held, overrun } = balance;
  return {
    period,
    endsAt: timeReply(periodEndsAtMs),
    used: amountsReply(used),
    held: amountsReply(held),
    overrun: amountsReply(overrun),
    remaining: limitsReply(remainingOf(balance, isOfGrant ? amountsIn(balance.limits) : balance.limits)),
  };
}

/** What is free of each type that has a limit: overrun was never within it. */
export function remainingOf({ used, held, overrun }: Balance, limits: Limits | undefined): Limits {
  const remaining = Limits.create();
  for (const type of METERED_TYPES) {
    const limit = limits?.[type];
    if (limit === undefined) continue;
    const free = limit - (used?.[type] ?? 0n) + (overrun?.[type] ?? 0n) - (held?.[type] ?? 0n);
    remaining[type] = free > 0n ? free : 0n;
  }
  return remaining;
}

function isGrant(bucket: Bucket | undefined): boolean {
  return bucket?.tier === Tier.SUPPLEMENTARY;
}

/** What a grant does give: a type that it does not name stands as nothing in it. */
function amountsIn(limits: Limits | undefined): Limits {
  const amounts = Limits.create();
  for (const type of METERED_TYPES) {
    const limit = limits?.[type];
    if (limit !== undefined && limit > 0n) amounts[type] = limit;
  }
  return amounts;
}

function eventOf(
  action: string,
  { bucket: subject, departmentPath, userId }: BucketName & Seen,
  before: Bucket | undefined,
  after: Bucket,
) {
  const details = {
    scope: after.scope,
    before: before === undefined ? 'none' : jsonText(termsOf(before)),
    after: jsonText(termsOf(after)),
  };
  return { action, subject, details, departmentPath, userId };
}
