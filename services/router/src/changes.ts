// What is changed has its event in the audit trail, stored in the transaction that changes it. Who asked has composed it; what only
// the router knows is added here.

import type { AuditEvent } from '@ai-switch/contracts';
import { recordChange } from '@ai-switch/event-log';
import type { Transaction } from 'kysely';
import type { RouterSchema } from './schema.ts';

/** Nothing without an event. @param known what the change itself decided */
export async function record(
  rows: Transaction<RouterSchema>,
  event: AuditEvent | undefined,
  known: Partial<Pick<AuditEvent, 'eventId' | 'subject' | 'details'>> = {},
): Promise<void> {
  if (event === undefined) return;
  await recordChange(rows, { ...event, ...known, details: { ...event.details, ...known.details } });
}
