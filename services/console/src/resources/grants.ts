// Grants: supplementary quota for a time. The caller may choose the id, so that a repeated call makes no second one.

import { type Bucket, PeriodKind, Tier } from '@ai-switch/contracts';
import { Fault, newId } from '@ai-switch/kernel';
import type { Changer } from '../change-event.ts';
import type { AdminRequest, Handlers } from '../handler.ts';
import { jsonText } from '../json-reply.ts';
import { patchedLimits } from '../quota/amounts.ts';
import { bucketReply, closeBucket, putBucket } from '../quota/buckets.ts';
import { METERED_TYPES } from '../quota/metered-types.ts';
import type { Run, ScopeName } from '../reach/in-scope.ts';
import type { BucketTerms, Standing } from '../reach/scoped-ledger.ts';
import type { QuotaRoutes } from '../routes/quota-routes.ts';
import { bucketNamed } from './buckets.ts';

export const grants: Handlers<Pick<QuotaRoutes, 'createGrant' | 'updateGrant' | 'closeGrant'>> = {
  createGrant: async (request) => {
    const { reach, idempotentId, body } = request;
    const scope = await reach.scope(body.scope, 'runs');
    const { standing, isNew } = await giveGrant(request, scope, {
      id: body.id ?? (idempotentId('gnt') || newId('gnt')),
      limits: patchedLimits(undefined, body.limits),
      validFromMs: body.validFrom,
      validUntilMs: body.validUntil ?? undefined,
      note: body.note,
    });
    return { ...(isNew && { status: 201 as const }), body: bucketReply(standing) };
  },

  updateGrant: async (request) => {
    const { reach, ledger, params, body } = request;
    const { name, standing } = await ledger.grant(params.grant, (scope) => reach.scope(scope, 'runs'));
    const before = standing.bucket;
    const terms = {
      ...before,
      limits: patchedLimits(before.limits, body.limits),
      validFromMs: body.validFrom === undefined ? before.validFromMs : (body.validFrom ?? undefined),
      validUntilMs: body.validUntil === undefined ? before.validUntilMs : (body.validUntil ?? undefined),
      note: body.note ?? before.note,
    };
    return { body: bucketReply(await putBucket(request, name, terms, before, 'grant.put')) };
  },

  closeGrant: async (request) => {
    const name = await bucketNamed(request, `grant:${request.params.grant}`, 'runs');
    return { body: bucketReply(await closeBucket(request, name, 'grant.close')) };
  },
};

interface Grant extends Omit<BucketTerms, 'periodKind'> {
  readonly id: string;
}

/** Gives it once, however often it is asked for under its id. @throws Fault `conflict` for an id that is another grant's */
export async function giveGrant(
  request: Changer & Pick<AdminRequest, 'ledger'>,
  scope: ScopeName & Run,
  { id, ...given }: Grant,
): Promise<{ readonly standing: Standing; readonly isNew: boolean }> {
  const name = { ...scope, bucket: `grant:${id}`, tier: Tier.SUPPLEMENTARY };
  const terms = { ...given, periodKind: PeriodKind.WHOLE };
  const stored = await request.ledger.find(name);
  if (stored === undefined) {
    const made = await putBucket(request, name, terms, undefined, 'grant.create');
    return { standing: made, isNew: true };
  }
  if (isSameGrant(stored.bucket, { ...terms, scope: scope.scope })) return { standing: stored, isNew: false };
  throw new Fault('conflict', 'There is another grant of this id.', { details: { field: 'id' } });
}

type Comparable = Pick<Bucket, 'scope' | 'limits' | 'validFromMs' | 'validUntilMs' | 'note'>;

function isSameGrant(stored: Comparable, wanted: Comparable): boolean {
  const termsOf = ({ scope, limits, validFromMs, validUntilMs, note }: Comparable) =>
    jsonText([
      scope,
      METERED_TYPES.map((type) => limits?.[type] ?? 0n),
      validFromMs ?? null,
      validUntilMs ?? null,
      note,
    ]);
  return termsOf(stored) === termsOf(wanted);
}
