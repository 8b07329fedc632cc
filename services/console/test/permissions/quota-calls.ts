import { Tier } from '@ai-switch/contracts';
import { aims, lists } from './attempts.ts';
import type { Calls } from './calls.ts';
import {
  openBucket,
  recordAccess,
  recordEvent,
  settledReservation,
  type Target,
  type World,
} from './world.ts';

const RATES = { input: '1', output: '1', cacheRead: '1', cacheWrite: '1' };

const personal = ({ userId }: Target) => `personal:${userId}`;
const department = ({ departmentId }: Target) => `department:${departmentId}`;
const project = ({ projectId }: Target) => `project:${projectId}`;
const userScope = ({ userId }: Target) => `user:${userId}`;

const personalBucket = (target: Target, world: World) =>
  opened(world, target.tenant, personal(target), Tier.PERSONAL, userScope(target));
const departmentBucket = (target: Target, world: World) =>
  opened(world, target.tenant, department(target), Tier.CAP, department(target));
const projectBucket = (target: Target, world: World) =>
  opened(world, target.tenant, project(target), Tier.PROJECT, project(target));
const companyBucket = ({ tenant }: Target, world: World) =>
  opened(world, tenant, 'company', Tier.CAP, 'company');
// A scope has but so many grants.
const grantBucket = async (target: Target, world: World) => {
  const scope = await grantedScope(target, world);
  return opened(world, target.tenant, `grant:${world.fresh('g')}`, Tier.SUPPLEMENTARY, scope);
};
const grantedScope = async (target: Target, world: World) =>
  target.place === 'self' ? userScope(target) : `user:${await world.freshUser(target)}`;

type Named = (target: Target, world: World) => Promise<string> | string;

const at = (named: Named, body?: unknown) =>
  aims(async (target, world) => ({ params: { bucket: await named(target, world) }, body }));
const terms = { limits: { output: 1_000 } };
const grants = (scope: Named) =>
  aims(async (target, world) => ({
    body: {
      id: world.fresh('g'),
      scope: await scope(target, world),
      limits: { output: 1 },
      validUntil: null,
    },
  }));
const order = { tiers: ['personal'] };

