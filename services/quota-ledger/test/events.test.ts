// Every administrative change of quota leaves one event with the change, and none without.

import { AuditEvent, Bucket, Limits, PeriodKind, Policy, type QuotaLedger, Tier } from '@ai-switch/contracts';
import type { Database } from '@ai-switch/db';
import { entryOf } from '@ai-switch/event-log';
import { databases, type FreshDatabase, lookInto } from '@ai-switch/testkit';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type OpenQuotaLedger, openQuotaLedger } from '../src/index.ts';
import { type LedgerSchema, migrations } from '../src/schema.ts';
import { reserveRequest, settleRequest, silentLogger } from './harness.ts';

let ids = 0;
const { tenant } = reserveRequest('r0');
function event(action: string): AuditEvent {
  ids += 1;
  return AuditEvent.create({ eventId: `evt_${ids}`, tenant, action, actor: 'usr_1', atMs: 1n });
}

const bucket = (output: bigint) =>
  Bucket.create({
    tenant,
    bucket: 'company',
    scope: 'company',
    tier: Tier.CAP,
    periodKind: PeriodKind.MONTH,
    limits: Limits.create({ output }),
  });

describe.each(databases)('changes of quota on $name', ({ create }) => {
  let fresh: FreshDatabase;
  let opened: OpenQuotaLedger;
  let ledger: QuotaLedger;

  beforeEach(async () => {
    fresh = await create();
    opened = await openQuotaLedger({ databaseUrl: fresh.url, logger: silentLogger });
    ledger = opened.ledger;
  });

  afterEach(async () => {
    await opened.close();
    await fresh.drop();
  });

  const beside = <Result>(work: (database: Database<LedgerSchema>) => Promise<Result>) =>
    lookInto<LedgerSchema, Result>({ url: fresh.url, schema: 'quota_ledger', migrations }, work);

  /** What waits to be sent. */
  const events = () =>
    beside(async ({ kysely }) => {
      const { rows } = await sql<{ data: string }>`select data from outbox`.execute(kysely);
      return rows
        .map(({ data }) => entryOf('aiswitch.audit.v1', data).record as AuditEvent)
        .map(({ action, details }) => [action, details] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1));
    });

  async function settled(id: string): Promise<void> {
    await ledger.reserve(reserveRequest(id));
    await ledger.settle(settleRequest(id));
  }

  test('each is stored once with its event, and what changes nothing has none', async () => {
    await ledger.putBucket({ bucket: bucket(100n), event: event('bucket.put') });
    await ledger.putBucket({ bucket: bucket(100n), event: event('bucket.put') });
    await ledger.closeBucket({ tenant, bucket: 'company', event: event('bucket.close') });
    await ledger.closeBucket({ tenant, bucket: 'company', event: event('bucket.close') });
    const order = { scope: 'company', tiers: [Tier.SUPPLEMENTARY, Tier.PERSONAL] };
    await ledger.putFundingOrder({ tenant, order, event: event('fundingOrder.put') });
    const { policy } = await ledger.getPolicy({ tenant });
    await ledger.putPolicy({ tenant, policy: Policy.create(policy), event: event('quotaPolicy.put') });
    await settled('r1');
    const reversing = { tenant, reservationId: 'r1', reason: 'a mistake' };
    await ledger.reverse({ ...reversing, event: event('reservation.reverse') });
    await ledger.reverse({ ...reversing, event: event('reservation.reverse') });
    await ledger.putBucket({ bucket: bucket(200n) });
    expect(await events()).toEqual([
      ['bucket.close', {}],
      ['bucket.put', {}],
      ['fundingOrder.put', {}],
      ['quotaPolicy.put', { version: '1' }],
      ['reservation.reverse', {}],
    ]);
  });

  test('one that is refused leaves no event', async () => {
    await ledger.reserve(reserveRequest('r2'));
    const reversing = {
      tenant,
      reservationId: 'r2',
      reason: 'too early',
      event: event('reservation.reverse'),
    };
    await expect(ledger.reverse(reversing)).rejects.toMatchObject({ code: 'conflict' });
    const closing = { tenant, bucket: 'department:none', event: event('bucket.close') };
    await expect(ledger.closeBucket(closing)).rejects.toMatchObject({ code: 'notFound' });
    expect(await events()).toEqual([]);
  });

  test('one whose event cannot be stored is not made', async () => {
    await ledger.putBucket({ bucket: bucket(100n) });
    await settled('r3');
    const before = (await ledger.getPolicy({ tenant })).policy;
    await beside(({ kysely }) => sql`alter table outbox rename to outbox_away`.execute(kysely));
    const refused = { code: 'unavailable' };
    await expect(
      ledger.putBucket({ bucket: bucket(999n), event: event('bucket.put') }),
    ).rejects.toMatchObject(refused);
    const policy = Policy.create({ ...before, outputTokensDefault: 7 });
    await expect(ledger.putPolicy({ tenant, policy, event: event('quotaPolicy.put') })).rejects.toMatchObject(
      refused,
    );
    const reversing = {
      tenant,
      reservationId: 'r3',
      reason: 'a mistake',
      event: event('reservation.reverse'),
    };
    await expect(ledger.reverse(reversing)).rejects.toMatchObject(refused);
    // Requests never wait for the trail.
    await settled('r4');
    await beside(({ kysely }) => sql`alter table outbox_away rename to outbox`.execute(kysely));
    expect((await ledger.getPolicy({ tenant })).policy).toEqual(before);
    const { reservation } = await ledger.getReceipt({ tenant, reservationId: 'r3' });
    expect(reservation?.state).toBe('RESERVATION_STATE_SETTLED');
    const listing = {
      tenant,
      scope: '',
      scopes: [],
      bucket: 'company',
      page: { after: '', limit: 10 },
    };
    const { balances } = await ledger.listBalances(listing);
    expect(balances[0]?.bucket?.limits?.output).toBe(100n);
    expect(await events()).toEqual([]);
  });
});
