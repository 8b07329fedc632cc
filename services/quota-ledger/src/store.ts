// Reads and writes a batch of operations with a bounded number of statements. Rows are locked in the order of their
// keys, reservations before balances, so that several ledgers on one database wait for each other and do not deadlock.
// A reservation that does not exist yet cannot be locked: whoever writes one says which version he read, and starts
// over when another ledger was faster.

import {
  type Database,
  type PreparedRows,
  prepareRows,
  type RowColumns,
  type RowValue,
  TransactionConflict,
} from '@ai-switch/db';
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely';
import type { BalanceKey, BucketKey, PostedEntry, ReservationKey, Versioned } from './keys.ts';
import { bucketText } from './keys.ts';
import type { Balance, Bucket, FundingTier, Policy, Reservation } from './model.ts';
import { DEFAULT_POLICY, UNLIMITED } from './model.ts';
import { type Context, PLATFORM_BUCKET } from './plan.ts';
import {
  MUTABLE_RESERVATION_COLUMNS,
  RESERVATION_COLUMNS,
  reservationOf,
  reservationRow,
} from './reservation-rows.ts';
import {
  BALANCE_COLUMNS,
  BUCKET_COLUMNS,
  balanceOf,
  balanceRow,
  bucketOf,
  bucketRow,
  COUNT_COLUMNS,
  ENTRY_COLUMNS,
  entryRow,
  policyOf,
  untouchedBalance,
} from './rows.ts';
import type {
  BalanceRow,
  BucketRow,
  EntryRow,
  FundingOrderRow,
  LedgerSchema,
  PolicyRow,
  ReservationRow,
} from './schema.ts';

type Trx = Transaction<LedgerSchema>;

/** Where buckets and funding orders belong; an empty scope asks for the policy alone. */
export interface ScopeKey {
  readonly tenant: string;
  readonly scope: string;
}

const RESERVATION_KEY = { tenant: 'text', reservation_id: 'text' } as const;
const BALANCE_KEY = { tenant: 'text', bucket: 'text', period: 'text' } as const;
const SCOPE_KEY = { tenant: 'text', scope: 'text' } as const;

/** Rows of one statement. */
const ROWS_MAX = 256;

export class LedgerStore {
  readonly #database: Database<LedgerSchema>;
  readonly #selectReservations: PreparedRows<'tenant' | 'reservation_id', ReservationRow>;
  readonly #selectBalances: PreparedRows<'tenant' | 'bucket' | 'period', BalanceRow>;
  readonly #selectBuckets: PreparedRows<'tenant' | 'scope', BucketRow>;
  readonly #selectOrders: PreparedRows<'tenant' | 'scope', FundingOrderRow>;
  readonly #selectPolicies: PreparedRows<'tenant', PolicyRow>;
  readonly #upsertReservations: PreparedRows<keyof ReservationRow, unknown>;
  readonly #upsertBalances: PreparedRows<keyof BalanceRow, unknown>;
  readonly #insertEntries: PreparedRows<keyof EntryRow, unknown>;
  readonly #insertBuckets: PreparedRows<keyof BucketRow, unknown>;
  readonly #lockBuckets: PreparedRows<'tenant' | 'bucket', BucketRow>;
  readonly #insertBalances: PreparedRows<keyof BalanceRow, unknown>;

