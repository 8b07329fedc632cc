// What is changed has its event in the audit trail, stored in the transaction that changes it. Who asked has composed it; what only
// the ledger knows is added here.

import type { AuditEvent } from '@ai-switch/contracts';
import { recordChange } from '@ai-switch/event-log';
import type { Transaction } from 'kysely';
import type { LedgerSchema } from './schema.ts';

/** Nothing without an event. @param details that the change itself decided */
export async function record(
  trx: Transaction<LedgerSchema>,
  event: AuditEvent | undefined,
  details: Readonly<Record<string, string>> = {},
): Promise<void> {
  if (event !== undefined) await recordChange(trx, { ...event, details: { ...event.details, ...details } });
}
