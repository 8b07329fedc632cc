// The promises of the ledger, asked of a real database by SQL after whatever a test did to it. Every query lists what
// breaks one; all of them must be empty.

import { openDatabase } from '@ai-switch/db';
import { sql } from 'kysely';
import { expect } from 'vitest';
import { type LedgerSchema, migrations } from '../src/schema.ts';

const TYPES = ['input', 'output', 'cache_read', 'cache_write'];

const ENTRIES_ARE_NOT_THE_BALANCE = TYPES.flatMap((type) =>
  ['used', 'held', 'overrun'].map(
    (kind) => `
      select b.bucket, b.period, '${kind}_${type}' as broken from balance b
      where b.${kind}_${type} <> (
        select coalesce(sum(e.${kind}_${type}), 0) from entry e
        where e.tenant = b.tenant and e.bucket = b.bucket and e.period = b.period)`,
  ),
);

const OPEN_HOLDS_ARE_NOT_WHAT_IS_HELD = TYPES.map(
  (type) => `
    select b.bucket, b.period, 'held_${type}' as broken from balance b
    where b.held_${type} <> (
      select coalesce(sum(r.amount_${type}), 0) from reservation r
      where r.state = 'HELD' and r.tenant = b.tenant and r.bucket = b.bucket and r.period = b.period)`,
);

const CHARGES_ARE_NOT_WHAT_IS_USED = TYPES.map(
  (type) => `
    select b.bucket, b.period, 'used_${type}' as broken from balance b
    where b.used_${type} <> (
      select coalesce(sum(r.charged_${type}), 0) from reservation r
      where r.tenant = b.tenant and r.bucket = b.bucket and r.period = b.period)`,
);

const SOMETHING_IS_NEGATIVE = TYPES.flatMap((type) =>
  ['used', 'held', 'overrun'].map(
    (kind) => `select bucket, period, '${kind}_${type}' as broken from balance where ${kind}_${type} < 0`,
  ),
);

const A_LIMIT_IS_PASSED = TYPES.map(
  (type) => `
    select bucket, period, 'limit_${type}' as broken from balance
    where used_${type} - overrun_${type} + held_${type} > limit_${type}`,
);

const A_HOLD_IS_NOT_RESOLVED_ONCE = [
  `select r.reservation_id, r.state, 'resolved' as broken from reservation r
   where (select count(*) from entry e where e.tenant = r.tenant and e.reservation_id = r.reservation_id
            and e.operation in ('settle', 'void', 'expire', 'orphan'))
     <> case when r.state in ('HELD', 'REJECTED') then 0 else 1 end`,
  `select r.reservation_id, r.state, 'reserved' as broken from reservation r
   where (select count(*) from entry e where e.tenant = r.tenant and e.reservation_id = r.reservation_id
            and e.operation = 'reserve')
     <> case when r.state in ('REJECTED', 'ORPHAN_SETTLED') then 0 else 1 end`,
  `select r.reservation_id, r.state, 'reconciled' as broken from reservation r
   where (select count(*) from entry e where e.tenant = r.tenant and e.reservation_id = r.reservation_id
            and e.operation = 'reconcile')
     <> case when r.state = 'RECONCILED' then 1 else 0 end`,
  `select e.reservation_id, e.operation, 'orphan entry' as broken from entry e
   where not exists (select 1 from reservation r
     where r.tenant = e.tenant and r.reservation_id = e.reservation_id)`,
];

/** Fails when an invariant is broken. `areLimitsKept` is false after a limit was lowered under what was admitted. */
export async function expectInvariants(url: string, { areLimitsKept = true } = {}): Promise<void> {
  const database = await openDatabase<LedgerSchema>({ url, schema: 'quota_ledger', migrations });
  const queries = [
    ...ENTRIES_ARE_NOT_THE_BALANCE,
    ...OPEN_HOLDS_ARE_NOT_WHAT_IS_HELD,
    ...CHARGES_ARE_NOT_WHAT_IS_USED,
    ...SOMETHING_IS_NEGATIVE,
    ...(areLimitsKept ? A_LIMIT_IS_PASSED : []),
    ...A_HOLD_IS_NOT_RESOLVED_ONCE,
  ];
  try {
    for (const query of queries) {
      const { rows } = await sql.raw(query).execute(database.kysely);
      expect(rows, query).toEqual([]);
    }
  } finally {
    await database.close();
  }
}
