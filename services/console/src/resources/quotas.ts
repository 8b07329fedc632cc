// Quota from the side of a user: what is his own, and everything that a request of his would touch.

import { Bucket, PeriodKind } from '@ai-switch/contracts';
import type { AdminRequest, Handlers } from '../handler.ts';
import { patchedLimits } from '../quota/amounts.ts';
import { bucketReply, putBucket } from '../quota/buckets.ts';
import type { BucketName, Seen } from '../reach/in-scope.ts';
import type { Standing } from '../reach/scoped-ledger.ts';
import { pageIn, pageReply } from '../read-input.ts';
import type { QuotaRoutes } from '../routes/quota-routes.ts';
import type { ActorPorts } from './handlers.ts';

type Routes = Pick<QuotaRoutes, 'listQuotas' | 'getQuota' | 'updateQuota'>;

export const quotas = ({ organisation }: ActorPorts): Handlers<Routes> => ({
  listQuotas: async ({ actor, reach, ledger, query }) => {
    const { users, nextAfter } = await organisation.listUsers({
      actor,
      departmentId: '',
      namePrefix: '',
      page: pageIn(query),
    });
    const rows = users.map(async ({ userId, name }) => {
      const own = await personalOf(ledger, await reach.bucket(`personal:${userId}`, 'sees'));
      return { userId, name, ...bucketReply(own) };
    });
    return pageReply(await Promise.all(rows), nextAfter);
  },

  getQuota: async ({ reach, ledger, params, query: { project, model, department } }) => {
    const user = await reach.user(params.user);
    if (department !== undefined) reach.mustRunCompany();
    const departmentIds = department?.split(',').filter((id) => id !== '') ?? [...user.departmentIds];
    const balances = await ledger.touchedBy(user, {
      project: project === '' ? undefined : await reach.project(project),
      departmentIds,
      model,
    });
    const { userId, name } = user;
    const buckets = balances.map(bucketReply);
    return { body: { userId, projectId: project, departmentIds, model, name, buckets } };
  },

  updateQuota: async (request) => {
    const { reach, ledger, params, body } = request;
    const { period, ...limits } = body;
    const { userId, name } = await reach.user(params.user);
    const bucket = await reach.bucket(`personal:${userId}`, 'runs');
    const { bucket: before } = await personalOf(ledger, bucket);
    const terms = {
      ...before,
      limits: patchedLimits(before.limits, limits),
      periodKind: period ?? before.periodKind,
    };
    const put = await putBucket(request, bucket, terms, before, 'bucket.put');
    return { body: { userId, name, ...bucketReply(put) } };
  },
});

/** A user's own bucket. One that nobody put, and which by the funding order does not pay, has no limits and no balance. */
async function personalOf(ledger: AdminRequest['ledger'], name: BucketName & Seen): Promise<Standing> {
  const { bucket, tier, scope } = name;
  const none = () => Bucket.create({ bucket, tier, scope, periodKind: PeriodKind.MONTH });
  return (await ledger.find(name)) ?? { bucket: none(), balance: undefined };
}
