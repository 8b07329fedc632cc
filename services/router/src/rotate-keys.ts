// New keys for old, while routes go on. Every step is one transaction that bumps the company's revision, after which
// all of its credentials open: power may fail between any two, and a further call does what is left.
//
// A credential that does not open stays as it is, and so does the key that it names.

import type {
  AuditEvent,
  GetSealingStatusResponse,
  RewrapDataKeysResponse,
  RotateDataKeyResponse,
} from '@ai-switch/contracts';
import { newId } from '@ai-switch/kernel';
import type { Kysely, Transaction } from 'kysely';
import { record } from './changes.ts';
import { openCredential, SealError, sealCredential } from './credentials.ts';
import { dataKeyVersionOf, type MasterKeys, masterKeyIdOf, underMasterKey } from './master-keys.ts';
import type { RouterSchema } from './schema.ts';
import {
  deleteDataKey,
  insertDataKey,
  readDataKeys,
  readSealed,
  readSealedOfAll,
  updateCredential,
  updateDataKey,
} from './store.ts';
import { dataKeyOpener } from './tenant-keys.ts';

type Rows = Kysely<RouterSchema>;

/** One change of a tenant, under its revision. */
export type Change = <Result>(
  tenant: string,
  work: (rows: Transaction<RouterSchema>) => Promise<Result>,
) => Promise<Result>;

/** How many credentials one transaction seals. */
const BATCH = 16;

export async function rotateDataKey(
  change: Change,
  masterKeys: MasterKeys,
  tenant: string,
  event: AuditEvent | undefined,
): Promise<RotateDataKeyResponse> {
  const version = await change(tenant, async (rows) => {
    const [newest] = await readDataKeys(rows, tenant);
    const next = String(BigInt(newest?.version ?? 0) + 1n);
    await insertDataKey(rows, tenant, masterKeys.createDataKey(tenant, next));
    await record(rows, event, { subject: next });
    return next;
  });
  let resealed = 0n;
  const unopened = new Set<string>();
  for (;;) {
    const done = await change(tenant, (rows) => resealBatch(rows, masterKeys, tenant, unopened));
    if (done === 0) break;
    resealed += BigInt(done);
  }
  await change(tenant, (rows) => retireDataKeys(rows, tenant));
  return { version: BigInt(version), resealed, unopened: BigInt(unopened.size) };
}

/** @returns how many credentials are sealed with the newest key by now that were not before; 0 when none is left */
async function resealBatch(
  rows: Rows,
  masterKeys: MasterKeys,
  tenant: string,
  unopened: Set<string>,
): Promise<number> {
  const dataKeys = await readDataKeys(rows, tenant);
  const [newest] = dataKeys;
  if (newest === undefined) return 0;
  const keyOf = dataKeyOpener(masterKeys, tenant, dataKeys);
  const stale = (await readSealed(rows, tenant)).filter(
    ({ name, credential }) => dataKeyVersionOf(credential) !== newest.version && !unopened.has(name),
  );
  let done = 0;
  for (const { name, credential } of stale) {
    if (done === BATCH) break;
    const place = { tenant, provider: name };
    try {
      const plain = openCredential(keyOf(dataKeyVersionOf(credential)), place, credential);
      await updateCredential(rows, tenant, name, sealCredential(keyOf(newest.version), place, plain));
      done += 1;
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      unopened.add(name);
    }
  }
  return done;
}

/** All but the newest, where nothing names them. */
async function retireDataKeys(rows: Rows, tenant: string): Promise<void> {
  const [, ...older] = await readDataKeys(rows, tenant);
  const used = new Set(
    (await readSealed(rows, tenant)).map(({ credential }) => dataKeyVersionOf(credential)),
  );
  for (const { version } of older) if (!used.has(version)) await deleteDataKey(rows, tenant, version);
}

export async function rewrapDataKeys(
  rows: Rows,
  change: Change,
  masterKeys: MasterKeys,
  { companiesMax, event }: { readonly companiesMax: number; readonly event: AuditEvent | undefined },
): Promise<RewrapDataKeysResponse> {
  const { opening: before, unopened } = await staleDataKeys(rows, masterKeys);
  const tenants = [...new Set(before.map(({ tenant }) => tenant))].slice(0, companiesMax);
  let rewrapped = 0n;
  for (const tenant of tenants) {
    rewrapped += await change(tenant, async (inside) => {
      const count = await rewrapTenant(inside, masterKeys, tenant);
      // Each company's keys change by themselves, and so each has an event.
      const details = { company: tenant, rewrapped: String(count) };
      if (count > 0n) await record(inside, event, { eventId: newId('evt'), details });
      return count;
    });
  }
  const { opening: left } = await staleDataKeys(rows, masterKeys);
  return { rewrapped, left: BigInt(left.length), unopened: BigInt(unopened.length) };
}

/** Data keys and what names their master key change together, or not at all. */
async function rewrapTenant(rows: Rows, masterKeys: MasterKeys, tenant: string): Promise<bigint> {
  const rewrapped = new Set<string>();
  for (const key of await readDataKeys(rows, tenant)) {
    if (masterKeyIdOf(key.sealed) === masterKeys.newestId || !masterKeys.canOpen(tenant, key)) continue;
    await updateDataKey(rows, tenant, masterKeys.rewrap(tenant, key));
    rewrapped.add(key.version);
  }
  for (const { name, credential } of await readSealed(rows, tenant)) {
    if (!rewrapped.has(dataKeyVersionOf(credential))) continue;
    await updateCredential(rows, tenant, name, underMasterKey(credential, masterKeys.newestId));
  }
  return BigInt(rewrapped.size);
}

/** Those that another master key than the newest seals. One that does not open holds back nobody else's. */
async function staleDataKeys(rows: Rows, masterKeys: MasterKeys) {
  const all = await readSealedOfAll(rows);
  const stale = all.filter(({ sealed }) => masterKeyIdOf(sealed) !== masterKeys.newestId);
  const { opening = [], unopened = [] } = Object.groupBy(stale, (key) =>
    masterKeys.canOpen(key.tenant, key) ? 'opening' : 'unopened',
  );
  return { opening, unopened };
}

export async function sealingStatus(
  rows: Rows,
  masterKeys: MasterKeys,
  tenant: string,
): Promise<GetSealingStatusResponse> {
  const all = (await readSealedOfAll(rows)).map(({ sealed }) => masterKeyIdOf(sealed));
  const dataKeys = await readDataKeys(rows, tenant);
  const sealed = (await readSealed(rows, tenant)).map(({ credential }) => dataKeyVersionOf(credential));
  const count = (list: readonly string[], value: string) =>
    BigInt(list.filter((each) => each === value).length);
  return {
    masterKeys: [...new Set([...masterKeys.ids, ...all])].map((masterKeyId) => ({
      masterKeyId,
      isNewest: masterKeyId === masterKeys.newestId,
      isKnown: masterKeys.ids.includes(masterKeyId),
      dataKeys: count(all, masterKeyId),
    })),
    dataKeys: dataKeys.map((key) => ({
      version: BigInt(key.version),
      masterKeyId: masterKeyIdOf(key.sealed),
      credentials: count(sealed, key.version),
    })),
    dataKeysLeft: BigInt(all.filter((id) => id !== masterKeys.newestId).length),
    credentialsLeft: BigInt(sealed.filter((version) => version !== dataKeys[0]?.version).length),
  };
}
