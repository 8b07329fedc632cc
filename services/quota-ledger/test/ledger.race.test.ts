import { type QuotaLedger, ReservationState as State } from '@ai-switch/contracts';
import { databases } from '@ai-switch/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenQuotaLedger, openQuotaLedger } from '../src/index.ts';
import { balanceOf, counts, reserveRequest, setLimits, settleRequest, silentLogger } from './harness.ts';
import { expectInvariants } from './invariants.ts';

const postgres = databases.filter((kind) => kind.name === 'postgres');

describe.each(postgres)('three ledgers on one $name', ({ create }) => {
  let opened: OpenQuotaLedger[];
  let fresh: Awaited<ReturnType<typeof create>>;
  let ledgers: QuotaLedger[];
  beforeAll(async () => {
    fresh = await create();
    const options = { databaseUrl: fresh.url, logger: silentLogger };
    opened = await Promise.all([1, 2, 3].map(() => openQuotaLedger(options)));
    ledgers = opened.map((each) => each.ledger);
  });
  afterAll(async () => {
    for (const each of opened) await each.close();
    await expectInvariants(fresh.url);
    await fresh.drop();
  });

  const ledgerOf = (place: number): QuotaLedger => {
    const ledger = ledgers[place % ledgers.length];
    if (ledger === undefined) throw new Error('no ledger');
    return ledger;
  };

  test.each([
    ['input', counts(100, 0, 0, 0)],
    ['output', counts(0, 100, 0, 0)],
    ['cacheRead', counts(0, 0, 100, 0)],
    ['cacheWrite', counts(0, 0, 0, 100)],
  ])(
    'admit exactly 100 of 1,000 simultaneous reserves of 100 %s against a limit of 10,000',
    async (type, amounts) => {
      const userId = `user_${type}`;
      await setLimits(ledgerOf(0), { [type]: 10_000n }, userId);
      const answers = await Promise.all(
        Array.from({ length: 1_000 }, (_, place) =>
          ledgerOf(place).reserve(reserveRequest(`${type}_${place}`, { userId, amounts })),
        ),
      );
      const held = answers.filter((answer) => answer.reservation?.state === State.HELD);
      expect(held).toHaveLength(100);
      expect(answers.every((answer) => answer.created)).toBe(true);
      expect((await balanceOf(ledgerOf(1), userId)).held).toMatchObject({ [type]: 10_000n });
    },
  );

  test('make one reservation of many calls with one id, whichever ledger they reach', async () => {
    const userId = 'user_same';
    const answers = await Promise.all(
      Array.from({ length: 90 }, (_, place) =>
        ledgerOf(place).reserve(reserveRequest(`same_${place % 10}`, { userId })),
      ),
    );
    expect(answers.filter((answer) => answer.created)).toHaveLength(10);
    expect((await balanceOf(ledgerOf(0), userId)).held).toEqual(counts(1_000));
  });

  test('charge a settle once that reaches all of them', async () => {
    const userId = 'user_settle';
    const ids = Array.from({ length: 20 }, (_, place) => `settle_${place}`);
    await Promise.all(ids.slice(0, 10).map((id) => ledgerOf(0).reserve(reserveRequest(id, { userId }))));
    await Promise.all(
      ids.flatMap((id) => ledgers.map((ledger) => ledger.settle(settleRequest(id, { userId })))),
    );
    expect(await balanceOf(ledgerOf(0), userId)).toMatchObject({ held: counts(0), used: counts(2_000) });
  });

  test('cross each other between many users without losing a call', async () => {
    const users = Array.from({ length: 10 }, (_, place) => `user_cross_${place}`);
    await Promise.all(
      Array.from({ length: 600 }, async (_, place) => {
        const userId = users[(place * 7) % users.length] ?? '';
        const id = `cross_${place}`;
        await ledgerOf(place).reserve(reserveRequest(id, { userId }));
        await ledgerOf(place + 1).settle(settleRequest(id, { userId, actual: counts(60) }));
      }),
    );
    for (const userId of users) {
      expect(await balanceOf(ledgerOf(0), userId)).toMatchObject({ held: counts(0), used: counts(3_600) });
    }
  });
});
