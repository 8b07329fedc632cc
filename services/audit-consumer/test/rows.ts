import { AccessRecord, AuditEvent } from '@ai-switch/contracts';
import { newId } from '@ai-switch/kernel';

export const START_MS = 1_790_000_000_000;
export const DAY_MS = 86_400_000;

/** What an admin of the company sees. */
export function whole(tenant: string) {
  return { tenant, isWholeCompany: true, departmentPaths: [], userId: '' };
}

/** A tenant of its own for each test, so that tests share a database. */
let tenants = 0;
export function newTenant(): string {
  tenants += 1;
  return `ten_${tenants}`;
}

let moments = 0;
export function record(fields: Partial<AccessRecord>): AccessRecord {
  moments += 1;
  return AccessRecord.create({
    requestId: newId('req', START_MS + moments),
    startedAtMs: BigInt(START_MS + moments),
    userId: 'usr_1',
    outcome: 'completed',
    ...fields,
  });
}

export function event(fields: Partial<AuditEvent>): AuditEvent {
  moments += 1;
  return AuditEvent.create({
    eventId: newId('evt', START_MS + moments),
    atMs: BigInt(START_MS + moments),
    actor: 'usr_1',
    action: 'key.create',
    ...fields,
  });
}
