// How buckets and scopes are named. A user may be named by his name everywhere; the ledger knows ids only.

import { type Auth, Tier } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { findUser } from '../resources/users.ts';

export interface BucketName {
  readonly bucket: string;
  readonly tier: Tier;
  /** Whom it concerns; empty where that is not known: of grants, the platform's account and users who are gone. */
  readonly scope: string;
}

/**
 * A bucket by its name, the user of a personal one looked up.
 *
 * @throws Fault `invalid` for what names no bucket, `notFound` for a user that there is not
 */
export async function bucketNameOf(auth: Auth, tenant: string, text: string): Promise<BucketName> {
  const { kind, id } = split(text);
  if (kind !== 'personal') return bucketNamed(kind, id);
  return personalName((await findUser(auth, tenant, id)).userId);
}

/** As `bucketNameOf`, but a user who is gone is taken by his id: what he used stays on record. */
export async function knownBucketNameOf(auth: Auth, tenant: string, text: string): Promise<BucketName> {
  const { id } = split(text);
  return bucketNameOf(auth, tenant, text).catch((fault: unknown) => {
    if (!(fault instanceof Fault) || fault.code !== 'notFound') throw fault;
    return { ...personalName(id), scope: '' };
  });
}

export function personalName(userId: string): BucketName {
  return { bucket: `personal:${userId}`, tier: Tier.PERSONAL, scope: `user:${userId}` };
}

export function grantName(id: string): string {
  return `grant:${id}`;
}

/**
 * A scope whose user may be named by his name.
 *
 * @throws Fault `notFound` for a user that there is not
 */
export async function scopeOf(auth: Auth, tenant: string, text: string): Promise<string> {
  const { kind, id } = split(text);
  return kind === 'user' ? `user:${(await findUser(auth, tenant, id)).userId}` : text;
}

function bucketNamed(kind: string, id: string): BucketName {
  const bucket = id === '' ? kind : `${kind}:${id}`;
  if (bucket === 'company') return { bucket, tier: Tier.CAP, scope: bucket };
  if (bucket === 'platform') return { bucket, tier: Tier.PLATFORM, scope: '' };
  const tier = id === '' ? undefined : TIERS_BY_KIND.get(kind);
  if (tier === undefined) {
    throw new Fault(
      'invalid',
      'A bucket is `personal:<user>`, `project:<id>`, `department:<id>`, `model:<name>`, `grant:<id>`, `company` or `platform`.',
      { details: { field: 'bucket' } },
    );
  }
  return { bucket, tier, scope: tier === Tier.SUPPLEMENTARY ? '' : bucket };
}

const TIERS_BY_KIND: ReadonlyMap<string, Tier> = new Map([
  ['project', Tier.PROJECT],
  ['department', Tier.CAP],
  ['model', Tier.CAP],
  ['grant', Tier.SUPPLEMENTARY],
]);

/** What stands before the first colon and what stands after it: a model's name may have further ones. */
function split(text: string): { readonly kind: string; readonly id: string } {
  const colon = text.indexOf(':');
  return colon === -1 ? { kind: text, id: '' } : { kind: text.slice(0, colon), id: text.slice(colon + 1) };
}
