// Grants: supplementary quota for a time. The caller may choose the id, so that a repeated call makes no second one.

import { Bucket, PeriodKind, Tier } from '@ai-switch/contracts';
import { Fault, newId } from '@ai-switch/kernel';
import { z } from 'zod';
import type { Resource } from '../handler.ts';
import { jsonText } from '../json-reply.ts';
import { limitsPatch, patchedLimits } from '../quota/amounts.ts';
import { bucketReply, closeBucket, findBucket, getBucket, putBucket } from '../quota/buckets.ts';
import { METERED_TYPES } from '../quota/metered-types.ts';
import { type BucketName, grantName, scopeOf } from '../quota/names.ts';
import { time } from '../quota/times.ts';
import { unitId } from '../read-input.ts';
import { note } from './buckets.ts';

const newGrant = z.strictObject({
  id: unitId.optional(),
  scope: z
    .string()
    .max(256)
    .regex(/^(company|(user|project|department):.+)$/, {
      error: 'it is `user:<user>`, `project:<id>`, `department:<id>` or `company`',
    }),
  limits: limitsPatch.refine((limits) => METERED_TYPES.some((type) => limits[type] != null), {
    error: 'name an amount of at least one type: what is left out pays nothing',
  }),
  validFrom: time.optional(),
  /** Null: without an end. */
  validUntil: time.nullable(),
  note: note.default(''),
});

const changedGrant = z.strictObject({
  limits: limitsPatch.default({}),
  validFrom: time.nullable().optional(),
  validUntil: time.nullable().optional(),
  note: note.optional(),
});

export const grants: Resource<'grants'> = ({ auth, quotaLedger }) => ({
  'POST /grants': async ({ caller: { tenant }, body, audit }) => {
    const { id, scope, limits, validFrom, validUntil, note: text } = await body(newGrant);
    const name = supplementary(id ?? newId('gnt'));
    const wanted = Bucket.create({
      tenant,
      ...name,
      scope: await scopeOf(auth, tenant, scope),
      limits: patchedLimits(undefined, limits),
      periodKind: PeriodKind.WHOLE,
      validFromMs: validFrom,
      validUntilMs: validUntil ?? undefined,
      note: text,
    });
    const stored = await findBucket(quotaLedger, tenant, name);
    if (stored?.bucket !== undefined) {
      if (isSameGrant(stored.bucket, wanted)) return { body: bucketReply(stored) };
      throw new Fault('conflict', 'There is another grant of this id.', { details: { field: 'id' } });
    }
    const made = await putBucket(quotaLedger, wanted, undefined, audit, 'grant.create');
    return { status: 201, body: bucketReply(made) };
  },

  'PATCH /grants/:id': async ({ caller: { tenant }, param, body, audit }) => {
    const patch = await body(changedGrant);
    const { bucket: before } = await getBucket(quotaLedger, tenant, supplementary(param('id')));
    const wanted = {
      ...before,
      limits: patchedLimits(before.limits, patch.limits),
      validFromMs: patch.validFrom === undefined ? before.validFromMs : (patch.validFrom ?? undefined),
      validUntilMs: patch.validUntil === undefined ? before.validUntilMs : (patch.validUntil ?? undefined),
      note: patch.note ?? before.note,
      closedAtMs: undefined,
    };
    return { body: bucketReply(await putBucket(quotaLedger, wanted, before, audit, 'grant.put')) };
  },

  'DELETE /grants/:id': async ({ caller: { tenant }, param, audit }) => {
    const name = supplementary(param('id'));
    return { body: bucketReply(await closeBucket(quotaLedger, tenant, name, audit, 'grant.close')) };
  },
});

function supplementary(id: string): BucketName {
  return { bucket: grantName(id), tier: Tier.SUPPLEMENTARY, scope: '' };
}

function isSameGrant(stored: Bucket, wanted: Bucket): boolean {
  const termsOf = ({ scope, limits, validFromMs, validUntilMs, note: text }: Bucket) =>
    jsonText([scope, METERED_TYPES.map((type) => limits?.[type] ?? 0n), validFromMs, validUntilMs, text]);
  return termsOf(stored) === termsOf(wanted);
}
