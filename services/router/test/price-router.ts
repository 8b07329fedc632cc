// A router whose clock a test turns, with what tests of prices ask of it.

import { randomBytes } from 'node:crypto';
import {
  type PriceBook,
  type PutPriceBookRequest,
  type PutPriceBookResponse,
  type Router,
  RouterDefinition,
  type Target,
} from '@ai-switch/contracts';
import { databases, transports } from '@ai-switch/testkit';
import { type OpenRouter, openRouter } from '../src/index.ts';
import { logged, newTenant, provider, START_MS } from './fixtures.ts';
import { book } from './price-fixtures.ts';
import { seeded } from './random.ts';

export const cases = databases.flatMap((database) =>
  transports.map((transport) => ({ database, transport })),
);

export interface PriceRouter extends AsyncDisposable {
  readonly router: Router;
  /** What every router of this database reads as its clock. */
  readonly time: { nowMs: number };
  readonly databaseUrl: string;
  /** One more router on the same database. */
  openAnother(): Promise<OpenRouter>;
  /** A tenant whose provider `openai` serves `m` and `n`. */
  tenantWithModels(): Promise<string>;
  put(
    tenant: string,
    fields: Partial<PriceBook>,
    options?: Partial<PutPriceBookRequest>,
  ): Promise<PutPriceBookResponse>;
  route(tenant: string, alias: string): Promise<Target[]>;
  /** The version by which the first target is priced. */
  versionOf(tenant: string, alias?: string): Promise<string | undefined>;
  /** Newest first. */
  versions(tenant: string): Promise<string[]>;
}

export async function openPriceRouter({ database, transport }: (typeof cases)[number]): Promise<PriceRouter> {
  const time = { nowMs: START_MS };
  const fresh = await database.create();
  const openAnother = () =>
    openRouter({
      databaseUrl: fresh.url,
      masterKey: randomBytes(32),
      clock: { nowMs: () => time.nowMs },
      random: seeded(1),
      logger: logged().logger,
    });
  const opened = await openAnother();
  const { port: router, close: disconnect } = await transport.open(RouterDefinition, opened.router);
  const route = async (tenant: string, alias: string) =>
    (await router.route({ tenant, alias, affinityKey: '' })).targets;
  return {
    router,
    time,
    databaseUrl: fresh.url,
    openAnother,
    tenantWithModels: async () => {
      const tenant = newTenant();
      const given = provider({ tenant, models: ['m', 'n'] });
      await router.putProvider({ provider: given, credential: undefined });
      return tenant;
    },
    put: (tenant, fields, options = {}) => {
      const given = book({ tenant, ...fields });
      return router.putPriceBook({ book: given, isDryRun: false, mayChangeCurrency: false, ...options });
    },
    route,
    versionOf: async (tenant, alias = 'm') => (await route(tenant, alias))[0]?.price?.version,
    versions: async (tenant) => {
      const listed = await router.listPriceBooks({ tenant, page: undefined });
      return listed.versions.map(({ version }) => version);
    },
    [Symbol.asyncDispose]: async () => {
      await disconnect();
      await opened.close();
      await fresh.drop();
    },
  };
}
