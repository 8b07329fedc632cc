import type { ApiKey, Auth } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { z } from 'zod';
import type { Resource } from '../handler.ts';
import { pageOf, pageQuery, pageReply, reference, unitId } from '../read-input.ts';
import { findUser } from './users.ts';

const newKey = z.strictObject({
  user: reference,
  label: z.string().max(128).default(''),
  models: z.array(reference).max(200).default([]),
  expiresAtMs: z.number().int().positive().optional(),
  /** Whose quota the requests of the key draw on besides the user's own. */
  projectId: unitId.optional(),
});

const keyQuery = pageQuery.extend({ user: reference.optional() });

export const keys: Resource<'keys'> = ({ auth }) => ({
  'GET /keys': async ({ caller: { tenant }, query }) => {
    const { user, ...page } = query(keyQuery);
    const userId = user === undefined ? '' : (await findUser(auth, tenant, user)).userId;
    const { keys: found, nextAfter } = await auth.listKeys({ tenant, userId, page: pageOf(page) });
    return pageReply(found.map(keyReply), nextAfter);
  },

  'POST /keys': async ({ caller: { tenant }, body, audit }) => {
    const { user, label, models, expiresAtMs, projectId = '' } = await body(newKey);
    const { userId } = await findUser(auth, tenant, user);
    const made = await auth.createKey({
      tenant,
      userId,
      label,
      models,
      expiresAtMs: expiresAtMs === undefined ? undefined : BigInt(expiresAtMs),
      projectId,
    });
    if (made.key === undefined) throw new Fault('internal', 'Auth answered without a key.');
    await audit('key.create', made.key.keyId, { userId, label, models: models.join(' '), projectId });
    return { status: 201, body: { ...keyReply(made.key), plaintext: made.plaintext } };
  },

  'GET /keys/:keyId': async ({ caller: { tenant }, param }) => ({
    body: keyReply(await findKey(auth, tenant, param('keyId'))),
  }),

  'DELETE /keys/:keyId': async ({ caller: { tenant }, param, audit }) => {
    const { key } = await auth.revokeKey({ tenant, keyId: param('keyId') });
    if (key === undefined) throw new Fault('internal', 'Auth answered without a key.');
    await audit('key.revoke', key.keyId, { userId: key.userId });
    return { body: keyReply(key) };
  },
});

/** The port lists keys by id: the wanted one is among the first after its own beginning. */
async function findKey(auth: Auth, tenant: string, keyId: string): Promise<ApiKey> {
  const page = pageOf({ after: keyId.slice(0, -1) });
  const { keys: found } = await auth.listKeys({ tenant, userId: '', page });
  const key = found.find((candidate) => candidate.keyId === keyId);
  if (key === undefined) throw new Fault('notFound', 'There is no such key.');
  return key;
}

/** Field by field, so that nothing new on the message gets out unseen. */
function keyReply(key: ApiKey): object {
  const { keyId, userId, label, models, projectId, createdAtMs, expiresAtMs, revokedAtMs, lastUsedAtMs } =
    key;
  return { keyId, userId, label, models, projectId, createdAtMs, expiresAtMs, revokedAtMs, lastUsedAtMs };
}
