// Reads and writes a batch of operations with a bounded number of statements. Rows are locked in the order of their
// keys, reservations before balances, so that several ledgers on one database wait for each other and do not deadlock.
// A reservation that does not exist yet cannot be locked: whoever writes one says which version he read, and starts
// over when another ledger was faster.

import { type Database, type PreparedRows, prepareRows, TransactionConflict } from '@ai-switch/db';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { BalanceKey, PostedEntry, ReservationKey, Versioned } from './keys.ts';
import type { StoredBalance, StoredLimits, StoredReservation } from './ledger-rules.ts';
import {
  BALANCE_COLUMNS,
  balanceOf,
  balanceRow,
  ENTRY_COLUMNS,
  entryRow,
  limitColumns,
  limitsOf,
  NO_COUNTS,
  RESERVATION_COLUMNS,
  reservationOf,
  reservationRow,
} from './rows.ts';
import type { BalanceRow, LedgerSchema, ReservationRow } from './schema.ts';

type Trx = Transaction<LedgerSchema>;

export class LedgerStore {
  readonly #database: Database<LedgerSchema>;
  readonly #selectReservations: PreparedRows<'tenant' | 'reservation_id', ReservationRow>;
  readonly #selectBalances: PreparedRows<'tenant' | 'bucket' | 'period', BalanceRow>;
  readonly #upsertReservations: PreparedRows<keyof ReservationRow, unknown>;
  readonly #upsertBalances: PreparedRows<keyof BalanceRow, unknown>;
  readonly #insertEntries: PreparedRows<(typeof ENTRY_COLUMNS)[number], unknown>;

