import { z } from 'zod';
import type { Route } from './route.ts';
import { int64 } from './schemas.ts';

const masterKeyId = z.string().describe('Says nothing about the key.');

const dataKey = z
  .object({ version: int64, masterKeyId, credentials: int64.describe('Sealed with it.') })
  .meta({ id: 'DataKey' });

const masterKey = z
  .object({
    masterKeyId,
    isNewest: z.boolean().describe('New data keys are sealed with it.'),
    isKnown: z.boolean().describe('False: something is sealed with it, and the router does not have it.'),
    dataKeys: int64.describe('Sealed with it, of all companies.'),
  })
  .meta({ id: 'MasterKey' });

export const sealingRoutes = {
  getSealing: {
    method: 'get',
    path: '/sealing',
    tag: 'providers',
    summary: 'Read what the credentials of providers are sealed with',
    permission: 'companyAdmin',
    reply: z.object({
      dataKeys: z.array(dataKey),
      credentialsLeft: int64.describe('Not yet sealed with the newest data key.'),
    }),
  },
  rotateDataKey: {
    method: 'post',
    path: '/sealing/data-key',
    tag: 'providers',
    summary: 'Seal the credentials of providers with a new data key; again, with one more',
    permission: 'companyAdmin',
    body: z.strictObject({}),
    reply: z.object({
      version: int64.describe('Of the new key.'),
      resealed: int64,
      unopened: int64.describe('Credentials that do not open, and have to be given again.'),
    }),
  },
  getMasterKeys: {
    method: 'get',
    path: '/sealing/master-keys',
    tag: 'providers',
    summary: 'Read which master keys there are, and what they seal',
    permission: 'root',
    reply: z.object({
      masterKeys: z.array(masterKey),
      dataKeysLeft: int64.describe('Not yet sealed with the newest master key.'),
    }),
  },
  rotateMasterKey: {
    method: 'post',
    path: '/sealing/master-keys',
    tag: 'providers',
    summary: 'Make a new master key beside the others; again, one more',
    description: 'A conflict where the master keys are files that the operator gives.',
    permission: 'root',
    body: z.strictObject({}),
    reply: z.object({ masterKeyId }),
  },
  rewrapDataKeys: {
    method: 'post',
    path: '/sealing/rewrap',
    tag: 'providers',
    summary:
      'Seal data keys with the newest master key, some companies a call; call it until nothing is left',
    permission: 'root',
    body: z.strictObject({}),
    reply: z.object({
      rewrapped: int64,
      left: int64.describe('Of all companies.'),
      unopened: int64.describe(
        'Do not open: the router does not have their master key, or somebody changed them.',
      ),
    }),
  },
} as const satisfies Record<string, Route>;

export type SealingRoutes = typeof sealingRoutes;
