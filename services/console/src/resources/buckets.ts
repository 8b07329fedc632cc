import { Bucket, PeriodKind, Tier } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { z } from 'zod';
import type { Resource } from '../handler.ts';
import { limitsPatch, patchedLimits } from '../quota/amounts.ts';
import { bucketReply, closeBucket, findBucket, getBucket, putBucket } from '../quota/buckets.ts';
import { bucketNameOf, knownBucketNameOf, scopeOf } from '../quota/names.ts';
import { PERIOD_KINDS } from '../quota/words.ts';
import { pageOf, pageQuery, pageReply } from '../read-input.ts';

export const period = z.enum(['day', 'week', 'month', 'quarter']).transform((word) => PERIOD_KINDS[word]);
export const note = z.string().max(200);

const bucketQuery = pageQuery.extend({ scope: z.string().min(1).max(256).optional() });

/** What is left out is unlimited. */
const newTerms = z.strictObject({
  limits: limitsPatch.default({}),
  period: period.default(PeriodKind.MONTH),
  note: note.default(''),
});
const changedTerms = z.strictObject({
  limits: limitsPatch.default({}),
  period: period.optional(),
  note: note.optional(),
});

export const buckets: Resource<'buckets'> = ({ auth, quotaLedger }) => ({
  'GET /buckets': async ({ caller: { tenant }, query }) => {
    const { scope: wanted, ...page } = query(bucketQuery);
    const scope = wanted === undefined ? '' : await scopeOf(auth, tenant, wanted);
    const { balances, nextAfter } = await quotaLedger.listBalances({
      tenant,
      scope,
      bucket: '',
      page: pageOf(page),
    });
    return pageReply(balances.map(bucketReply), nextAfter);
  },

  'GET /buckets/:bucket': async ({ caller: { tenant }, param }) => {
    const name = await knownBucketNameOf(auth, tenant, param('bucket'));
    return { body: bucketReply(await getBucket(quotaLedger, tenant, name)) };
  },

  'PUT /buckets/:bucket': async ({ caller: { tenant }, param, body, audit }) => {
    const { limits, period: periodKind, note: text } = await body(newTerms);
    const name = await bucketNameOf(auth, tenant, param('bucket'));
    checkIsPut(name.tier);
    const before = await findBucket(quotaLedger, tenant, name);
    const wanted = Bucket.create({
      tenant,
      ...name,
      limits: patchedLimits(undefined, limits),
      periodKind,
      note: text,
    });
    return { body: bucketReply(await putBucket(quotaLedger, wanted, before?.bucket, audit, 'bucket.put')) };
  },

  'PATCH /buckets/:bucket': async ({ caller: { tenant }, param, body, audit }) => {
    const patch = await body(changedTerms);
    const name = await bucketNameOf(auth, tenant, param('bucket'));
    checkIsPut(name.tier);
    const { bucket: before } = await getBucket(quotaLedger, tenant, name);
    const wanted = {
      ...before,
      limits: patchedLimits(before.limits, patch.limits),
      periodKind: patch.period ?? before.periodKind,
      note: patch.note ?? before.note,
      closedAtMs: undefined,
    };
    return { body: bucketReply(await putBucket(quotaLedger, wanted, before, audit, 'bucket.put')) };
  },

  'DELETE /buckets/:bucket': async ({ caller: { tenant }, param, audit }) => {
    const name = await knownBucketNameOf(auth, tenant, param('bucket'));
    return { body: bucketReply(await closeBucket(quotaLedger, tenant, name, audit, 'bucket.close')) };
  },
});

function checkIsPut(tier: Tier): void {
  if (tier !== Tier.SUPPLEMENTARY && tier !== Tier.PLATFORM) return;
  const message =
    tier === Tier.PLATFORM
      ? 'The account of the platform has no limits: it counts what no caller pays.'
      : 'A grant is made with `POST /grants` and changed with `PATCH /grants/<id>`.';
  throw new Fault('invalid', message, { details: { field: 'bucket' } });
}
