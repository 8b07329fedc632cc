// What the resources of quota do with buckets: read one, write one, show one.

import {
  type Balance,
  Bucket,
  type BucketBalance,
  Limits,
  type QuotaLedger,
  Tier,
} from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import type { AdminRequest } from '../handler.ts';
import { jsonText } from '../json-reply.ts';
import { pageOf } from '../read-input.ts';
import { amountsReply, limitsReply, replyOf } from './amounts.ts';
import { withFieldNames } from './field-names.ts';
import { METERED_TYPES } from './metered-types.ts';
import type { BucketName } from './names.ts';
import { timeReply } from './times.ts';
import { PERIOD_KINDS, TIERS, wordFor } from './words.ts';

/** A bucket and how it stands; undefined when there is none. A user has a personal one even if nobody put it. */
export async function findBucket(
  ledger: QuotaLedger,
  tenant: string,
  { bucket: wanted, tier, scope }: BucketName,
): Promise<BucketBalance | undefined> {
  const { balances } = await ledger.listBalances({ tenant, bucket: wanted, scope: '', page: pageOf({}) });
  const isWanted = ({ bucket }: BucketBalance) => bucket?.bucket === wanted;
  const found = balances.find(isWanted);
  if (found !== undefined || tier !== Tier.PERSONAL || scope === '') return found;
  const subject = { userId: scope.slice('user:'.length), projectId: '', departmentIds: [], model: '' };
  const touched = await ledger.getBalances({ tenant, subject });
  return touched.balances.find(isWanted);
}

/** @throws Fault `notFound` */
export async function getBucket(
  ledger: QuotaLedger,
  tenant: string,
  name: BucketName,
): Promise<BucketBalance & { readonly bucket: Bucket }> {
  const found = await findBucket(ledger, tenant, name);
  if (found?.bucket === undefined) throw new Fault('notFound', `There is no bucket ${name.bucket}.`);
  return { ...found, bucket: found.bucket };
}

/** Puts the bucket and writes the audit event, with what was and what is. */
export async function putBucket(
  ledger: QuotaLedger,
  wanted: Bucket,
  before: Bucket | undefined,
  audit: AdminRequest['audit'],
  action: string,
): Promise<BucketBalance> {
  const { bucket: put } = await withFieldNames(ledger.putBucket({ bucket: wanted }));
  if (put?.bucket === undefined) throw new Fault('internal', 'The ledger answered without a bucket.');
  await audit(action, put.bucket.bucket, { scope: put.bucket.scope, ...changeOf(before, put.bucket) });
  return put;
}

/** Closes the bucket and writes the audit event. */
export async function closeBucket(
  ledger: QuotaLedger,
  tenant: string,
  name: BucketName,
  audit: AdminRequest['audit'],
  action: string,
): Promise<BucketBalance> {
  const { bucket: before } = await getBucket(ledger, tenant, name);
  const { bucket: closed } = await ledger.closeBucket({ tenant, bucket: name.bucket });
  if (closed?.bucket === undefined) throw new Fault('internal', 'The ledger answered without a bucket.');
  await audit(action, name.bucket, { scope: before.scope, ...changeOf(before, closed.bucket) });
  return closed;
}

/** Field by field, so that nothing new on the message gets out unseen. */
export function bucketReply({ bucket, balance }: BucketBalance): object {
  const { bucket: name, tier, scope, createdAtMs, updatedAtMs } = Bucket.create(bucket);
  return {
    bucket: name,
    tier: wordFor(TIERS, tier),
    scope,
    ...termsOf(Bucket.create(bucket)),
    // A personal bucket that nobody put was never made.
    ...(createdAtMs > 0n && { createdAt: timeReply(createdAtMs), updatedAt: timeReply(updatedAtMs) }),
    ...(balance !== undefined && { balance: balanceReply(balance, isGrant(bucket)) }),
  };
}

function termsOf(bucket: Bucket): object {
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

function balanceReply(balance: Balance, isOfGrant: boolean): object {
  const { period, periodEndsAtMs, used, held, overrun } = balance;
  return {
    period,
    endsAt: timeReply(periodEndsAtMs),
    used: amountsReply(used),
    held: amountsReply(held),
    overrun: amountsReply(overrun),
    remaining: replyOf(remainingOf(balance, isOfGrant ? amountsIn(balance.limits) : balance.limits)),
  };
}

/** What is free of each type that has a limit: overrun was never within it. */
function remainingOf({ used, held, overrun }: Balance, limits: Limits | undefined): Limits {
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

function changeOf(before: Bucket | undefined, after: Bucket): Readonly<Record<string, string>> {
  return {
    before: before === undefined ? 'none' : jsonText(termsOf(before)),
    after: jsonText(termsOf(after)),
  };
}
