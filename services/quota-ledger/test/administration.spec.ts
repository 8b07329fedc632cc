// What administrators put and read; part of the spec in ledger.spec.ts.

import {
  Bucket,
  DryRule,
  ExpiryCharge,
  GetBalancesRequest,
  HoldRule,
  ListBalancesRequest,
  ListFundingOrdersRequest,
  Page,
  PeriodKind,
  Tier,
} from '@ai-switch/contracts';
import { describe, expect, test } from 'vitest';
import { amounts, DAY_MS, PERSONAL, subject } from './harness.ts';
import { otherTenant, type World } from './world.ts';

export function describeAdministration(world: () => World): void {
  describe('buckets', () => {
    test.each([
      [Tier.PERSONAL, 'user:user_ann', 'personal:user_ann'],
      [Tier.PROJECT, 'project:p1', 'project:p1'],
      [Tier.CAP, 'company', 'company'],
      [Tier.CAP, 'department:d1', 'department:d1'],
      [Tier.CAP, 'model:a/b:c', 'model:a/b:c'],
    ])('%s of %s is called %s', async (tier, scope, id) => {
      const { put, balance, clock, tenant } = world();
      const now = BigInt(clock.nowMs());
      const limits = { input: 100n, cost: 7n };
      expect(await put({ tier, scope, limits, note: 'agreed in May' })).toEqual({
        bucket: Bucket.create({
          tenant,
          bucket: id,
          tier,
          scope,
          limits,
          periodKind: PeriodKind.MONTH,
          note: 'agreed in May',
          createdAtMs: now,
          updatedAtMs: now,
        }),
        balance: {
          bucket: id,
          period: '2026-11',
          periodEndsAtMs: BigInt(Date.UTC(2026, 11, 1)),
          limits,
          used: amounts(0),
          held: amounts(0),
          overrun: amounts(0),
        },
      });
      expect((await put({ tier, scope, bucket: id, limits })).bucket?.bucket).toBe(id);
      expect(await balance(id)).toMatchObject({ limits });
    });

    test('a grant has a name of its own, a validity and one period, and gives nothing that it does not name', async () => {
      const { putGrant } = world();
      const validity = { validFromMs: 5n, validUntilMs: 2n ** 42n };
      expect(await putGrant('May-2026_x.1', { output: 9n }, validity)).toMatchObject({
        bucket: { periodKind: PeriodKind.WHOLE, ...validity },
        balance: {
          bucket: 'grant:May-2026_x.1',
          period: 'whole',
          periodEndsAtMs: undefined,
          limits: { input: 0n, output: 9n, cacheRead: 0n, cacheWrite: 0n, cost: 0n },
        },
      });
    });

    test('put again with the same content change nothing', async () => {
      const { putPersonal, putGrant, clock, dump } = world();
      const first = [await putPersonal({ input: 5n }, { note: 'n' }), await putGrant('g', { input: 5n })];
      const before = await dump();
      clock.turn(1_000);
      expect([await putPersonal({ input: 5n }, { note: 'n' }), await putGrant('g', { input: 5n })]).toEqual(
        first,
      );
      expect(await dump()).toEqual(before);
    });

    test('put again with other content keep what is used and held', async () => {
      const { reserve, settle, putPersonal, clock } = world();
      await putPersonal({ input: 500n });
      const createdAtMs = BigInt(clock.nowMs());
      await reserve('r1');
      await settle('r1');
      await reserve('r2');
      clock.turn(1_000);
      expect(await putPersonal({ input: 700n, output: 1n }, { note: 'more' })).toMatchObject({
        bucket: { createdAtMs, updatedAtMs: BigInt(clock.nowMs()), note: 'more' },
        balance: { limits: { input: 700n, output: 1n }, used: amounts(100), held: amounts(100) },
      });
      expect((await putPersonal({})).balance?.limits).toEqual({});
    });

    test('put with another kind of period begin a new one, and keep what the old one has', async () => {
      const { reserve, settle, putPersonal, usedIn, balance } = world();
      await putPersonal({ input: 200n });
      await reserve('r1');
      expect(await putPersonal({ input: 200n }, { periodKind: PeriodKind.QUARTER })).toMatchObject({
        balance: { period: '2026-Q4', used: amounts(0), held: amounts(0) },
      });
      await settle('r1');
      expect((await balance()).used).toEqual(amounts(0));
      expect(await usedIn(PERSONAL, '2026-11')).toEqual(amounts(100));
    });

    test('closed again stay closed since the first time', async () => {
      const { putPersonal, closeBucket, clock } = world();
      await putPersonal({});
      const first = await closeBucket(PERSONAL);
      expect(first?.bucket?.closedAtMs).toBe(BigInt(clock.nowMs()));
      clock.turn(1_000);
      expect(await closeBucket(PERSONAL)).toEqual(first);
    });

    test('of one scope may be at most 20 open grants', async () => {
      const { putGrant, closeBucket, clock } = world();
      const validUntilMs = BigInt(clock.nowMs() + DAY_MS);
      await putGrant('0', { input: 1n }, { validUntilMs });
      for (let place = 1; place < 20; place += 1) await putGrant(`${place}`, { input: 1n });
      await expect(putGrant('20', { input: 1n })).rejects.toMatchObject({ code: 'tooLarge' });
      await putGrant('of-all', { input: 1n }, { scope: 'company' });
      await putGrant('7', { input: 2n });
      await closeBucket('grant:7');
      await putGrant('20', { input: 1n });
      await expect(putGrant('7', { input: 2n })).rejects.toMatchObject({ code: 'tooLarge' });
      clock.turn(DAY_MS);
      await putGrant('7', { input: 2n });
    });

    test('are listed by id with how they stand, closed ones too, page by page', async () => {
      const { putPersonal, putProject, putGrant, putCap, closeBucket, reserve, ledger, tenant } = world();
      await putCap('company', { input: 1_000n });
      await putPersonal({ input: 1_000n });
      await putProject('p1', {});
      await putGrant('g', { input: 1n });
      await reserve('r1');
      await closeBucket('project:p1');
      const list = async (rest: Partial<ListBalancesRequest>) => {
        const found = await ledger.listBalances(ListBalancesRequest.create({ tenant, ...rest }));
        return { ids: found.balances.map(({ bucket }) => bucket?.bucket), ...found };
      };
      const all = ['company', 'grant:g', PERSONAL, 'project:p1'];
      expect(await list({})).toMatchObject({ ids: all, nextAfter: '' });
      const first = await list({ page: Page.create({ limit: 3 }) });
      expect(first.ids).toEqual(all.slice(0, 3));
      expect(first.balances[2]?.balance).toMatchObject({ bucket: PERSONAL, held: amounts(100) });
      const second = await list({ page: Page.create({ limit: 3, after: first.nextAfter }) });
      expect(second).toMatchObject({ ids: ['project:p1'], nextAfter: '' });
      expect(second.balances[0]?.bucket?.closedAtMs).toBeDefined();
      expect((await list({ page: Page.create({ limit: 4 }) })).nextAfter).toBe('');
      expect((await list({ scope: 'user:user_ann' })).ids).toEqual(['grant:g', PERSONAL]);
      expect((await list({ scopes: ['user:user_ann', 'company', 'user:gone'] })).ids).toEqual(
        all.slice(0, 3),
      );
      expect((await list({ scopes: ['user:gone'] })).ids).toEqual([]);
      expect((await list({ scopes: ['company'], scope: 'user:user_ann' })).ids).toEqual([]);
      expect((await list({ bucket: PERSONAL })).ids).toEqual([PERSONAL]);
      expect((await list({ bucket: PERSONAL, scope: 'company' })).ids).toEqual([]);
      expect((await list({ tenant: otherTenant(tenant) })).ids).toEqual([]);
    });

    test('of a subject are told without making any, the unlimited one of everybody as well', async () => {
      const { ledger, tenant, dump } = world();
      const before = await dump();
      const request = GetBalancesRequest.create({ tenant, subject: subject() });
      expect(await ledger.getBalances(request)).toMatchObject({
        balances: [{ bucket: { bucket: PERSONAL, limits: {} }, balance: { used: amounts(0), limits: {} } }],
      });
      expect(await dump()).toEqual(before);
    });
  });

  describe('statements', () => {
    test('list every entry of a bucket in its period, oldest first, page by page', async () => {
      const { reserve, extend, settle, reverse, statement, clock } = world();
      for (const id of ['b', 'a', 'c']) {
        await reserve(id);
        clock.turn(1);
      }
      await extend('a');
      clock.turn(1);
      await settle('a');
      await settle('b');
      clock.turn(1);
      await reverse('b');
      const words = (
        [
          ['b', 'reserve'],
          ['a', 'reserve'],
          ['c', 'reserve'],
          ['a', 'extend'],
          ['a', 'settle'],
          ['b', 'settle'],
          ['b', 'reverse'],
        ] as const
      ).map(([reservationId, operation]) => ({ reservationId, operation }));
      const whole = await statement(PERSONAL);
      expect(whole).toMatchObject({ period: '2026-11', nextAfter: '', entries: words });
      const paged: unknown[] = [];
      let after = '';
      do {
        const page = await statement(PERSONAL, '', { limit: 2, after });
        expect(page.entries.length).toBeLessThanOrEqual(2);
        paged.push(...page.entries);
        after = page.nextAfter;
      } while (after !== '');
      expect(paged).toEqual(whole.entries);
    });

    test('lose nothing between pages of what was posted in one moment', async () => {
      const { reserve, settle, statement } = world();
      const ids = ['e', 'b', 'd', 'a', 'c'];
      for (const id of ids) {
        await reserve(id);
        await settle(id);
      }
      const seen: string[] = [];
      let after = '';
      do {
        const page = await statement(PERSONAL, '', { limit: 3, after });
        seen.push(...page.entries.map(({ reservationId, operation }) => `${reservationId} ${operation}`));
        after = page.nextAfter;
      } while (after !== '');
      expect(seen).toHaveLength(10);
      expect(new Set(seen)).toEqual(new Set(ids.flatMap((id) => [`${id} reserve`, `${id} settle`])));
    });

    test('of another period list what was posted there', async () => {
      const { reserve, settle, statement, clock } = world();
      await reserve('r1');
      clock.turn(20 * DAY_MS);
      await settle('r1');
      await reserve('r2');
      expect((await statement(PERSONAL, '2026-11')).entries.map(({ operation }) => operation)).toEqual([
        'reserve',
        'settle',
      ]);
      expect(await statement(PERSONAL)).toMatchObject({
        period: '2026-12',
        entries: [{ reservationId: 'r2' }],
      });
      expect((await statement(PERSONAL, '2025-01')).entries).toEqual([]);
    });
  });

  describe('funding orders', () => {
    test('are listed by scope, page by page, and are gone when put without tiers', async () => {
      const { putOrder, ledger, tenant } = world();
      const scopes = ['company', 'department:d', 'project:p', 'user:u'];
      for (const scope of scopes.toReversed()) await putOrder(scope, [Tier.PROJECT, Tier.PERSONAL]);
      await putOrder('company', [Tier.SUPPLEMENTARY]);
      await putOrder('user:u', []);
      const list = (page: Partial<Page>) =>
        ledger.listFundingOrders(ListFundingOrdersRequest.create({ tenant, page: Page.create(page) }));
      const first = await list({ limit: 2 });
      expect(first.orders).toEqual([
        { scope: 'company', tiers: [Tier.SUPPLEMENTARY] },
        { scope: 'department:d', tiers: [Tier.PROJECT, Tier.PERSONAL] },
      ]);
      expect(await list({ limit: 2, after: first.nextAfter })).toMatchObject({
        orders: [{ scope: 'project:p' }],
        nextAfter: '',
      });
    });
  });

  describe('the policy', () => {
    test('has defaults, and counts its changes', async () => {
      const { ledger, tenant, putPolicy } = world();
      const read = async () => (await ledger.getPolicy({ tenant })).policy;
      expect(await read()).toEqual({
        version: 0n,
        timeZone: 'UTC',
        fiscalYearStartsInMonth: 1,
        expiryCharge: ExpiryCharge.PROMPT_ESTIMATE,
        holdRule: HoldRule.WORST_CASE,
        dryRule: DryRule.CUT,
        outputTokensDefault: 16_384,
        outputTokensMax: 131_072,
      });
      const wanted = {
        timeZone: 'Europe/Zurich',
        fiscalYearStartsInMonth: 7,
        expiryCharge: ExpiryCharge.FULL_HOLD,
        holdRule: HoldRule.STATISTICAL,
        dryRule: DryRule.RUN,
        outputTokensDefault: 1,
        outputTokensMax: 10_000_000,
      };
      expect(await putPolicy({ ...wanted, version: 99n })).toEqual({ ...wanted, version: 1n });
      expect(await putPolicy(wanted)).toEqual({ ...wanted, version: 2n });
      expect(await read()).toEqual({ ...wanted, version: 2n });
      const { policy } = await ledger.getPolicy({ tenant: otherTenant(tenant) });
      expect(policy?.version).toBe(0n);
    });
  });
}
