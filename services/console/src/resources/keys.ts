import type { Actor, ApiKey } from '@ai-switch/contracts';
import type { Handlers } from '../handler.ts';
import { pageIn, pageReply } from '../read-input.ts';
import type { keyRoutes } from '../routes/key-routes.ts';
import { KEY_SCOPES, wordOf } from '../words.ts';
import { answered } from './answered.ts';
import type { ActorPorts } from './handlers.ts';

export const keys = ({ organisation }: ActorPorts): Handlers<typeof keyRoutes> => {
  /** Whom an event about a key concerns. */
  const concerning = async (actor: Actor, { keyId, userId }: ApiKey) => {
    const { user } = await organisation.getUser({ actor, user: userId });
    return { subject: keyId, userId, departmentPath: answered(user).departmentPath };
  };

  return {
    listKeys: async ({ actor, reach, query: { user, ...page } }) => {
      const userId = user === undefined ? '' : (await reach.user(user)).userId;
      const { keys: found, nextAfter } = await organisation.listKeys({ actor, userId, page: pageIn(page) });
      return pageReply(found.map(keyReply), nextAfter);
    },

    createKey: async ({ actor, reach, body, audit }) => {
      const { user, label, models, networks, expiresAtMs, projectId = '' } = body;
      const { userId } = await reach.user(user);
      const scopes = body.scopes.map((word) => KEY_SCOPES[word]);
      const { key, plaintext } = await organisation.createKey({
        actor,
        userId,
        label,
        models,
        networks,
        scopes,
        expiresAtMs: expiresAtMs === undefined ? undefined : BigInt(expiresAtMs),
        projectId,
      });
      const made = answered(key);
      await audit({
        action: 'key.create',
        ...(await concerning(actor, made)),
        details: {
          label,
          models: models.join(' '),
          networks: networks.join(' '),
          scopes: scopesOf(made).join(' '),
          projectId,
        },
      });
      return { status: 201, body: { ...keyReply(made), plaintext } };
    },

    getKey: async ({ actor, params: { keyId } }) => ({
      body: keyReply(answered((await organisation.getKey({ actor, keyId })).key)),
    }),

    updateKey: async ({ actor, params: { keyId }, body, expectedRevision, audit }) => {
      const { label, models, networks, expiresAtMs } = body;
      const changed = await organisation.updateKey({
        actor,
        keyId,
        label,
        models: models && { models },
        networks: networks && { networks },
        // 0: never.
        expiresAtMs: expiresAtMs === undefined ? undefined : BigInt(expiresAtMs ?? 0),
        expectedRevision,
      });
      const key = answered(changed.key);
      await audit({
        action: 'key.update',
        ...(await concerning(actor, key)),
        details: {
          ...(label !== undefined && { label }),
          ...(models !== undefined && { models: models.join(' ') }),
          ...(networks !== undefined && { networks: networks.join(' ') }),
          ...(expiresAtMs !== undefined && { expiresAtMs: String(expiresAtMs ?? 'never') }),
        },
      });
      return { body: keyReply(key) };
    },

    rotateKey: async ({ actor, params: { keyId }, body: { overlapMs }, audit }) => {
      const rotated = await organisation.rotateKey({ actor, keyId, overlapMs: BigInt(overlapMs) });
      const key = answered(rotated.key);
      const details = { overlapMs: String(overlapMs) };
      await audit({ action: 'key.rotate', ...(await concerning(actor, key)), details });
      return { body: { ...keyReply(key), plaintext: rotated.plaintext } };
    },

    revokeKey: async ({ actor, params: { keyId }, audit }) => {
      const key = answered((await organisation.revokeKey({ actor, keyId })).key);
      await audit({ action: 'key.revoke', ...(await concerning(actor, key)) });
      return { body: keyReply(key) };
    },
  };
};

function keyReply(key: ApiKey) {
  return { ...key, scopes: scopesOf(key) };
}

function scopesOf({ scopes }: ApiKey) {
  return scopes.map((scope) => wordOf(KEY_SCOPES, scope));
}
