import { z } from 'zod';
import { KEY_SCOPES, wordsOf } from '../words.ts';
import type { Route } from './route.ts';
import { models, networks, pageOf, pageQuery, reference, revision, timeMs, unitId } from './schemas.ts';

const EXPIRES_AT_MS_MAX = 8_640_000_000_000_000;
const OVERLAP_MS_MAX = 30 * 24 * 3_600_000;

const label = z.string().max(128);
const scopes = z
  .array(z.enum(wordsOf(KEY_SCOPES)))
  .max(3)
  .describe(
    '`inference` asks models; `adminRead` and `admin` read and change through this API what its user may.',
  );
const expiresAtMs = z.number().int().positive().max(EXPIRES_AT_MS_MAX);

const key = z
  .object({
    keyId: z.string(),
    userId: z.string(),
    label: z.string(),
    models: z.array(z.string()).describe('None: every one that the policies allow.'),
    networks: z.array(z.string()).describe('None: from anywhere that the policies allow.'),
    scopes: z.array(z.enum(wordsOf(KEY_SCOPES))),
    projectId: z.string().describe('Whose quota its requests draw on besides; empty for none.'),
    createdAtMs: timeMs,
    expiresAtMs: timeMs.optional(),
    revokedAtMs: timeMs.optional(),
    lastUsedAtMs: timeMs.optional().describe('To the minute.'),
    olderSecretUntilMs: timeMs.optional().describe('Until when the older of two secrets goes on.'),
    revision,
  })
  .meta({ id: 'Key' });

const newKey = key.extend({ plaintext: z.string().describe('The whole key, shown this once.') });

export const keyRoutes = {
  listKeys: {
    method: 'get',
    path: '/keys',
    tag: 'keys',
    summary: 'List keys, without their secrets',
    permission: 'member',
    query: pageQuery.extend({ user: reference.optional() }),
    reply: pageOf(key),
  },
  createKey: {
    method: 'post',
    path: '/keys',
    tag: 'keys',
    summary: 'Make a key for a user; each call makes one, for the whole key is shown once',
    permission: 'member',
    body: z.strictObject({
      user: reference,
      label: label.default(''),
      models: models.default([]),
      networks: networks.default([]),
      scopes: scopes.default([]).describe('None: `inference`.'),
      expiresAtMs: expiresAtMs.optional(),
      projectId: unitId.optional(),
    }),
    creates: true,
    reply: newKey,
    hasRevision: true,
  },
  getKey: {
    method: 'get',
    path: '/keys/:keyId',
    tag: 'keys',
    summary: 'Read a key, without its secret',
    permission: 'member',
    reply: key,
    hasRevision: true,
  },
  updateKey: {
    method: 'patch',
    path: '/keys/:keyId',
    tag: 'keys',
    summary: 'Change the label, models, networks or expiry of a key',
    permission: 'member',
    body: z.strictObject({
      label: label.optional(),
      models: models.optional(),
      networks: networks.optional(),
      expiresAtMs: expiresAtMs.nullable().optional().describe('Null: never.'),
    }),
    reply: key,
    hasRevision: true,
  },
  rotateKey: {
    method: 'post',
    path: '/keys/:keyId/rotate',
    tag: 'keys',
    summary: 'Give a key a second secret; the older one goes on for a while',
    permission: 'member',
    body: z.strictObject({
      overlapMs: z.number().int().min(0).max(OVERLAP_MS_MAX).describe('0: the older one ends now.'),
    }),
    reply: newKey,
    hasRevision: true,
  },
  revokeKey: {
    method: 'delete',
    path: '/keys/:keyId',
    tag: 'keys',
    summary: 'End a key for good',
    permission: 'member',
    reply: key,
  },
} as const satisfies Record<string, Route>;
