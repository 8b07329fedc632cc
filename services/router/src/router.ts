// The Router port. Routes are answered from a snapshot in memory (snapshots.ts says what holds when the database is
// down); changes are one transaction each and are refused when it is down. A credential goes in through `putProvider`
// and comes out only in the targets of `route`.

import {
  Alias,
  type ExplainCostRequest,
  type ExplainCostResponse,
  type GetPriceBookRequest,
  type GetPriceBookResponse,
  type GetRouteRequest,
  type GetRouteResponse,
  type GetSealingStatusRequest,
  type GetSealingStatusResponse,
  type ListAliasesRequest,
  type ListAliasesResponse,
  type ListModelsRequest,
  type ListModelsResponse,
  type ListPriceBooksRequest,
  type ListPriceBooksResponse,
  type ListProvidersRequest,
  type ListProvidersResponse,
  type PriceBook,
  type PutAliasRequest,
  type PutAliasResponse,
  type PutPriceBookRequest,
  type PutPriceBookResponse,
  type PutProviderRequest,
  type PutProviderResponse,
  type RemoveAliasRequest,
  type RemoveAliasResponse,
  type RemoveProviderRequest,
  type RemoveProviderResponse,
  Resource,
  type RewrapDataKeysRequest,
  type RewrapDataKeysResponse,
  type RotateDataKeyRequest,
  type RotateDataKeyResponse,
  type RotateMasterKeyRequest,
  type RotateMasterKeyResponse,
  type RouteRequest,
  type RouteResponse,
  type Router,
  type WatchRoutesRequest,
  type WatchRoutesResponse,
} from '@ai-switch/contracts';
import { ChangeFeed, type Database, numberChange } from '@ai-switch/db';
import { type Clock, Fault } from '@ai-switch/kernel';
import type { Random } from '@ai-switch/routing';
import type { Logger } from '@ai-switch/telemetry';
import type { DialGuard } from '@ai-switch/upstream';
import type { Transaction } from 'kysely';
import { record } from './changes.ts';
import { explainCost } from './explain-cost.ts';
import { loadSnapshot } from './load-snapshot.ts';
import type { MasterKeys } from './master-keys.ts';
import { getPriceBook, listPriceBooks, putPriceBook } from './price-books.ts';
import { priceListOf } from './price-list.ts';
import { checkedPriceBook } from './price-rules.ts';
import { assertProvidersKnown, assertRoom, assertSameHost } from './put-checks.ts';
import {
  checkAffinityKey,
  checkAlias,
  checkCredential,
  checkDial,
  checkedProvider,
  checkModelName,
  checkProviderName,
  checkTenant,
  rangeOf,
} from './put-rules.ts';
import { type Change, rewrapDataKeys, rotateDataKey, sealingStatus } from './rotate-keys.ts';
import type { RouterSchema } from './schema.ts';
import { candidatesFor, modelsOf, phaseAt, routeFor, targetsFor } from './snapshot.ts';
import { Snapshots } from './snapshots.ts';
import * as store from './store.ts';
import { seal } from './tenant-keys.ts';

/** A tenant's list of models has to fit in one message. */
const PROVIDERS_MAX = 64;
const ALIASES_MAX = 1_000;
/** How many companies a call rewraps. */
const COMPANIES_IN_CALL = 100;
const COMPANIES_IN_CALL_MAX = 1_000;

