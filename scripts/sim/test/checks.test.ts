// The checks themselves: rows are spoiled behind the ledger's back, and the next step has to say so.

import type { Subject } from '@ai-switch/contracts';
import { CompiledQuery } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Call } from '../call.ts';
import { Coverage } from '../coverage.ts';
import { LedgerSite } from '../ledger-site.ts';
import { putBucket } from '../oracle/change-settings.ts';
import { Random } from '../random.ts';
import { Timeline } from '../timeline.ts';

const SUBJECT: Subject = { userId: 'ann', projectId: '', departmentIds: [], model: '' };
const NONE = { input: 0n, output: 0n, cacheRead: 0n, cacheWrite: 0n, cost: 0n };
let site: LedgerSite;

beforeEach(async () => {
  site = await LedgerSite.open({
    replicas: 1,
    tenants: ['acme', 'globex'],
    random: new Random(1),
    timeline: new Timeline(Date.UTC(2026, 10, 23)),
    coverage: new Coverage(),
    trace: () => {},
  });
  const bucket = {
    tenant: 'acme',
    bucket: '',
    tier: 'TIER_CAP' as const,
    scope: 'company',
    limits: { input: 100n },
    periodKind: 'PERIOD_KIND_DAY' as const,
    note: '',
    createdAtMs: 0n,
    updatedAtMs: 0n,
  };
  await site.handle([
    {
      replica: 0,
      name: 'put a bucket',
      tenants: ['acme'],
      run: (to) => to.putBucket({ bucket }),
      apply: (company, atMs) => putBucket(company, bucket, atMs),
    },
  ]);
  await site.handle([reserve('res_1')]);
});
afterEach(() => site.close());

test('a hold that is as it should be passes', async () => {
  await expect(site.handle([reserve('res_2')])).resolves.toHaveLength(1);
});

test.each([
  [
    'I1',
    'a balance that is not the sum of its entries',
    "update balance set used_input = 5 where bucket = 'company'",
  ],
  ['I2', 'a balance below zero', "update balance set held_input = -100 where bucket = 'company'"],
  ['I4', 'a state that cannot follow', "update reservation set state = 'ORPHAN_SETTLED'"],
  ['I6', 'a hold that is not whole', 'update reservation set amount_input = 11'],
  ['I7', 'a reservation that nobody asked to change', `update reservation set outcome = 'completed'`],
  ['I11', 'an entry that was changed', "update entry set held_input = 11 where bucket = 'company'"],
  ['I11', 'an entry that is gone', "delete from entry where bucket = 'company'"],
  ['I12', 'a row of another company', "insert into policy select 'globex', 1, 'UTC', 1, '', '', '', 1, 1"],
])('%s: %s is noticed', async (invariant, _what, sql) => {
  await site.spoil(CompiledQuery.raw(sql));
  await expect(site.handle([reserve('res_2')])).rejects.toMatchObject({ invariant });
});

test('an answer that the oracle does not expect is noticed', async () => {
  const call = reserve('res_2');
  const other = reserve('res_3');
  await expect(site.handle([{ ...call, run: other.run }])).rejects.toMatchObject({ name: 'Violation' });
});

function reserve(reservationId: string): Call {
  const request = {
    tenant: 'acme',
    reservationId,
    subject: SUBJECT,
    amounts: { ...NONE, input: 10n },
    ttlMs: 60_000n,
    ownerToken: 'one',
    fingerprint: 'same',
    priceVersion: '',
    promptCost: 0n,
  };
  return {
    replica: 0,
    name: 'reserve',
    tenants: ['acme'],
    run: (to) => to.reserve(request),
    operations: [{ kind: 'reserve', request }],
  };
}
