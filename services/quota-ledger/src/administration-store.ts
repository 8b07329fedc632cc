// What administrators put and read, in rows. Every condition has the tenant in it.

import { type Kysely, sql, type Transaction } from 'kysely';
import type { BalanceKey, BucketKey } from './keys.ts';
import type { Balance, Bucket, FundingTier, Policy } from './model.ts';
import type { PageRange } from './paging.ts';
import {
  balanceOf,
  balanceRow,
  bucketOf,
  bucketRow,
  limitColumns,
  openingColumns,
  policyOf,
  untouchedBalance,
} from './rows.ts';
import type { EntryRow, FundingOrderRow, LedgerSchema } from './schema.ts';

type Trx = Transaction<LedgerSchema>;
type Executor = Kysely<LedgerSchema>;

/**
 * Writes a bucket that the transaction has locked, or a new one. Its limits go to the balance of `period`, which is made
 * if nobody touched it yet, and to those of later periods; its opening times to all, for a hold that is still open in
 * an earlier period must not grow either once the bucket is closed.
 */
export async function writeBucket(trx: Trx, bucket: Bucket, period: string): Promise<Balance> {
  const { tenant, bucket: id } = bucket;
  const row = bucketRow(bucket);
  await trx
    .insertInto('bucket')
    .values(row)
    .onConflict((conflict) => conflict.columns(['tenant', 'bucket']).doUpdateSet(row))
    .execute();
  await trx
    .insertInto('balance')
    .values(balanceRow(untouchedBalance(bucket, period)))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await trx
    .updateTable('balance')
    .set(limitColumns(bucket.limits))
    .where('tenant', '=', tenant)
    .where('bucket', '=', id)
    .where('period', '>=', period)
    .execute();
  const opening = openingColumns(bucket);
  await trx
    .updateTable('balance')
    .set(opening)
    .where('tenant', '=', tenant)
    .where('bucket', '=', id)
    .where(({ eb, or }) =>
      or([
        eb('open_from_ms', 'is distinct from', opening.open_from_ms),
        eb('open_until_ms', 'is distinct from', opening.open_until_ms),
      ]),
    )
    .execute();
  const balance = await readBalance(trx, { tenant, bucket: id, period });
  return balance ?? untouchedBalance(bucket, period);
}

/** Makes every other change of this company's grants of the scope wait, so that they can be counted. */
export async function countOpenGrants(trx: Trx, { tenant, scope }: Bucket, nowMs: bigint): Promise<number> {
  const rows = await trx
    .selectFrom('bucket')
    .select('bucket')
    .where('tenant', '=', tenant)
    .where('scope', '=', scope)
    .where('tier', '=', sql.lit('SUPPLEMENTARY'))
    .where('closed_at_ms', 'is', null)
    .where(({ eb, or }) => or([eb('valid_until_ms', 'is', null), eb('valid_until_ms', '>', nowMs)]))
    .orderBy('bucket')
    .forUpdate()
    .execute();
  return rows.length;
}

export async function readBucketRow(
  executor: Executor,
  { tenant, bucket }: BucketKey,
): Promise<Bucket | undefined> {
  const row = await executor
    .selectFrom('bucket')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('bucket', '=', bucket)
    .executeTakeFirst();
  return row === undefined ? undefined : bucketOf(row);
}

export async function readBalance(
  executor: Executor,
  { tenant, bucket, period }: BalanceKey,
): Promise<Balance | undefined> {
  const row = await executor
    .selectFrom('balance')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('bucket', '=', bucket)
    .where('period', '=', period)
    .executeTakeFirst();
  return row === undefined ? undefined : balanceOf(row);
}

