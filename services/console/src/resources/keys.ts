import type { ApiKey } from '@ai-switch/contracts';
import type { Handlers } from '../handler.ts';
import { pageIn, pageReply } from '../read-input.ts';
import type { keyRoutes } from '../routes/key-routes.ts';
import { KEY_SCOPES, wordOf } from '../words.ts';
import { answered } from './answered.ts';
import type { ActorPorts } from './handlers.ts';

export const keys = ({ organisation }: ActorPorts): Handlers<typeof keyRoutes> => {
  return {
    listKeys: async ({ actor, reach, query: { user, ...page } }) => {
      const userId = user === undefined ? '' : (await reach.user(user)).userId;
      const { keys: found, nextAfter } = await organisation.listKeys({ actor, userId, page: pageIn(page) });
      return pageReply(found.map(keyReply), nextAfter);
    },

    createKey: async ({ actor, reach, body }) => {
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
      return { status: 201, body: { ...keyReply(made), plaintext } };
    },

    getKey: async ({ actor, params: { keyId } }) => ({
      body: keyReply(answered((await organisation.getKey({ actor, keyId })).key)),
    }),

    updateKey: async ({ actor, params: { keyId }, body, expectedRevision }) => {
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
      return { body: keyReply(key) };
    },

    rotateKey: async ({ actor, params: { keyId }, body: { overlapMs } }) => {
      const rotated = await organisation.rotateKey({ actor, keyId, overlapMs: BigInt(overlapMs) });
      const key = answered(rotated.key);
      return { body: { ...keyReply(key), plaintext: rotated.plaintext } };
    },

    revokeKey: async ({ actor, params: { keyId } }) => {
      const key = answered((await organisation.revokeKey({ actor, keyId })).key);
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
