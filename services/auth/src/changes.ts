// What is changed has its event in the audit trail, stored in the transaction that changes it. A change that was made before under
// the same id, and so is not made again, has none of its own.

import { AuditEvent } from '@ai-switch/contracts';
import { recordChange } from '@ai-switch/event-log';
import { newId } from '@ai-switch/kernel';
import type { Transaction } from 'kysely';
import type { Authority, AuthRows } from './authority.ts';
import type { AuthSchema } from './schema.ts';

export interface Change {
  /** `<noun>.<verb>` */
  readonly action: string;
  /** The id of what was changed. */
  readonly subject: string;
  /** Facts about it; never a secret. */
  readonly details?: Readonly<Record<string, string>>;
  /** Of the department that it concerns; `/`, the company, unless told otherwise. */
  readonly departmentPath?: string;
  /** The user it concerns. */
  readonly userId?: string;
}

/** Who changes something, and where he asks from. */
export type Changer = Pick<Authority, 'tenant' | 'userId' | 'requestId' | 'clientAddress'>;

export function record(rows: AuthRows, changer: Changer, change: Change): Promise<void> {
  return rows.asSystem('upkeep', (trx) => recordIn(trx, changer, change));
}

export function recordIn(trx: Transaction<AuthSchema>, changer: Changer, change: Change): Promise<void> {
  const { tenant, userId: actor, requestId, clientAddress } = changer;
  const { action, subject, details = {}, departmentPath = '/', userId = '' } = change;
  const nowMs = Date.now();
  const event = AuditEvent.create({
    eventId: newId('evt', nowMs),
    tenant,
    actor,
    action,
    subject,
    atMs: BigInt(nowMs),
    details: { ...details },
    requestId,
    departmentPath,
    userId,
    clientAddress,
  });
  return recordChange(trx, event);
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
