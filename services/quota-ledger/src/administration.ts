// Buckets, funding orders and policies, and how they stand. A change locks its bucket first and then the balances, as the
// creation of a balance does; batches of operations only read buckets. What is held is never touched.

import * as contracts from '@ai-switch/contracts';
import { type Database, numberChange } from '@ai-switch/db';
import { Fault } from '@ai-switch/kernel';
import type { Kysely, Transaction } from 'kysely';
import * as rows from './administration-store.ts';
import { record } from './changes.ts';
import type { BalanceKey, BucketKey } from './keys.ts';
import { balanceMessage, bucketMessage, entryMessage, policyMessage } from './messages.ts';
import { type Balance, type Bucket, DEFAULT_POLICY, type FundingTier, type Policy } from './model.ts';
import { notAPlace, pageOf, rangeOf } from './paging.ts';
import { type Period, periodAt } from './period.ts';
import { bucketsOf, scopesOf } from './plan.ts';
import {
  readBucket,
  readBucketKey,
  readFundingOrder,
  readPolicy,
  readScopeFilter,
  readScopesFilter,
  readStatementKey,
  type WantedBucket,
} from './read-bucket.ts';
import { readId, readSubject } from './read-operation.ts';
import { untouchedBalance } from './rows.ts';
import type { LedgerSchema } from './schema.ts';
import { impliedBucket, type LedgerStore, lockBucket } from './store.ts';

/** Open grants of one scope: each is a row that every request of that scope locks. */
const GRANTS_MAX = 20;

export interface AdministrationParts {
  readonly database: Database<LedgerSchema>;
  readonly store: LedgerStore;
  /** The database's own clock. */
  readonly nowMs: (executor: Kysely<LedgerSchema>) => Promise<bigint>;
}

export class Administration {
  readonly #parts: AdministrationParts;

  constructor(parts: AdministrationParts) {
    this.#parts = parts;
  }