export const quotaCalls: Calls = {
  listProviders: lists('name', provided),
  getProvider: aims(async (target, world) => ({ params: { provider: await provided(target, world) } })),
  putProvider: aims((_target, { fresh }) => ({
    params: { provider: fresh('p') },
    body: { kind: 'custom', baseUrl: 'http://127.0.0.1:9', models: ['m'] },
  })),
  removeProvider: aims(async (target, world) => ({
    params: { provider: await provided(target, world, world.fresh('p')) },
  })),
  // Nobody answers there.
  refreshModels: aims(async (target, world) => ({
    params: { provider: await provided(target, world) },
    body: {},
    passes: ['502 upstream'],
  })),
  listAliases: lists('name', aliased),
  getAlias: aims(async (target, world) => ({ params: { alias: await aliased(target, world) } })),
  putAlias: aims(async (target, world) => ({
    params: { alias: world.fresh('alias') },
    body: { resources: [{ provider: await provided(target, world), model: 'm' }] },
  })),
  removeAlias: aims(async (target, world) => ({
    params: { alias: await aliased(target, world, world.fresh('alias')) },
  })),
  getSealing: aims(() => ({})),
  rotateDataKey: aims(() => ({ body: {} })),
  getMasterKeys: aims(() => ({})),
  // The keys of these services are given.
  rotateMasterKey: aims(() => ({ body: {}, passes: ['409 conflict'] })),
  rewrapDataKeys: aims(() => ({ body: {} })),
  listPrices: lists('version', priced),
  putPrices: aims((_target, { fresh }) => ({
    body: { currency: 'USD', unpriced: 'free', rows: [{ pattern: `${fresh('p')}/*`, rates: RATES }] },
  })),
  explainCost: aims(async (target, world) => ({
    query: { model: await aliased(target, world), input: '1' },
  })),
  getPrices: aims(async (target, world) => ({ params: { version: await priced(target, world) } })),

  listQuotas: lists('userId', ({ userId }) => userId, { limit: '100' }),
  getQuota: aims(({ userId }) => ({ params: { user: userId } })),
  updateQuota: aims(({ userId }) => ({ params: { user: userId }, body: { output: 1_000 } })),
  'listBuckets:personal': lists('bucket', personalBucket),
  'listBuckets:department': lists('bucket', departmentBucket),
  'listBuckets:project': lists('bucket', projectBucket),
  'listBuckets:company': lists('bucket', companyBucket),
  'getBucket:personal': at(personalBucket),
  'getBucket:department': at(departmentBucket),
  'getBucket:project': at(projectBucket),
  'getBucket:grant': at(grantBucket),
  'getBucket:company': at(companyBucket),
  'putBucket:personal': at(personal, terms),
  'putBucket:department': at(department, terms),
  'putBucket:project': at(project, terms),
  'putBucket:company': at(() => 'company', terms),
  'updateBucket:personal': at(personalBucket, terms),
  'updateBucket:department': at(departmentBucket, terms),
  'closeBucket:department': at(departmentBucket),
  'closeBucket:grant': at(grantBucket),
  'createGrant:user': grants(grantedScope),
  'createGrant:department': grants(department),
  'createGrant:project': grants(project),
  'createGrant:company': grants(() => 'company'),
  updateGrant: aims(async (target, world) => ({
    params: { grant: (await grantBucket(target, world)).slice('grant:'.length) },
    body: { note: 'changed' },
  })),
  closeGrant: aims(async (target, world) => ({
    params: { grant: (await grantBucket(target, world)).slice('grant:'.length) },
  })),
  listFundingOrders: lists('scope', ordered),
  'getFundingOrder:user': aims(async (target, world) => ({
    params: { scope: await ordered(target, world) },
  })),
  'putFundingOrder:user': aims((target) => ({ params: { scope: userScope(target) }, body: order })),
  'putFundingOrder:department': aims((target) => ({ params: { scope: department(target) }, body: order })),
  'removeFundingOrder:user': aims(async (target, world) => ({
    params: { scope: await ordered(target, world) },
  })),
  getQuotaPolicy: aims(() => ({})),
  updateQuotaPolicy: aims(() => ({ body: { dryRule: 'cut' } })),
  'getStatement:personal': at(personalBucket),
  'getStatement:department': at(departmentBucket),
  'getStatement:project': at(projectBucket),
  getReceipt: aims(async (target, world) => ({
    params: { reservationId: await settledReservation(world, target) },
  })),
  reverseReservation: aims(async (target, world) => ({
    params: { reservationId: await settledReservation(world, target) },
    body: { reason: 'a test' },
  })),

  listAccess: lists('requestId', (target, world) => recordAccess(world, target)),
  listEvents: lists('eventId', (target, world) => recordEvent(world, target, { action: 'test.event' })),
  listTrailLogs: aims(() => ({})),
  readTrail: aims(() => ({ query: { producer: 'edge-gateway/1', epoch: '1' } })),
  listRoots: aims(() => ({})),
  sumUsage: {
    attempt: async (world, target) => {
      await recordAccess(world, target);
      const { attempt } = lists('key', () => target.userId, {
        by: 'user',
        fromMs: String(Date.now() - 3_600_000),
        untilMs: String(Date.now() + 3_600_000),
      });
      return attempt(world, target, await world.actor('root'));
    },
  },
};

async function opened(
  world: World,
  tenant: string,
  bucket: string,
  tier: Tier,
  scope: string,
): Promise<string> {
  await openBucket(world, tenant, { bucket, tier, scope });
  return bucket;
}

async function ordered(target: Target, { ports }: World): Promise<string> {
  const scope = userScope(target);
  await ports.quotaLedger.putFundingOrder({
    tenant: target.tenant,
    order: { scope, tiers: [Tier.PERSONAL] },
  });
  return scope;
}

async function provided({ tenant }: Target, world: World, name = 'mine'): Promise<string> {
  await world.ports.router.putProvider({
    provider: {
      tenant,
      name,
      kind: 'custom',
      dialect: 'openai-chat',
      baseUrl: 'http://127.0.0.1:9',
      hasCredential: false,
      origin: 'admin',
      updatedAtMs: 0n,
      models: ['m'],
      capabilities: undefined,
      modelCapabilities: {},
    },
    credential: '',
  });
  return name;
}

async function aliased(target: Target, world: World, name = 'fast'): Promise<string> {
  const { tenant } = target;
  const provider = await provided(target, world);
  const resources = [{ provider, model: 'm', weight: 1, priority: 0 }];
  await world.ports.router.putAlias({ alias: { tenant, name, resources, updatedAtMs: 0n } });
  return name;
}

async function priced({ tenant }: Target, { ports }: World): Promise<string> {
  const rates = { input: 1n, output: 1n, cacheRead: 1n, cacheWrite: 1n, cacheWriteOneHour: 0n };
  const { book } = await ports.router.putPriceBook({
    book: {
      tenant,
      version: '',
      effectiveAtMs: 0n,
      currency: 'USD',
      rows: [{ pattern: 'mine/*', isShadow: false, isFree: false, rates, tiers: [] }],
      unpriced: 'UNPRICED_RULE_FREE',
      unpricedRates: undefined,
      createdAtMs: 0n,
    },
    isDryRun: false,
    mayChangeCurrency: false,
  });
  return book?.version ?? '';
}