export interface RouterServiceOptions {
  readonly database: Database<RouterSchema>;
  /** After each change. */
  readonly onChange: () => void;
  readonly masterKeys: MasterKeys;
  readonly makeMasterKey: (() => Promise<Buffer>) | undefined;
  readonly guard: DialGuard;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export class RouterService implements Router {
  readonly #options: RouterServiceOptions;
  readonly #snapshots: Snapshots;
  readonly #feed: ChangeFeed<RouterSchema>;

  constructor(options: RouterServiceOptions) {
    const { database, masterKeys, clock, logger } = options;
    this.#options = options;
    this.#snapshots = new Snapshots({
      clock,
      logger,
      load: (tenant, previous) =>
        loadSnapshot({ rows: database.kysely, masterKeys, clock, logger }, tenant, previous),
    });
    this.#feed = new ChangeFeed({
      kysely: database.kysely,
      onChanges: ({ tenants, isEverything }) => {
        if (isEverything) this.#snapshots.doubtAll();
        else for (const tenant of tenants) this.#snapshots.doubt(tenant);
      },
      onError: (err) => logger.warn({ err }, 'changes of routes cannot be read'),
    });
  }

  async route({ tenant, alias, affinityKey }: RouteRequest): Promise<RouteResponse> {
    checkTenant('tenant', tenant);
    checkAffinityKey(affinityKey);
    const found = this.#snapshots.get(tenant);
    const snapshot = found instanceof Promise ? await found : found;
    const { random, clock } = this.#options;
    return { targets: targetsFor(snapshot, alias, { random, affinityKey, nowMs: clock.nowMs() }) };
  }

  async listModels({ tenant }: ListModelsRequest): Promise<ListModelsResponse> {
    checkTenant('tenant', tenant);
    return { models: modelsOf(await this.#snapshots.get(tenant), this.#options.clock.nowMs()) };
  }

  async putProvider(request: PutProviderRequest): Promise<PutProviderResponse> {
    const provider = checkedProvider(request.provider);
    const { credential } = request;
    if (credential !== undefined) checkCredential(credential);
    const { tenant, name } = provider;
    const { masterKeys, guard } = this.#options;
    await checkDial(guard, provider);
    const row = await this.#change(tenant, async (rows) => {
      const stored = await store.findProvider(rows, tenant, name);
      if (stored === undefined)
        await assertRoom(store.countProviders(rows, tenant), PROVIDERS_MAX, 'providers');
      else if (credential === undefined) assertSameHost(stored, provider.baseUrl);
      // Absent keeps what is stored, empty takes it away: neither is sealed.
      const sealed = credential && (await seal(rows, masterKeys, { tenant, provider: name }, credential));
      const changed = {
        tenant,
        name,
        kind: provider.kind,
        dialect: provider.dialect,
        base_url: provider.baseUrl,
        credential: sealed ?? stored?.credential ?? '',
        origin: provider.origin,
        models: JSON.stringify(provider.models),
        capabilities: JSON.stringify(provider.capabilities ?? {}),
        model_capabilities: JSON.stringify(provider.modelCapabilities),
        updated_at_ms: this.#nowMs(),
      };
      await store.upsertProvider(rows, changed);
      await record(rows, request.event);
      return changed;
    });
    return { provider: store.providerOf(row) };
  }

  async listProviders({ tenant, page }: ListProvidersRequest): Promise<ListProvidersResponse> {
    checkTenant('tenant', tenant);
    const range = rangeOf(page);
    const found = await store.listProviders(this.#options.database.kysely, tenant, oneMore(range));
    return { providers: found.slice(0, range.limit), nextAfter: nextAfter(found, range.limit) };
  }

  async removeProvider({ tenant, name, event }: RemoveProviderRequest): Promise<RemoveProviderResponse> {
    checkTenant('tenant', tenant);
    checkProviderName('name', name);
    await this.#change(tenant, async (rows) => {
      await store.deleteProvider(rows, tenant, name);
      for (const alias of await store.listAliases(rows, tenant, { after: '', limit: ALIASES_MAX })) {
        const resources = alias.resources.filter(({ provider }) => provider !== name);
        if (resources.length === alias.resources.length) continue;
        if (resources.length === 0) await store.deleteAlias(rows, tenant, alias.name);
        else await store.upsertAlias(rows, { ...alias, resources, updatedAtMs: this.#nowMs() });
      }
      await record(rows, event);
    });
    return {};
  }

  async putAlias(request: PutAliasRequest): Promise<PutAliasResponse> {
    checkAlias(request.alias);
    const { tenant, name, resources } = request.alias;
    const alias = Alias.create({
      tenant,
      name,
      resources: resources.map((resource) => Resource.create(resource)),
      updatedAtMs: this.#nowMs(),
    });
    await this.#change(tenant, async (rows) => {
      await assertProvidersKnown(rows, alias);
      if (!(await store.hasAlias(rows, tenant, name))) {
        await assertRoom(store.countAliases(rows, tenant), ALIASES_MAX, 'aliases');
      }
      await store.upsertAlias(rows, alias);
      await record(rows, request.event);
    });
    return { alias };
  }

  async listAliases({ tenant, page }: ListAliasesRequest): Promise<ListAliasesResponse> {
    checkTenant('tenant', tenant);
    const range = rangeOf(page);
    const found = await store.listAliases(this.#options.database.kysely, tenant, oneMore(range));
    return { aliases: found.slice(0, range.limit), nextAfter: nextAfter(found, range.limit) };
  }

  async removeAlias({ tenant, name, event }: RemoveAliasRequest): Promise<RemoveAliasResponse> {
    checkTenant('tenant', tenant);
    checkModelName('name', name);
    await this.#change(tenant, async (rows) => {
      await store.deleteAlias(rows, tenant, name);
      await record(rows, event);
    });
    return {};
  }

  async putPriceBook(request: PutPriceBookRequest): Promise<PutPriceBookResponse> {
    const nowMs = this.#nowMs();
    const book = checkedPriceBook(request.book, nowMs);
    if (request.isDryRun) return putPriceBook(this.#options.database.kysely, book, request, nowMs);
    return this.#change(book.tenant, async (rows) => {
      const put = await putPriceBook(rows, book, request, nowMs);
      if (put.isNew) await record(rows, request.event, knownOf(put.book));
      return put;
    });
  }

  async getPriceBook({ tenant, version }: GetPriceBookRequest): Promise<GetPriceBookResponse> {
    return getPriceBook(this.#options.database.kysely, tenant, version, this.#nowMs());
  }

  async listPriceBooks(request: ListPriceBooksRequest): Promise<ListPriceBooksResponse> {
    return listPriceBooks(this.#options.database.kysely, request, this.#nowMs());
  }

  async explainCost(request: ExplainCostRequest): Promise<ExplainCostResponse> {
    const { tenant, version } = request;
    checkTenant('tenant', tenant);
    const snapshot = await this.#snapshots.get(tenant);
    const nowMs = this.#options.clock.nowMs();
    const priceList =
      version === ''
        ? phaseAt(snapshot, nowMs)?.priceList
        : priceListOf(
            (await getPriceBook(this.#options.database.kysely, tenant, version, BigInt(nowMs))).book,
          );
    return explainCost(routeFor(snapshot, request.model), priceList, request);
  }

  async rotateDataKey({ tenant, event }: RotateDataKeyRequest): Promise<RotateDataKeyResponse> {
    checkTenant('tenant', tenant);
    return rotateDataKey(this.#changes, this.#options.masterKeys, tenant, event);
  }

  async rotateMasterKey({ event }: RotateMasterKeyRequest): Promise<RotateMasterKeyResponse> {
    const { masterKeys, makeMasterKey, database, onChange } = this.#options;
    if (makeMasterKey === undefined) {
      throw new Fault(
        'conflict',
        'The master keys of this installation are files. Give every router the new one beside the old, then make it the first.',
      );
    }
    // The key is a file: its event can only follow it.
    const masterKeyId = masterKeys.add(await makeMasterKey());
    await database.transaction((rows) => record(rows, event, { subject: masterKeyId }));
    await database.flush();
    onChange();
    return { masterKeyId };
  }

  async rewrapDataKeys({
    companiesMax = COMPANIES_IN_CALL,
    event,
  }: RewrapDataKeysRequest): Promise<RewrapDataKeysResponse> {
    if (!Number.isInteger(companiesMax) || companiesMax < 1 || companiesMax > COMPANIES_IN_CALL_MAX) {
      throw new Fault('invalid', `One call takes 1 to ${COMPANIES_IN_CALL_MAX} companies.`, {
        details: { field: 'companies_max' },
      });
    }
    const { database, masterKeys } = this.#options;
    return rewrapDataKeys(database.kysely, this.#changes, masterKeys, { companiesMax, event });
  }

  async getSealingStatus({ tenant }: GetSealingStatusRequest): Promise<GetSealingStatusResponse> {
    checkTenant('tenant', tenant);
    const { database, masterKeys } = this.#options;
    return sealingStatus(database.kysely, masterKeys, tenant);
  }

  async getRoute({ tenant, alias }: GetRouteRequest): Promise<GetRouteResponse> {
    checkTenant('tenant', tenant);
    checkModelName('alias', alias);
    const snapshot = await this.#snapshots.get(tenant);
    const { candidates, untilMs } = candidatesFor(snapshot, alias, this.#options.clock.nowMs());
    return {
      candidates: candidates.map(({ name, place, weight, priority }) => ({
        name,
        target: { ...place },
        weight,
        priority,
      })),
      untilMs: untilMs === undefined ? undefined : BigInt(untilMs),
    };
  }

  async watchRoutes(request: WatchRoutesRequest): Promise<WatchRoutesResponse> {
    return { changes: await this.#feed.watch(request) };
  }

  close(): Promise<void> {
    return this.#feed.close();
  }

  readonly #changes: Change = (tenant, work) => this.#change(tenant, work);

  /** One change of a tenant, after which the next route here sees it; elsewhere as snapshots.ts says. */
  async #change<Result>(
    tenant: string,
    work: (rows: Transaction<RouterSchema>) => Promise<Result>,
  ): Promise<Result> {
    const { database } = this.#options;
    try {
      const result = await database.transaction(async (rows) => {
        await store.bumpRevision(rows, tenant);
        const result = await work(rows);
        await numberChange(rows, tenant);
        return result;
      });
      await database.flush();
      this.#options.onChange();
      this.#snapshots.drop(tenant);
      this.#feed.poke();
      return result;
    } catch (error) {
      this.#snapshots.doubt(tenant);
      throw error;
    }
  }

  #nowMs(): bigint {
    return BigInt(this.#options.clock.nowMs());
  }
}

/** One row more than the page wants tells whether there is a next one. */
function oneMore({ after, limit }: store.Range): store.Range {
  return { after, limit: limit + 1 };
}

function nextAfter(found: readonly { readonly name: string }[], limit: number): string {
  return found.length > limit ? (found[limit - 1]?.name ?? '') : '';
}

/** What the put itself decided of a price book. */
function knownOf(book: PriceBook | undefined) {
  if (book === undefined) return {};
  return {
    subject: book.version,
    details: { effectiveAt: new Date(Number(book.effectiveAtMs)).toISOString() },
  };
}
