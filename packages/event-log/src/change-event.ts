import { AuditEvent } from '@ai-switch/contracts';
import { newId } from '@ai-switch/kernel';

/** What was changed. */
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
export interface Changer {
  readonly tenant: string;
  readonly userId: string;
  /** '' for a change that no call of the admin API asked for. */
  readonly requestId: string;
  readonly clientAddress: string;
}

/** The event of a change that is made now, to be stored with it. */
export function changeEvent(
  { tenant, userId: actor, requestId, clientAddress }: Changer,
  { action, subject, details = {}, departmentPath = '/', userId = '' }: Change,
): AuditEvent {
  const nowMs = Date.now();
  return AuditEvent.create({
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
}
