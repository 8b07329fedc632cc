// The router's rows. Every query has the tenant in its condition, but the one that counts what master keys seal. A change
// bumps the tenant's revision first: that row is the lock that puts the changes of one tenant in order, whichever replica
// makes them.

import { Alias, Capabilities, type PriceBook, Provider, Resource } from '@ai-switch/contracts';
import { type Kysely, sql } from 'kysely';
import type { SealedDataKey } from './credentials.ts';
import { findPriceBookAt, findPriceBooksAfter, priceBookOf } from './price-book-rows.ts';
import type { AliasRow, ProviderRow, RouterSchema } from './schema.ts';

type Rows = Kysely<RouterSchema>;

/** Everything that routing a tenant's requests needs. */
export interface TenantRows {
  readonly revision: bigint;
  readonly providers: readonly ProviderRow[];
  readonly aliases: readonly Alias[];
  readonly dataKeys: readonly SealedDataKey[];
  /** In force at the moment of the reading. */
  readonly priceBook: PriceBook | undefined;
  /** In the order in which they take effect. */
  readonly priceBooksToCome: readonly PriceBook[];
}

/** Which rows of a list: those after a name, in order of names. */
export interface Range {
  readonly after: string;
  readonly limit: number;
}

export async function readRevision(rows: Rows, tenant: string): Promise<bigint> {
  const row = await rows
    .selectFrom('revisions')
    .select('revision')
    .where('tenant', '=', tenant)
    .executeTakeFirst();
  return row?.revision ?? 0n;
}

export async function bumpRevision(rows: Rows, tenant: string): Promise<void> {
  await rows
    .insertInto('revisions')
    .values({ tenant, revision: 1n })
    .onConflict((conflict) =>
      conflict.column('tenant').doUpdateSet({ revision: sql<bigint>`revisions.revision + 1` }),
    )
    .execute();
}

/** The revision is read first: a change that comes in between makes the snapshot reload once more, never miss it. */
export async function readTenant(rows: Rows, tenant: string, nowMs: bigint): Promise<TenantRows> {
  const revision = await readRevision(rows, tenant);
  const providers = await rows
    .selectFrom('providers')
    .selectAll()
    .where('tenant', '=', tenant)
    .orderBy('name')
    .execute();
  const aliases = await rows
    .selectFrom('aliases')
    .selectAll()
    .where('tenant', '=', tenant)
    .orderBy('name')
    .execute();
  const inForce = await findPriceBookAt(rows, tenant, nowMs);
  const toCome = await findPriceBooksAfter(rows, tenant, nowMs);
  return {
    revision,
    providers,
    aliases: aliases.map(aliasOf),
    dataKeys: await readDataKeys(rows, tenant),
    priceBook: inForce && priceBookOf(inForce),
    priceBooksToCome: toCome.map(priceBookOf),
  };
}

/** A tenant's data keys, newest first. */
export async function readDataKeys(rows: Rows, tenant: string): Promise<SealedDataKey[]> {
  const found = await rows
    .selectFrom('data_keys')
    .select(['version', 'sealed'])
    .where('tenant', '=', tenant)
    .orderBy('version', 'desc')
    .execute();
  return found.map(({ version, sealed }) => ({ version: String(version), sealed }));
}

export async function insertDataKey(rows: Rows, tenant: string, key: SealedDataKey): Promise<void> {
  await rows
    .insertInto('data_keys')
    .values({ tenant, version: BigInt(key.version), sealed: key.sealed })
    .execute();
}

/** Seals it anew. */
export async function updateDataKey(rows: Rows, tenant: string, key: SealedDataKey): Promise<void> {
  await rows
    .updateTable('data_keys')
    .set({ sealed: key.sealed })
    .where('tenant', '=', tenant)
    .where('version', '=', BigInt(key.version))
    .execute();
}

export async function deleteDataKey(rows: Rows, tenant: string, version: string): Promise<void> {
  await rows
    .deleteFrom('data_keys')
    .where('tenant', '=', tenant)
    .where('version', '=', BigInt(version))
    .execute();
}

/** A data key with the company that it is of. */
interface OwnedDataKey extends SealedDataKey {
  readonly tenant: string;
}

/** The sealed data keys of all tenants: by what they were sealed, for who runs the installation. */
export async function readSealedOfAll(rows: Rows): Promise<OwnedDataKey[]> {
  const found = await rows
    .selectFrom('data_keys')
    .select(['tenant', 'version', 'sealed'])
    .orderBy('tenant')
    .execute();
  return found.map(({ tenant, version, sealed }) => ({ tenant, version: String(version), sealed }));
}

/** A tenant's providers that have a credential, with it as it is sealed. */
export function readSealed(
  rows: Rows,
  tenant: string,
): Promise<{ readonly name: string; readonly credential: string }[]> {
  return rows
    .selectFrom('providers')
    .select(['name', 'credential'])
    .where('tenant', '=', tenant)
    .where('credential', '<>', '')
    .orderBy('name')
    .execute();
}

