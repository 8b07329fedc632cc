import { AuditEvent } from '@ai-switch/contracts';
import { newId } from '@ai-switch/kernel';
import type { AdminRequest, Change } from './handler.ts';

export type Changer = Pick<AdminRequest, 'tenant' | 'caller' | 'requestId' | 'clientAddress'>;

/** The event of a change, for the service that makes the change to store with it. */
export function changeEvent(
  { tenant, caller, requestId, clientAddress }: Changer,
  { action, subject, details = {}, departmentPath = '/', userId = '' }: Change,
): AuditEvent {
  const nowMs = Date.now();
  return AuditEvent.create({
    eventId: newId('evt', nowMs),
    tenant,
    actor: caller.userId,
    action,
    subject,
    atMs: BigInt(nowMs),
    details: { ...details },
    requestId,
    departmentPath,
    userId,
    clientAddress,
  });
}
