// A query that cannot fail proves nothing: each kind of damage is done to a sound database, and found.

import { readFileSync } from 'node:fs';
import { type Database, openDatabase } from '@ai-switch/db';
import { databases, LEDGER_INVARIANTS } from '@ai-switch/testkit';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openQuotaLedger } from '../src/index.ts';
import { type LedgerSchema, migrations } from '../src/schema.ts';
import {
  amounts,
  personalBucket,
  reserveRequest,
  settleRequest,
  silentLogger,
  TENANT,
  voidRequest,
} from './harness.ts';
import { brokenInvariants } from './invariants.ts';

const ENTRY_KEY = 'tenant, reservation_id, operation, bucket, period';
const COUNTS = ['used', 'held', 'overrun']
  .flatMap((kind) =>
    ['input', 'output', 'cache_read', 'cache_write', 'cost'].map((type) => `${kind}_${type}`),
  )
  .join(', ');

type Damage = readonly [invariant: string, what: string, statement: string];

const DAMAGES: readonly Damage[] = [
  ['I1', 'a balance that forgot a charge', `update balance set used_output = used_output - 1`],
  [
    'I1',
    'an entry that was lost',
    `delete from entry where operation = 'settle' and reservation_id = 'settled'`,
  ],
  [
    'I1',
    'an open hold that was marked as settled',
    `update reservation set state = 'SETTLED' where reservation_id = 'held'`,
  ],
  ['I2', 'a count below zero', `update balance set held_cost = -1`],
  [
    'I2',
    'a reservation that gave back twice',
    `update entry set held_input = held_input - 7 where operation = 'settle'`,
  ],
  ['I3', 'a bucket that is overspent', `update balance set limit_input = 1`],
  [
    'I4',
    'a refusal with entries',
    `update reservation set state = 'REJECTED' where reservation_id = 'settled'`,
  ],
  [
    'I4',
    'a void that was settled',
    `update reservation set state = 'SETTLED' where reservation_id = 'voided'`,
  ],
  [
    'I4',
    'a settle that was posted twice',
    `insert into entry (${ENTRY_KEY}, op_seq, at_ms, ${COUNTS})
       select ${ENTRY_KEY}, 1, at_ms, ${COUNTS} from entry where operation = 'settle'`,
  ],
  ['I4', 'a charge without any entry', `delete from entry where reservation_id = 'settled'`],
  ['I6', 'a hold without any entry', `delete from entry where reservation_id = 'held'`],
  [
    'I6',
    'a hold that nobody funds',
    `update reservation set amount_output = amount_output + 1 where state = 'HELD'`,
  ],
  [
    'I6',
    'a charge that nobody paid',
    `update reservation set charged_cache_read = 1 where state = 'SETTLED'`,
  ],
  ['I10', 'an overrun of more than was used', `update balance set overrun_input = used_input + 1`],
  ['I12', 'an entry of nobody', `update entry set reservation_id = 'nobody' where reservation_id = 'voided'`],
];

/** What the primary keys forbid; SQLite has no word to take one away. */
const DUPLICATES = ['entry', 'reservation', 'balance'].map(
  (table): Damage => [
    table === 'entry' ? 'I4' : 'I5',
    `every ${table} twice`,
    `alter table ${table} drop constraint ${table}_key; insert into ${table} select * from ${table}`,
  ],
);

describe.each(databases)('the queries of ledger-invariants.sql, on $name', ({ name, create }) => {
  const damages = name === 'postgres' ? [...DAMAGES, ...DUPLICATES] : DAMAGES;
  let fresh: Awaited<ReturnType<typeof create>>;
  let database: Database<LedgerSchema>;
  beforeAll(async () => {
    fresh = await create();
    const { ledger, close } = await openQuotaLedger({ databaseUrl: fresh.url, logger: silentLogger });
    await ledger.putBucket({ bucket: personalBucket({ limits: { input: 1_000n } }) });
    for (const id of ['held', 'settled', 'voided']) {
      await ledger.reserve(reserveRequest(id, { amounts: amounts(10, 20, 0, 0, 5) }));
    }
    await ledger.settle(settleRequest('settled', { actual: amounts(8, 30, 0, 0, 4) }));
    await ledger.void(voidRequest('voided'));
    await close();
    database = await openDatabase<LedgerSchema>({ url: fresh.url, schema: 'quota_ledger', migrations });
  });
  afterAll(async () => {
    await database.close();
    await fresh.drop();
  });

  test('find nothing in a sound database', async () => {
    expect(await brokenInvariants(database)).toEqual([]);
  });

  test.each(damages)('%s finds %s', async (invariant, _what, statement) => {
    const found = await database.kysely
      .transaction()
      .execute(async (trx) => {
        await sql.raw(statement).execute(trx);
        throw new Damaged(await brokenInvariants({ ...database, kysely: trx }));
      })
      .catch((error: unknown) => {
        if (error instanceof Damaged) return error.found;
        throw error;
      });
    expect(found.map((row) => row.invariant)).toContain(invariant);
    expect(found.every((row) => row.tenant === TENANT)).toBe(true);
  });
});

const postgres = databases.filter(({ name }) => name === 'postgres');

test.each(postgres)(
  'the file runs as it stands on $name, in one transaction that only reads',
  async ({ create }) => {
    const fresh = await create();
    const database = await openDatabase<LedgerSchema>({ url: fresh.url, schema: 'quota_ledger', migrations });
    await sql.raw(readFileSync(LEDGER_INVARIANTS, 'utf8')).execute(database.kysely);
    await database.close();
    await fresh.drop();
  },
);

/** Carries what was found out of a transaction that must not stay. */
class Damaged extends Error {
  readonly found: Awaited<ReturnType<typeof brokenInvariants>>;

  constructor(found: Awaited<ReturnType<typeof brokenInvariants>>) {
    super('the damage is undone');
    this.found = found;
  }
}