  constructor(database: Database<LedgerSchema>) {
    const { kysely } = database;
    this.#database = database;
    this.#selectReservations = prepareRows(['tenant', 'reservation_id'], (rows) =>
      kysely
        .selectFrom('reservation')
        .selectAll()
        .where(({ eb, refTuple }) =>
          eb(refTuple('tenant', 'reservation_id'), 'in', valuesOf(rows, ['tenant', 'reservation_id'])),
        )
        .orderBy('tenant')
        .orderBy('reservation_id')
        .forUpdate(),
    );
    this.#selectBalances = prepareRows(['tenant', 'bucket', 'period'], (rows) =>
      kysely
        .selectFrom('balance')
        .selectAll()
        .where(({ eb, refTuple }) =>
          eb(refTuple('tenant', 'bucket', 'period'), 'in', valuesOf(rows, ['tenant', 'bucket', 'period'])),
        )
        .orderBy('tenant')
        .orderBy('bucket')
        .orderBy('period')
        .forUpdate(),
    );
    this.#upsertReservations = prepareRows(RESERVATION_COLUMNS, (rows) =>
      kysely
        .insertInto('reservation')
        .values([...rows])
        .onConflict((conflict) =>
          conflict
            .columns(['tenant', 'reservation_id'])
            .doUpdateSet((eb) => ({
              version: eb.ref('excluded.version'),
              state: eb.ref('excluded.state'),
              resolved_at_ms: eb.ref('excluded.resolved_at_ms'),
              outcome: eb.ref('excluded.outcome'),
              charged_input: eb.ref('excluded.charged_input'),
              charged_output: eb.ref('excluded.charged_output'),
              charged_cache_read: eb.ref('excluded.charged_cache_read'),
              charged_cache_write: eb.ref('excluded.charged_cache_write'),
            }))
            .where(({ eb, ref }) =>
              eb(ref('excluded.version'), '=', eb('reservation.version', '+', sql.lit(1n))),
            ),
        ),
    );
    this.#upsertBalances = prepareRows(BALANCE_COLUMNS, (rows) =>
      kysely
        .insertInto('balance')
        .values([...rows])
        .onConflict((conflict) =>
          conflict.columns(['tenant', 'bucket', 'period']).doUpdateSet((eb) => ({
            used_input: eb.ref('excluded.used_input'),
            used_output: eb.ref('excluded.used_output'),
            used_cache_read: eb.ref('excluded.used_cache_read'),
            used_cache_write: eb.ref('excluded.used_cache_write'),
            held_input: eb.ref('excluded.held_input'),
            held_output: eb.ref('excluded.held_output'),
            held_cache_read: eb.ref('excluded.held_cache_read'),
            held_cache_write: eb.ref('excluded.held_cache_write'),
            overrun_input: eb.ref('excluded.overrun_input'),
            overrun_output: eb.ref('excluded.overrun_output'),
            overrun_cache_read: eb.ref('excluded.overrun_cache_read'),
            overrun_cache_write: eb.ref('excluded.overrun_cache_write'),
          })),
        ),
    );
    this.#insertEntries = prepareRows(ENTRY_COLUMNS, (rows) => kysely.insertInto('entry').values([...rows]));
  }

  /** Those of `keys` that exist, locked. */
  async lockReservations(trx: Trx, keys: readonly ReservationKey[]): Promise<readonly Versioned[]> {
    const rows = keys.map(({ tenant, reservationId }) => ({ tenant, reservation_id: reservationId }));
    const found = await this.#selectReservations.execute(trx, rows);
    return found.rows.map((row) => ({ reservation: reservationOf(row), version: row.version }));
  }

  /** Those of `keys` that exist, locked. */
  async lockBalances(trx: Trx, keys: readonly BalanceKey[]): Promise<readonly StoredBalance[]> {
    const found = await this.#selectBalances.execute(trx, keys as readonly PlainKey[]);
    return found.rows.map(balanceOf);
  }

  /** @throws TransactionConflict when one was changed since it was read. */
  async writeReservations(trx: Trx, changed: readonly Versioned[]): Promise<void> {
    const rows = changed.map(({ reservation, version }) => reservationRow(reservation, version));
    const { affectedRows } = await this.#upsertReservations.execute(trx, rows);
    if (affectedRows !== rows.length) throw new TransactionConflict('a reservation was changed meanwhile');
  }

  async writeBalances(trx: Trx, changed: readonly StoredBalance[]): Promise<void> {
    await this.#upsertBalances.execute(trx, changed.map(balanceRow));
  }

  async writeEntries(trx: Trx, entries: readonly PostedEntry[]): Promise<void> {
    await this.#insertEntries.execute(trx, entries.map(entryRow));
  }

  /**
   * Makes the rows of buckets that nobody touched in their period yet, with the limits in force. In a transaction of
   * its own: it locks buckets first, as `setLimits` does, and a batch holds locks already when it misses a balance.
   */
  createBalances(keys: readonly BalanceKey[]): Promise<void> {
    return this.#database.transaction(async (trx) => {
      for (const key of keys) await createBalance(trx, key, await lockBucket(trx, key));
    });
  }

  /** Sets the limits of the key's period and of those to come. */
  setLimits(key: BalanceKey, limits: StoredLimits): Promise<StoredBalance> {
    return this.#database.transaction(async (trx) => {
      const { tenant, bucket, period } = key;
      await lockBucket(trx, key);
      await trx
        .updateTable('bucket')
        .set(limitColumns(limits))
        .where('tenant', '=', tenant)
        .where('bucket', '=', bucket)
        .execute();
      await createBalance(trx, key, limits);
      await trx
        .updateTable('balance')
        .set(limitColumns(limits))
        .where('tenant', '=', tenant)
        .where('bucket', '=', bucket)
        .where('period', '>=', period)
        .execute();
      return balanceOf(await selectBalance(trx, key).executeTakeFirstOrThrow());
    });
  }

  /** A balance as it stands; an untouched one is empty and has the bucket's limits. */
  async readBalance(key: BalanceKey): Promise<StoredBalance> {
    const row = await selectBalance(this.#database.kysely, key).executeTakeFirst();
    if (row !== undefined) return balanceOf(row);
    const bucket = await this.#database.kysely
      .selectFrom('bucket')
      .selectAll()
      .where('tenant', '=', key.tenant)
      .where('bucket', '=', key.bucket)
      .executeTakeFirst();
    const { tenant, period } = key;
    const limits = bucket === undefined ? NO_LIMITS : limitColumns(limitsOf(bucket));
    return balanceOf({ tenant, bucket: key.bucket, period, ...limits, ...NO_COUNTS });
  }

  async readReservation({ tenant, reservationId }: ReservationKey): Promise<StoredReservation | undefined> {
    const row = await this.#database.kysely
      .selectFrom('reservation')
      .selectAll()
      .where('tenant', '=', tenant)
      .where('reservation_id', '=', reservationId)
      .executeTakeFirst();
    return row === undefined ? undefined : reservationOf(row);
  }

  /** Holds whose deadline has passed, the oldest first. */
  async findDueHolds(nowMs: bigint, limit: number): Promise<readonly ReservationKey[]> {
    return await this.#database.kysely
      .selectFrom('reservation')
      .select(['tenant', 'reservation_id as reservationId'])
      // A literal, so that PostgreSQL finds the index of open holds.
      .where('state', '=', sql.lit('HELD'))
      .where('expires_at_ms', '<=', nowMs)
      .orderBy('expires_at_ms')
      .limit(limit)
      .execute();
  }
}

const NO_LIMITS = {
  limit_input: null,
  limit_output: null,
  limit_cache_read: null,
  limit_cache_write: null,
} as const;

interface PlainKey {
  readonly tenant: string;
  readonly bucket: string;
  readonly period: string;
}

/** `(values (?, ?), (?, ?))`: SQLite compares tuples with a list only in this form. */
function valuesOf<Column extends string>(
  rows: readonly Readonly<Record<Column, never>>[],
  columns: readonly Column[],
) {
  const tuples = rows.map((row) => sql`(${sql.join(columns.map((column) => row[column]))})`);
  return sql<never>`(values ${sql.join(tuples)})`;
}

function selectBalance(executor: Kysely<LedgerSchema>, { tenant, bucket, period }: BalanceKey) {
  return executor
    .selectFrom('balance')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('bucket', '=', bucket)
    .where('period', '=', period);
}

async function lockBucket(trx: Trx, { tenant, bucket }: BalanceKey): Promise<StoredLimits> {
  await trx
    .insertInto('bucket')
    .values({ tenant, bucket, ...NO_LIMITS })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const row = await trx
    .selectFrom('bucket')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('bucket', '=', bucket)
    .forUpdate()
    .executeTakeFirstOrThrow();
  return limitsOf(row);
}

async function createBalance(trx: Trx, key: BalanceKey, limits: StoredLimits): Promise<void> {
  const { tenant, bucket, period } = key;
  await trx
    .insertInto('balance')
    .values({ tenant, bucket, period, ...limitColumns(limits), ...NO_COUNTS })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