  async putBucket(request: contracts.PutBucketRequest): Promise<contracts.PutBucketResponse> {
    const wanted = readBucket(request.bucket);
    const bucket = await this.#changeBucket(wanted, request.event, (known, nowMs) =>
      bucketFrom(wanted, known, nowMs),
    );
    return { bucket };
  }

  async closeBucket(request: contracts.CloseBucketRequest): Promise<contracts.CloseBucketResponse> {
    const key = readBucketKey(request);
    const bucket = await this.#changeBucket(key, request.event, (known, nowMs) => {
      if (known === undefined) throw unknownBucket(key.bucket);
      if (known.closedAtMs !== null) return known;
      return { ...known, closedAtMs: nowMs, updatedAtMs: nowMs };
    });
    return { bucket };
  }

  /** @param change gets the bucket as it is stored, locked; what it returns is stored, unless that is the same object */
  #changeBucket(
    key: BucketKey,
    event: contracts.AuditEvent | undefined,
    change: (known: Bucket | undefined, nowMs: bigint) => Bucket,
  ): Promise<contracts.BucketBalance> {
    const { database, nowMs } = this.#parts;
    return database.transaction(async (trx) => {
      const known = await lockBucket(trx, key);
      const now = await nowMs(trx);
      const changed = change(known, now);
      const period = await this.#periodOf(trx, changed, now);
      const wasOpen = known !== undefined && known.closedAtMs === null;
      const isOpening = !wasOpen && changed.closedAtMs === null;
      if (isOpening && changed.tier === 'SUPPLEMENTARY') await assertRoomForGrant(trx, changed, now);
      if (changed === known) return await this.#stateOf(trx, known, period);
      const balance = await rows.writeBucket(trx, changed, period.id);
      await record(trx, event);
      return stateMessage(changed, balance, period);
    });
  }

  async putFundingOrder(
    request: contracts.PutFundingOrderRequest,
  ): Promise<contracts.PutFundingOrderResponse> {
    const tenant = readId(request.tenant, 'tenant');
    const { scope, tiers } = readFundingOrder(request.order);
    await this.#parts.database.transaction(async (trx) => {
      await rows.writeFundingOrder(trx, { tenant, scope }, tiers);
      await record(trx, request.event);
    });
    return { order: orderMessage(scope, tiers) };
  }

  async listFundingOrders(
    request: contracts.ListFundingOrdersRequest,
  ): Promise<contracts.ListFundingOrdersResponse> {
    const tenant = readId(request.tenant, 'tenant');
    const range = rangeOf(request.page, 1);
    const found = await rows.listFundingOrders(this.#parts.database.kysely, tenant, range);
    const page = pageOf(found, range.limit, ({ scope }) => [scope]);
    const orders = page.rows.map(({ scope, tiers }) =>
      orderMessage(scope, tiers.split(',') as FundingTier[]),
    );
    return { orders, nextAfter: page.nextAfter };
  }

  async getPolicy(request: contracts.GetPolicyRequest): Promise<contracts.GetPolicyResponse> {
    const tenant = readId(request.tenant, 'tenant');
    return { policy: policyMessage(await this.#policyOf(this.#parts.database.kysely, tenant)) };
  }

  async putPolicy(request: contracts.PutPolicyRequest): Promise<contracts.PutPolicyResponse> {
    const tenant = readId(request.tenant, 'tenant');
    const wanted = readPolicy(request.policy, 0n);
    const { database } = this.#parts;
    const stored = await database.transaction(async (trx) => {
      const written = await rows.writePolicy(trx, tenant, wanted);
      await numberChange(trx, tenant);
      await record(trx, request.event, { version: String(written.version) });
      return written;
    });
    return { policy: policyMessage(stored) };
  }

  async getBalances(request: contracts.GetBalancesRequest): Promise<contracts.GetBalancesResponse> {
    const tenant = readId(request.tenant, 'tenant');
    const subject = readSubject(request.subject);
    const { database, store, nowMs } = this.#parts;
    const balances = await database.transaction(async (trx) => {
      const now = await nowMs(trx);
      const contexts = await store.readContexts(
        trx,
        scopesOf(subject).map((scope) => ({ tenant, scope })),
      );
      const context = contexts.get(tenant);
      if (context === undefined) return [];
      const states: contracts.BucketBalance[] = [];
      for (const planned of bucketsOf(subject, context, now)) {
        const key = { tenant, bucket: planned.bucket };
        const bucket = (await rows.readBucketRow(trx, key)) ?? impliedBucket(key, now);
        if (bucket === undefined) continue;
        const period = periodAt(bucket.periodKind, now, context.policy);
        states.push(await this.#stateOf(trx, bucket, period));
      }
      return states;
    });
    return { balances };
  }

  async listBalances(request: contracts.ListBalancesRequest): Promise<contracts.ListBalancesResponse> {
    const tenant = readId(request.tenant, 'tenant');
    const scope = readScopeFilter(request.scope);
    const scopes = readScopesFilter(request.scopes);
    const bucket = request.bucket === '' ? '' : readBucketKey({ tenant, bucket: request.bucket }).bucket;
    const range = rangeOf(request.page, 1);
    const { database, nowMs } = this.#parts;
    return await database.transaction(async (trx) => {
      const now = await nowMs(trx);
      const policy = await this.#policyOf(trx, tenant);
      const found = await rows.listBuckets(trx, tenant, range, { scope, scopes, bucket });
      const page = pageOf(found, range.limit, (each) => [each.bucket]);
      const balances: contracts.BucketBalance[] = [];
      for (const each of page.rows) {
        balances.push(await this.#stateOf(trx, each, periodAt(each.periodKind, now, policy)));
      }
      return { balances, nextAfter: page.nextAfter };
    });
  }

  async listEntries(request: contracts.ListEntriesRequest): Promise<contracts.ListEntriesResponse> {
    const wanted = readStatementKey(request);
    const range = rangeOf(request.page, 4);
    for (const part of [range.after?.[0], range.after?.[3]]) {
      if (part !== undefined && !/^[0-9]{1,18}$/.test(part)) throw notAPlace();
    }
    const { database, nowMs } = this.#parts;
    const bucket = await rows.readBucketRow(database.kysely, wanted);
    if (bucket === undefined) throw unknownBucket(wanted.bucket);
    const current = await this.#periodOf(database.kysely, bucket, await nowMs(database.kysely));
    const key: BalanceKey = { ...wanted, period: wanted.period === '' ? current.id : wanted.period };
    const found = await rows.listEntries(database.kysely, key, range);
    const page = pageOf(found, range.limit, (row) => [
      String(row.at_ms),
      row.reservation_id,
      row.operation,
      String(row.op_seq),
    ]);
    return { entries: page.rows.map(entryMessage), nextAfter: page.nextAfter, period: key.period };
  }

  async #policyOf(executor: Kysely<LedgerSchema>, tenant: string): Promise<Policy> {
    return (await rows.readPolicyRow(executor, tenant)) ?? DEFAULT_POLICY;
  }

  async #periodOf(executor: Kysely<LedgerSchema>, bucket: Bucket, nowMs: bigint): Promise<Period> {
    return periodAt(bucket.periodKind, nowMs, await this.#policyOf(executor, bucket.tenant));
  }

  async #stateOf(
    executor: Kysely<LedgerSchema>,
    bucket: Bucket,
    period: Period,
  ): Promise<contracts.BucketBalance> {
    const key = { tenant: bucket.tenant, bucket: bucket.bucket, period: period.id };
    const balance = await rows.readBalance(executor, key);
    return stateMessage(bucket, balance ?? untouchedBalance(bucket, period.id), period);
  }
}

/** The stored object itself when nothing differs, so that putting the same again changes nothing. */
function bucketFrom(wanted: WantedBucket, known: Bucket | undefined, nowMs: bigint): Bucket {
  if (known === undefined) {
    return { ...wanted, closedAtMs: null, createdAtMs: nowMs, updatedAtMs: nowMs };
  }
  if (known.scope !== wanted.scope || known.tier !== wanted.tier) {
    throw new Fault('conflict', `The bucket "${known.bucket}" belongs to ${known.scope}. Make another one.`, {
      details: { field: 'bucket.scope' },
    });
  }
  const changed: Bucket = { ...known, ...wanted, closedAtMs: null };
  const isSame =
    known.closedAtMs === null &&
    known.periodKind === wanted.periodKind &&
    known.validFromMs === wanted.validFromMs &&
    known.validUntilMs === wanted.validUntilMs &&
    known.note === wanted.note &&
    Object.entries(wanted.limits).every(
      ([type, limit]) => known.limits[type as keyof typeof known.limits] === limit,
    );
  return isSame ? known : { ...changed, updatedAtMs: nowMs };
}

async function assertRoomForGrant(
  trx: Transaction<LedgerSchema>,
  bucket: Bucket,
  nowMs: bigint,
): Promise<void> {
  if ((await rows.countOpenGrants(trx, bucket, nowMs)) < GRANTS_MAX) return;
  throw new Fault(
    'tooLarge',
    `There may be at most ${GRANTS_MAX} open grants of one scope. Close one first.`,
    {
      details: { scope: bucket.scope },
    },
  );
}

function stateMessage(bucket: Bucket, balance: Balance, period: Period): contracts.BucketBalance {
  return { bucket: bucketMessage(bucket), balance: balanceMessage(balance, period.endsAtMs) };
}

function orderMessage(scope: string, tiers: readonly FundingTier[]): contracts.FundingOrder {
  return { scope, tiers: tiers.map((tier) => contracts.Tier[tier]) };
}

function unknownBucket(bucket: string): Fault {
  return new Fault('notFound', `There is no bucket "${bucket}".`, { details: { bucket } });
}
