import type { Clock } from '@ai-switch/kernel';
import type { Logger } from '@ai-switch/telemetry';
import type { Kysely } from 'kysely';
import type { MasterKeys } from './master-keys.ts';
import type { RouterSchema } from './schema.ts';
import { type Snapshot, snapshotOf } from './snapshot.ts';
import { readRevision, readTenant, type TenantRows } from './store.ts';
import { dataKeyOpener } from './tenant-keys.ts';

export interface LoadOptions {
  readonly rows: Kysely<RouterSchema>;
  readonly masterKeys: MasterKeys;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What routes a tenant's requests; the previous one when nothing has changed since. */
export async function loadSnapshot(
  { rows, masterKeys, clock, logger }: LoadOptions,
  tenant: string,
  previous: Snapshot | undefined,
): Promise<Snapshot> {
  if (previous !== undefined && previous.revision === (await readRevision(rows, tenant))) return previous;
  const found = await readWhole(rows, tenant, BigInt(clock.nowMs()));
  return snapshotOf({
    rows: found,
    dataKey: dataKeyOpener(masterKeys, tenant, found.dataKeys),
    onUnopened: (provider, { message }) =>
      logger.error(
        { tenant, provider, reason: message },
        'a credential does not open: the provider is not used',
      ),
  });
}

/** How often it reads without holding anything, which is whole unless somebody changes the tenant at that moment. */
const READS_MAX = 2;

/** Rows of one revision: a credential and the key that seals it may have changed together between two queries. */
async function readWhole(rows: Kysely<RouterSchema>, tenant: string, nowMs: bigint): Promise<TenantRows> {
  for (let reads = 0; reads < READS_MAX; reads += 1) {
    const found = await readTenant(rows, tenant, nowMs);
    if (found.revision === (await readRevision(rows, tenant))) return found;
  }
  // One view for all queries, whatever is committed meanwhile; on SQLite a transaction is alone anyway.
  return rows
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute((inside) => readTenant(inside, tenant, nowMs));
}
