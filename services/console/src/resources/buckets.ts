import { Fault } from '@ai-switch/kernel';
import type { AdminRequest, Handlers } from '../handler.ts';
import { patchedLimits } from '../quota/amounts.ts';
import { bucketReply, closeBucket, putBucket } from '../quota/buckets.ts';
import type { BucketName, Of, Right } from '../reach/in-scope.ts';
import { splitName } from '../reach/reach.ts';
import { pageIn, pageReply } from '../read-input.ts';
import type { QuotaRoutes } from '../routes/quota-routes.ts';

type Routes = Pick<QuotaRoutes, 'listBuckets' | 'getBucket' | 'putBucket' | 'updateBucket' | 'closeBucket'>;

export const buckets: Handlers<Routes> = {
  listBuckets: async ({ reach, ledger, query: { scope: wanted, ...page } }) => {
    const scope = wanted === undefined ? undefined : await reach.scope(wanted, 'sees');
    const { balances, nextAfter } = await ledger.list(scope, pageIn(page));
    return pageReply(balances.map(bucketReply), nextAfter);
  },

  getBucket: async (request) => {
    const name = await bucketNamed(request, request.params.bucket, 'sees');
    return { body: bucketReply(await request.ledger.get(name)) };
  },

  putBucket: async (request) => {
    const { limits, period, note } = request.body;
    const name = await bucketToPut(request);
    const before = await request.ledger.find(name);
    const terms = {
      limits: patchedLimits(undefined, limits),
      periodKind: period,
      note,
      validFromMs: undefined,
      validUntilMs: undefined,
    };
    return { body: bucketReply(await putBucket(request, name, terms, before?.bucket, 'bucket.put')) };
  },

  updateBucket: async (request) => {
    const { limits, period, note } = request.body;
    const name = await bucketToPut(request);
    const { bucket: before } = await request.ledger.get(name);
    const terms = {
      ...before,
      limits: patchedLimits(before.limits, limits),
      periodKind: period ?? before.periodKind,
      note: note ?? before.note,
    };
    return { body: bucketReply(await putBucket(request, name, terms, before, 'bucket.put')) };
  },

  closeBucket: async (request) => {
    const name = await bucketNamed(request, request.params.bucket, 'runs');
    return { body: bucketReply(await closeBucket(request, name, 'bucket.close')) };
  },
};

/** Any bucket; a grant is looked up in the ledger first, which knows whom it is for. */
export async function bucketNamed<Wanted extends Right>(
  { reach, ledger }: Pick<AdminRequest, 'reach' | 'ledger'>,
  text: string,
  right: Wanted,
): Promise<BucketName & Of<Wanted>> {
  const { kind, id } = splitName(text);
  if (kind !== 'grant' || id === '') return reach.bucket(text, right);
  return (await ledger.grant(id, (scope) => reach.scope(scope, right))).name;
}

function bucketToPut({
  reach,
  params: { bucket },
}: Pick<AdminRequest, 'reach'> & {
  readonly params: { readonly bucket: string };
}) {
  const { kind, id } = splitName(bucket);
  const isGrant = kind === 'grant' && id !== '';
  if (bucket !== 'platform' && !isGrant) return reach.bucket(bucket, 'runs');
  const message = isGrant
    ? 'A grant is made with `POST /grants` and changed with `PATCH /grants/<id>`.'
    : 'The account of the platform has no limits: it counts what no caller pays.';
  throw new Fault('invalid', message, { details: { field: 'bucket' } });
}
