// The promises of the ledger, asked of a real database after whatever a test did to it, by the queries that a customer can
// run on his own.

import type { Database } from '@ai-switch/db';
import { ledgerInvariants, lookInto } from '@ai-switch/testkit';
import { sql } from 'kysely';
import { expect } from 'vitest';
import { type LedgerSchema, migrations } from '../src/schema.ts';

export interface Broken {
  readonly invariant: string;
  readonly tenant: string;
  readonly place: string;
  readonly broken: string;
}

/** Everything that breaks a promise; nothing in a sound database. */
export async function brokenInvariants({
  kysely,
}: Pick<Database<LedgerSchema>, 'kysely'>): Promise<readonly Broken[]> {
  const found: Broken[] = [];
  for (const query of ledgerInvariants()) found.push(...(await sql.raw<Broken>(query).execute(kysely)).rows);
  return found;
}

/** Fails when an invariant is broken. `areLimitsKept` is false after a limit was lowered under what was admitted. */
export async function expectInvariants(url: string, { areLimitsKept = true } = {}): Promise<void> {
  const found = await lookInto({ url, schema: 'quota_ledger', migrations }, brokenInvariants);
  expect(found.filter(({ invariant }) => areLimitsKept || invariant !== 'I3')).toEqual([]);
}
