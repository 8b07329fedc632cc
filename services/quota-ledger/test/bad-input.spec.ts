// Requests that are wrong: each is a fault that names what is wrong, leaves every row as it was, and loses nothing; part
// of the spec in ledger.spec.ts.

import { Bucket, ListEntriesRequest, ReservationState as State, Tier } from '@ai-switch/contracts';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Call, INVALID } from './bad-input.cases.ts';
import {
  amounts,
  extendRequest,
  PERSONAL,
  reserveRequest,
  reverseRequest,
  settleRequest,
  subject,
  USER,
} from './harness.ts';
import { otherTenant, type World } from './world.ts';

/** A half of a pair of code units, which no database can store. */
const TORN = '\ud800';

export function describeBadInput(world: () => World): void {
  describe('bad input', () => {
    beforeEach(async () => {
      const { reserve, settle, putPersonal } = world();
      await putPersonal({ input: 1_000n });
      await reserve('held');
      await reserve('settled');
      await settle('settled');
    });

    test.each(INVALID)('%s: the fault names %s and nothing changes', async (_title, field, call) => {
      const { ledger, tenant, dump } = world();
      const before = await dump();
      await expect(call(ledger, tenant)).rejects.toMatchObject({ code: 'invalid', details: { field } });
      expect(await dump()).toEqual(before);
    });

    test('half a character is refused where it can arrive', async () => {
      const { ledger, tenant, reserve, dump } = world();
      const before = await dump();
      // A codec may have made a character of it, which is fine.
      const outcome = await ledger.reserve(reserveRequest(`a${TORN}`, { tenant })).catch(({ code }) => code);
      if (outcome === 'invalid') expect(await dump()).toEqual(before);
      expect((await reserve('next')).state).toBe(State.HELD);
    });

    const unknown: readonly (readonly [string, string, Call])[] = [
      [
        'close of an unknown bucket',
        'notFound',
        (ledger, tenant) => ledger.closeBucket({ tenant, bucket: 'grant:unknown' }),
      ],
      [
        'statement of an unknown bucket',
        'notFound',
        (ledger, tenant) =>
          ledger.listEntries(ListEntriesRequest.create({ tenant, bucket: 'project:unknown' })),
      ],
      [
        'close of another company’s bucket',
        'notFound',
        (ledger, tenant) => ledger.closeBucket({ tenant: otherTenant(tenant), bucket: PERSONAL }),
      ],
      [
        'statement of another company’s bucket',
        'notFound',
        (ledger, tenant) =>
          ledger.listEntries(ListEntriesRequest.create({ tenant: otherTenant(tenant), bucket: PERSONAL })),
      ],
      [
        'receipt of another company',
        'notFound',
        (ledger, tenant) => ledger.getReceipt({ tenant: otherTenant(tenant), reservationId: 'held' }),
      ],
      [
        'extend of another company’s hold',
        'notFound',
        (ledger, tenant) => ledger.extend(extendRequest('held', { tenant: otherTenant(tenant) })),
      ],
      [
        'reversal of another company’s charge',
        'notFound',
        (ledger, tenant) => ledger.reverse(reverseRequest('settled', { tenant: otherTenant(tenant) })),
      ],
      [
        'reversal of an unknown id',
        'notFound',
        (ledger, tenant) => ledger.reverse(reverseRequest('new', { tenant })),
      ],
      [
        'reversal of an open hold',
        'conflict',
        (ledger, tenant) => ledger.reverse(reverseRequest('held', { tenant })),
      ],
      [
        'reserve of a known id with other amounts',
        'conflict',
        (ledger, tenant) => ledger.reserve(reserveRequest('held', { tenant, amounts: amounts(99) })),
      ],
      [
        'settle of a settled id with other numbers',
        'conflict',
        (ledger, tenant) => ledger.settle(settleRequest('settled', { tenant, actual: amounts(99) })),
      ],
      [
        'settle of another user’s hold',
        'conflict',
        (ledger, tenant) =>
          ledger.settle(settleRequest('held', { tenant, subject: subject({ userId: 'user_bob' }) })),
      ],
      [
        'grant that becomes another’s',
        'conflict',
        async (ledger, tenant) => {
          const grant = { tenant, tier: Tier.SUPPLEMENTARY, bucket: 'grant:g', scope: `user:${USER}` };
          await ledger.putBucket({ bucket: Bucket.create(grant) });
          return await ledger.putBucket({ bucket: Bucket.create({ ...grant, scope: 'company' }) });
        },
      ],
    ];
    test.each(unknown)('%s is a fault, %s, and no balance changes', async (_title, code, call) => {
      const { ledger, tenant, balance, read } = world();
      const before = [await balance(), await read('held'), await read('settled')];
      await expect(call(ledger, tenant)).rejects.toMatchObject({ code });
      expect([await balance(), await read('held'), await read('settled')]).toEqual(before);
    });

    test('a settle or a void of another company’s id is its own and leaves the hold alone', async () => {
      const { settle, release, balance, read, tenant } = world();
      const other = await settle('held', { tenant: otherTenant(tenant) });
      expect(other.state).toBe(State.ORPHAN_SETTLED);
      await expect(release('held', { tenant: otherTenant(tenant) })).rejects.toMatchObject({
        code: 'forbidden',
      });
      expect(await release('new', { tenant: otherTenant(tenant) })).toMatchObject({ lines: [] });
      await expect(read('new')).rejects.toMatchObject({ code: 'notFound' });
      expect((await read('held')).state).toBe(State.HELD);
      expect(await balance()).toMatchObject({ held: amounts(100), used: amounts(100) });
    });

    test('a settle larger than the hold is charged whole: what passes the limit is overrun', async () => {
      const { settle, balance } = world();
      const most = 2n ** 53n - 1n;
      await settle('held', { actual: { ...amounts(0), input: most } });
      expect(await balance()).toMatchObject({
        used: { ...amounts(0), input: most + 100n },
        overrun: { ...amounts(0), input: most - 900n },
        held: amounts(0),
      });
    });
  });
}