  constructor(database: Database<LedgerSchema>) {
    const { kysely } = database;
    this.#database = database;
    this.#selectReservations = prepareRows(database, RESERVATION_KEY, (given) =>
      kysely
        .selectFrom('reservation')
        .selectAll()
        .where(({ eb, refTuple }) => eb(refTuple('tenant', 'reservation_id'), 'in', sql<never>`(${given})`))
        .orderBy('tenant')
        .orderBy('reservation_id')
        .forUpdate(),
    );
    this.#selectBalances = prepareRows(database, BALANCE_KEY, (given) =>
      kysely
        .selectFrom('balance')
        .selectAll()
        .where(({ eb, refTuple }) => eb(refTuple('tenant', 'bucket', 'period'), 'in', sql<never>`(${given})`))
        .orderBy('tenant')
        .orderBy('bucket')
        .orderBy('period')
        .forUpdate(),
    );
    this.#selectBuckets = prepareRows(database, SCOPE_KEY, (given) =>
      kysely
        .selectFrom('bucket')
        .selectAll()
        .where(({ eb, refTuple }) => eb(refTuple('tenant', 'scope'), 'in', sql<never>`(${given})`))
        // Grants that were closed matter no more; any other bucket that is closed is still known as such.
        .where(({ eb, or }) =>
          or([eb('tier', '<>', sql.lit('SUPPLEMENTARY')), eb('closed_at_ms', 'is', null)]),
        ),
    );
    this.#selectOrders = prepareRows(database, SCOPE_KEY, (given) =>
      kysely
        .selectFrom('funding_order')
        .selectAll()
        .where(({ eb, refTuple }) => eb(refTuple('tenant', 'scope'), 'in', sql<never>`(${given})`)),
    );
    this.#selectPolicies = prepareRows(database, { tenant: 'text' }, (given) =>
      kysely.selectFrom('policy').selectAll().where('tenant', 'in', sql<never>`(${given})`),
    );
    this.#upsertReservations = prepareRows(database, RESERVATION_COLUMNS, (given) =>
      kysely
        .insertInto('reservation')
        .columns(namesOf(RESERVATION_COLUMNS))
        .expression(given)
        .onConflict((conflict) =>
          conflict
            .columns(['tenant', 'reservation_id'])
            .doUpdateSet(excluded(namesOf(MUTABLE_RESERVATION_COLUMNS)))
            .where(({ eb, ref }) =>
              eb(ref('excluded.version'), '=', eb('reservation.version', '+', sql.lit(1n))),
            ),
        ),
    );
    this.#upsertBalances = prepareRows(database, BALANCE_COLUMNS, (given) =>
      kysely
        .insertInto('balance')
        .columns(namesOf(BALANCE_COLUMNS))
        .expression(given)
        .onConflict((conflict) =>
          conflict.columns(['tenant', 'bucket', 'period']).doUpdateSet(excluded(namesOf(COUNT_COLUMNS))),
        ),
    );
    this.#insertEntries = prepareRows(database, ENTRY_COLUMNS, (given) =>
      kysely.insertInto('entry').columns(namesOf(ENTRY_COLUMNS)).expression(given),
    );
    this.#insertBuckets = prepareRows(database, BUCKET_COLUMNS, (given) =>
      kysely
        .insertInto('bucket')
        .columns(namesOf(BUCKET_COLUMNS))
        .expression(given)
        .onConflict((conflict) => conflict.doNothing()),
    );
    this.#lockBuckets = prepareRows(database, { tenant: 'text', bucket: 'text' }, (given) =>
      kysely
        .selectFrom('bucket')
        .selectAll()
        .where(({ eb, refTuple }) => eb(refTuple('tenant', 'bucket'), 'in', sql<never>`(${given})`))
        .orderBy('tenant')
        .orderBy('bucket')
        .forUpdate(),
    );
    this.#insertBalances = prepareRows(database, BALANCE_COLUMNS, (given) =>
      kysely
        .insertInto('balance')
        .columns(namesOf(BALANCE_COLUMNS))
        .expression(given)
        .onConflict((conflict) => conflict.doNothing()),
    );
  }

  /** Those of `keys` that exist, locked. */
  async lockReservations(trx: Trx, keys: readonly ReservationKey[]): Promise<readonly Versioned[]> {
    const rows = keys.map(({ tenant, reservationId }) => ({ tenant, reservation_id: reservationId }));
    const found = await readAll(trx, this.#selectReservations, rows);
    return found.map((row) => ({ reservation: reservationOf(row), version: row.version }));
  }

  /** Those of `keys` that exist, locked. */
  async lockBalances(trx: Trx, keys: readonly BalanceKey[]): Promise<readonly Balance[]> {
    const rows = keys.map(({ tenant, bucket, period }) => ({ tenant, bucket, period }));
    return (await readAll(trx, this.#selectBalances, rows)).map(balanceOf);
  }

  /** What decides the plans of subjects in these scopes, by tenant. Nothing is locked: a plan is of its moment. */
  async readContexts(
    trx: Kysely<LedgerSchema>,
    keys: readonly ScopeKey[],
  ): Promise<ReadonlyMap<string, Context>> {
    const tenants = [...new Set(keys.map(({ tenant }) => tenant))];
    const rows = keys.map(({ tenant, scope }) => ({ tenant, scope }));
    const policies = await readAll(
      trx,
      this.#selectPolicies,
      tenants.map((tenant) => ({ tenant })),
    );
    const buckets = await readAll(trx, this.#selectBuckets, rows);
    const orders = await readAll(trx, this.#selectOrders, rows);
    const contexts = new Map(tenants.map((tenant) => [tenant, emptyContext()]));
    for (const row of policies) {
      const context = contexts.get(row.tenant);
      if (context !== undefined) context.policy = policyOf(row);
    }
    for (const row of buckets) {
      const found = contexts.get(row.tenant)?.buckets;
      const known = found?.get(row.scope);
      if (known === undefined) found?.set(row.scope, [bucketOf(row)]);
      else known.push(bucketOf(row));
    }
    for (const { tenant, scope, tiers } of orders) {
      contexts.get(tenant)?.orders.set(scope, tiers.split(',') as FundingTier[]);
    }
    return contexts;
  }

  /** @throws TransactionConflict when one was changed since it was read. */
  async writeReservations(trx: Trx, changed: readonly Versioned[]): Promise<void> {
    const rows = changed.map(({ reservation, version }) => reservationRow(reservation, version));
    const { affectedRows } = await this.#upsertReservations.execute(trx, rows);
    if (affectedRows !== rows.length) throw new TransactionConflict('a reservation was changed meanwhile');
  }

  async writeBalances(trx: Trx, changed: readonly Balance[]): Promise<void> {
    await writeAll(trx, this.#upsertBalances, changed.map(balanceRow));
  }

  async writeEntries(trx: Trx, entries: readonly PostedEntry[]): Promise<void> {
    await writeAll(trx, this.#insertEntries, entries.map(entryRow));
  }

  /**
   * Makes the rows of buckets that nobody touched in their period yet, with the limits in force. In a transaction of
   * its own: it locks buckets first, as every change of a bucket does, and a batch holds locks already when it misses a balance.
   */
  createBalances(keys: readonly BalanceKey[], nowMs: bigint): Promise<void> {
    return this.#database.transaction(async (trx) => {
      const implied = keys.flatMap((key) => impliedBucket(key, nowMs) ?? []);
      if (implied.length > 0) await writeAll(trx, this.#insertBuckets, implied.map(bucketRow));
      const bucketKeys = keys.map(({ tenant, bucket }) => ({ tenant, bucket }));
      const rows = await readAll(trx, this.#lockBuckets, bucketKeys);
      const buckets = new Map(rows.map((row) => [bucketText(row), bucketOf(row)]));
      const balances = keys.map((key) => {
        const bucket = buckets.get(bucketText(key));
        if (bucket === undefined) throw new Error(`the bucket ${key.bucket} is in a plan and does not exist`);
        return balanceRow(untouchedBalance(bucket, key.period));
      });
      await writeAll(trx, this.#insertBalances, balances);
    });
  }

  async readReservation({ tenant, reservationId }: ReservationKey): Promise<Reservation | undefined> {
    const row = await this.#database.kysely
      .selectFrom('reservation')
      .selectAll()
      .where('tenant', '=', tenant)
      .where('reservation_id', '=', reservationId)
      .executeTakeFirst();
    return row === undefined ? undefined : reservationOf(row);
  }

  /** All that a reservation posted, in the order in which it did. */
  async readEntries({ tenant, reservationId }: ReservationKey): Promise<readonly EntryRow[]> {
    const rows = await this.#database.kysely
      .selectFrom('entry')
      .selectAll()
      .where('tenant', '=', tenant)
      .where('reservation_id', '=', reservationId)
      .orderBy('bucket')
      .execute();
    return rows.toSorted((one, other) => placeOf(one) - placeOf(other));
  }

  /** Holds whose deadline has passed, the oldest first; those that another operation works on are left to the next sweep. */
  async findDueHolds(nowMs: bigint, limit: number): Promise<readonly ReservationKey[]> {
    return await this.#database.kysely
      .selectFrom('reservation')
      .select(['tenant', 'reservation_id as reservationId'])
      // A literal, so that PostgreSQL finds the index of open holds.
      .where('state', '=', sql.lit('HELD'))
      .where('expires_at_ms', '<=', nowMs)
      .orderBy('expires_at_ms')
      .limit(limit)
      .forUpdate()
      .skipLocked()
      .execute();
  }
}

/** A bucket, locked against other changes of it. */
export async function lockBucket(trx: Trx, { tenant, bucket }: BucketKey): Promise<Bucket | undefined> {
  const row = await trx
    .selectFrom('bucket')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('bucket', '=', bucket)
    .forUpdate()
    .executeTakeFirst();
  return row === undefined ? undefined : bucketOf(row);
}

/** The bucket that everybody has without asking, unlimited; undefined for one that somebody has to put. */
export function impliedBucket({ tenant, bucket }: BucketKey, nowMs: bigint): Bucket | undefined {
  const isPlatform = bucket === PLATFORM_BUCKET;
  if (!isPlatform && !bucket.startsWith(PERSONAL)) return undefined;
  return {
    tenant,
    bucket,
    tier: isPlatform ? 'PLATFORM' : 'PERSONAL',
    scope: isPlatform ? PLATFORM_BUCKET : `user:${bucket.slice(PERSONAL.length)}`,
    limits: UNLIMITED,
    periodKind: 'MONTH',
    validFromMs: null,
    validUntilMs: null,
    closedAtMs: null,
    note: '',
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
}

const PERSONAL = 'personal:';

/** In the life of a reservation: several entries may be of one millisecond. */
function placeOf({ operation, op_seq: opSeq }: EntryRow): number {
  if (operation === 'reserve') return 0;
  if (operation === 'extend') return Number(opSeq);
  return operation === 'reverse' ? LAST : operation === 'reconcile' ? LAST - 1 : LAST - 2;
}
const LAST = Number.MAX_SAFE_INTEGER;

interface MutableContext extends Context {
  policy: Policy;
  readonly buckets: Map<string, Bucket[]>;
  readonly orders: Map<string, FundingTier[]>;
}

function emptyContext(): MutableContext {
  return { policy: DEFAULT_POLICY, buckets: new Map(), orders: new Map() };
}

async function readAll<Column extends string, Row>(
  trx: Kysely<LedgerSchema>,
  query: PreparedRows<Column, Row>,
  rows: readonly Readonly<Record<Column, RowValue>>[],
): Promise<readonly Row[]> {
  if (rows.length <= ROWS_MAX) return (await query.execute(trx, rows)).rows;
  const found: Row[] = [];
  for (let start = 0; start < rows.length; start += ROWS_MAX) {
    found.push(...(await query.execute(trx, rows.slice(start, start + ROWS_MAX))).rows);
  }
  return found;
}

async function writeAll<Column extends string>(
  trx: Trx,
  query: PreparedRows<Column, unknown>,
  rows: readonly Readonly<Record<Column, RowValue>>[],
): Promise<void> {
  for (let start = 0; start < rows.length; start += ROWS_MAX) {
    await query.execute(trx, rows.slice(start, start + ROWS_MAX));
  }
}

function namesOf<Column extends string>(columns: RowColumns<Column>): Column[] {
  return Object.keys(columns) as Column[];
}

/** Each column set to what the row that was to be inserted has. */
function excluded<Column extends string>(columns: readonly Column[]) {
  const entries = columns.map((column) => [column, sql.ref<never>(`excluded.${column}`)] as const);
  return Object.fromEntries(entries) as Record<Column, RawBuilder<never>>;
}
