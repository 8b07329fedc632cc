// Quota from the side of a user: what is his own, and everything that a request of his would touch.

import { Bucket, type BucketBalance, type QuotaLedger, type User } from '@ai-switch/contracts';
import { z } from 'zod';
import type { Resource } from '../handler.ts';
import { limitFields, patchedLimits } from '../quota/amounts.ts';
import { bucketReply, findBucket, putBucket } from '../quota/buckets.ts';
import { withFieldNames } from '../quota/field-names.ts';
import { personalName } from '../quota/names.ts';
import { pageOf, pageQuery, pageReply } from '../read-input.ts';
import { period } from './buckets.ts';
import { findUser } from './users.ts';

/** Each row of the list costs a call to the ledger. */
const LIST_ROWS_MAX = 100;

const quotaQuery = pageQuery.extend({
  limit: z.coerce.number().int().min(1).max(LIST_ROWS_MAX).default(LIST_ROWS_MAX),
});

/** What a request would say of itself; what is left out is as auth knows it. */
const subjectQuery = z.strictObject({
  project: z.string().max(64).default(''),
  model: z.string().max(256).default(''),
  /** From the top down, separated by commas. */
  department: z.string().max(256).optional(),
});

const patchPersonal = z.strictObject({ ...limitFields, period: period.optional() });

export const quotas: Resource<'quotas'> = ({ auth, quotaLedger }) => ({
  'GET /quotas': async ({ caller: { tenant }, query }) => {
    const { users, nextAfter } = await auth.listUsers({ tenant, page: pageOf(query(quotaQuery)) });
    const balances = await Promise.all(users.map((user) => personalOf(quotaLedger, tenant, user)));
    const rows = users.map((user, index) => quotaReply(user, balances[index]));
    return pageReply(rows, nextAfter);
  },

  'GET /quotas/:user': async ({ caller: { tenant }, param, query }) => {
    const { project, model, department } = query(subjectQuery);
    const { userId, name, departmentIds: own } = await findUser(auth, tenant, param('user'));
    const departmentIds = department?.split(',').filter((id) => id !== '') ?? own;
    const subject = { userId, projectId: project, departmentIds, model };
    const { balances } = await withFieldNames(quotaLedger.getBalances({ tenant, subject }));
    return { body: { ...subject, name, buckets: balances.map(bucketReply) } };
  },

  'PATCH /quotas/:user': async ({ caller: { tenant }, param, body, audit }) => {
    const { period: periodKind, ...limits } = await body(patchPersonal);
    const user = await findUser(auth, tenant, param('user'));
    const { bucket: before } = await personalOf(quotaLedger, tenant, user);
    const wanted = {
      ...before,
      limits: patchedLimits(before.limits, limits),
      periodKind: periodKind ?? before.periodKind,
      closedAtMs: undefined,
    };
    return { body: quotaReply(user, await putBucket(quotaLedger, wanted, before, audit, 'bucket.put')) };
  },
});

/** A user's own bucket. One that nobody put, and which by the funding order does not pay, has no limits and no balance. */
async function personalOf(
  ledger: QuotaLedger,
  tenant: string,
  { userId }: User,
): Promise<BucketBalance & { readonly bucket: Bucket }> {
  const name = personalName(userId);
  const found = await findBucket(ledger, tenant, name);
  const bucket = found?.bucket ?? Bucket.create({ tenant, ...name, periodKind: 'PERIOD_KIND_MONTH' });
  return { bucket, balance: found?.balance };
}

function quotaReply({ userId, name }: User, personal: BucketBalance | undefined): object {
  return { userId, name, ...(personal === undefined ? {} : bucketReply(personal)) };
}