/** Buckets by id; of one scope or with one id, unless that is empty. */
export async function listBuckets(
  executor: Executor,
  tenant: string,
  { after, limit }: PageRange,
  filter: { readonly scope: string; readonly scopes: readonly string[]; readonly bucket: string },
): Promise<readonly Bucket[]> {
  const rows = await executor
    .selectFrom('bucket')
    .selectAll()
    .where('tenant', '=', tenant)
    .$if(filter.scope !== '', (query) => query.where('scope', '=', filter.scope))
    .$if(filter.scopes.length > 0, (query) => query.where('scope', 'in', filter.scopes))
    .$if(filter.bucket !== '', (query) => query.where('bucket', '=', filter.bucket))
    .$if(after !== undefined, (query) => query.where('bucket', '>', after?.[0] ?? ''))
    .orderBy('bucket')
    .limit(limit + 1)
    .execute();
  return rows.map(bucketOf);
}

/** A statement, oldest first. @param range after a time, a reservation, an operation and its number */
export async function listEntries(
  executor: Executor,
  { tenant, bucket, period }: BalanceKey,
  { after, limit }: PageRange,
): Promise<readonly EntryRow[]> {
  const [atMs = '0', reservationId = '', operation = '', opSeq = '0'] = after ?? [];
  return await executor
    .selectFrom('entry')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('bucket', '=', bucket)
    .where('period', '=', period)
    .$if(after !== undefined, (query) =>
      query.where(({ eb, refTuple, tuple }) =>
        eb(
          refTuple('at_ms', 'reservation_id', 'operation', 'op_seq'),
          '>',
          tuple(BigInt(atMs), reservationId, operation as EntryRow['operation'], BigInt(opSeq)),
        ),
      ),
    )
    .orderBy('at_ms')
    .orderBy('reservation_id')
    .orderBy('operation')
    .orderBy('op_seq')
    .limit(limit + 1)
    .execute();
}

/** No tiers: the scope's order is removed. */
export async function writeFundingOrder(
  executor: Executor,
  { tenant, scope }: { readonly tenant: string; readonly scope: string },
  tiers: readonly FundingTier[],
): Promise<void> {
  if (tiers.length === 0) {
    await executor
      .deleteFrom('funding_order')
      .where('tenant', '=', tenant)
      .where('scope', '=', scope)
      .execute();
    return;
  }
  const row = { tenant, scope, tiers: tiers.join(',') };
  await executor
    .insertInto('funding_order')
    .values(row)
    .onConflict((conflict) => conflict.columns(['tenant', 'scope']).doUpdateSet({ tiers: row.tiers }))
    .execute();
}

export async function listFundingOrders(
  executor: Executor,
  tenant: string,
  { after, limit }: PageRange,
): Promise<readonly FundingOrderRow[]> {
  return await executor
    .selectFrom('funding_order')
    .selectAll()
    .where('tenant', '=', tenant)
    .$if(after !== undefined, (query) => query.where('scope', '>', after?.[0] ?? ''))
    .orderBy('scope')
    .limit(limit + 1)
    .execute();
}

export async function readPolicyRow(executor: Executor, tenant: string): Promise<Policy | undefined> {
  const row = await executor.selectFrom('policy').selectAll().where('tenant', '=', tenant).executeTakeFirst();
  return row === undefined ? undefined : policyOf(row);
}

/** Replaces the policy; its version is one above the one that was stored, whoever else writes at the same time. */
export async function writePolicy(trx: Trx, tenant: string, policy: Policy): Promise<Policy> {
  const columns = {
    time_zone: policy.timeZone,
    fiscal_year_starts_in_month: BigInt(policy.fiscalYearStartsInMonth),
    expiry_charge: policy.expiryCharge,
    hold_rule: policy.holdRule,
    dry_rule: policy.dryRule,
    output_tokens_default: BigInt(policy.outputTokensDefault),
    output_tokens_max: BigInt(policy.outputTokensMax),
  };
  const row = await trx
    .insertInto('policy')
    .values({ tenant, version: 1n, ...columns })
    .onConflict((conflict) =>
      conflict.column('tenant').doUpdateSet((eb) => ({ ...columns, version: eb('policy.version', '+', 1n) })),
    )
    .returningAll()
    .executeTakeFirstOrThrow();
  return policyOf(row);
}
