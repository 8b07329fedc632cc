import type { AuditEvent } from '@ai-switch/contracts';
import { type Change, changeEvent as eventOf } from '@ai-switch/event-log';
import type { AdminRequest } from './handler.ts';

export type Changer = Pick<AdminRequest, 'tenant' | 'caller' | 'requestId' | 'clientAddress'>;

/** The event of a change, for the service that makes the change to store with it. */
export function changeEvent(
  { tenant, caller, requestId, clientAddress }: Changer,
  change: Change,
): AuditEvent {
  return eventOf({ tenant, userId: caller.userId, requestId, clientAddress }, change);
}
