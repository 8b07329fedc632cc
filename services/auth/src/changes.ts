// What is changed has its event in the audit trail, stored in the transaction that changes it. A change that was made before under
// the same id, and so is not made again, has none of its own.

import { type Change, type Changer, changeEvent, recordChange } from '@ai-switch/event-log';
import type { Transaction } from 'kysely';
import type { AuthRows } from './authority.ts';
import type { AuthSchema } from './schema.ts';

export function record(rows: AuthRows, changer: Changer, change: Change): Promise<void> {
  return rows.asSystem('upkeep', (trx) => recordIn(trx, changer, change));
}

export function recordIn(trx: Transaction<AuthSchema>, changer: Changer, change: Change): Promise<void> {
  return recordChange(trx, changeEvent(changer, change));
}

/** A value of an enum as the admin API writes it: `companyAdmin` for `ROLE_COMPANY_ADMIN`. */
export function wordOf(prefix: string, value: string): string {
  return value
    .slice(prefix.length + 1)
    .toLowerCase()
    .replace(/_(\w)/g, (_all, letter: string) => letter.toUpperCase());
}

/** With whole numbers as numbers, also those of 64 bits. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_name, each: unknown) => (typeof each === 'bigint' ? Number(each) : each));
}