export async function updateCredential(
  rows: Rows,
  tenant: string,
  name: string,
  credential: string,
): Promise<void> {
  await rows
    .updateTable('providers')
    .set({ credential })
    .where('tenant', '=', tenant)
    .where('name', '=', name)
    .execute();
}

export async function listProviders(rows: Rows, tenant: string, range: Range): Promise<Provider[]> {
  const found = await rows
    .selectFrom('providers')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('name', '>', range.after)
    .orderBy('name')
    .limit(range.limit)
    .execute();
  return found.map(providerOf);
}

export function findProvider(rows: Rows, tenant: string, name: string): Promise<ProviderRow | undefined> {
  return rows
    .selectFrom('providers')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('name', '=', name)
    .executeTakeFirst();
}

/** Those of `names` that the tenant has a provider of. */
export async function findProviderNames(
  rows: Rows,
  tenant: string,
  names: readonly string[],
): Promise<Set<string>> {
  const found = await rows
    .selectFrom('providers')
    .select('name')
    .where('tenant', '=', tenant)
    .where('name', 'in', names)
    .execute();
  return new Set(found.map(({ name }) => name));
}

export async function countProviders(rows: Rows, tenant: string): Promise<bigint> {
  const { count } = await rows
    .selectFrom('providers')
    .select(({ fn }) => fn.countAll<bigint>().as('count'))
    .where('tenant', '=', tenant)
    .executeTakeFirstOrThrow();
  return BigInt(count);
}

export async function upsertProvider(rows: Rows, row: ProviderRow): Promise<void> {
  const { tenant: _tenant, name: _name, ...fields } = row;
  await rows
    .insertInto('providers')
    .values(row)
    .onConflict((conflict) => conflict.columns(['tenant', 'name']).doUpdateSet(fields))
    .execute();
}

export async function deleteProvider(rows: Rows, tenant: string, name: string): Promise<void> {
  await rows.deleteFrom('providers').where('tenant', '=', tenant).where('name', '=', name).execute();
}

export async function listAliases(rows: Rows, tenant: string, range: Range): Promise<Alias[]> {
  const found = await rows
    .selectFrom('aliases')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('name', '>', range.after)
    .orderBy('name')
    .limit(range.limit)
    .execute();
  return found.map(aliasOf);
}

export async function hasAlias(rows: Rows, tenant: string, name: string): Promise<boolean> {
  const found = await rows
    .selectFrom('aliases')
    .select('name')
    .where('tenant', '=', tenant)
    .where('name', '=', name)
    .executeTakeFirst();
  return found !== undefined;
}

export async function countAliases(rows: Rows, tenant: string): Promise<bigint> {
  const { count } = await rows
    .selectFrom('aliases')
    .select(({ fn }) => fn.countAll<bigint>().as('count'))
    .where('tenant', '=', tenant)
    .executeTakeFirstOrThrow();
  return BigInt(count);
}

export async function upsertAlias(rows: Rows, alias: Alias): Promise<void> {
  const fields = { resources: JSON.stringify(alias.resources), updated_at_ms: alias.updatedAtMs };
  await rows
    .insertInto('aliases')
    .values({ tenant: alias.tenant, name: alias.name, ...fields })
    .onConflict((conflict) => conflict.columns(['tenant', 'name']).doUpdateSet(fields))
    .execute();
}

export async function deleteAlias(rows: Rows, tenant: string, name: string): Promise<void> {
  await rows.deleteFrom('aliases').where('tenant', '=', tenant).where('name', '=', name).execute();
}

/** What anybody may see of a provider: all but its credential. */
export function providerOf(row: ProviderRow): Provider {
  return Provider.create({
    tenant: row.tenant,
    name: row.name,
    kind: row.kind,
    dialect: row.dialect,
    baseUrl: row.base_url,
    hasCredential: row.credential !== '',
    origin: row.origin,
    updatedAtMs: row.updated_at_ms,
    models: JSON.parse(row.models) as string[],
    ...capabilitiesIn(row),
  });
}

/** What somebody set of a provider's capabilities, and of its models'. */
function capabilitiesIn(row: ProviderRow): Pick<Provider, 'capabilities' | 'modelCapabilities'> {
  const own = JSON.parse(row.capabilities) as Capabilities;
  const byModel = JSON.parse(row.model_capabilities) as Provider['modelCapabilities'];
  return {
    capabilities: Object.keys(own).length === 0 ? undefined : Capabilities.create(own),
    modelCapabilities: Object.fromEntries(
      Object.entries(byModel).map(([model, set]) => [model, Capabilities.create(set)]),
    ),
  };
}

function aliasOf(row: AliasRow): Alias {
  const resources = JSON.parse(row.resources) as Resource[];
  return Alias.create({
    tenant: row.tenant,
    name: row.name,
    resources: resources.map((resource) => Resource.create(resource)),
    updatedAtMs: row.updated_at_ms,
  });
}
