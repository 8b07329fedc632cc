import { AuditEvent, NO_COMPANY } from '@ai-switch/contracts';
import { asFault, newId } from '@ai-switch/kernel';
import type { EdgeParts } from '../edge-parts.ts';
import type { Exchange } from '../exchange.ts';

/**
 * Writes down that a key was refused, and refuses. The key itself stands nowhere, not even in part: it may be a good one of
 * somebody else's. A refusal for too many of them is not written down each time: those before it are.
 */
export function noteRefused(edge: EdgeParts, exchange: Exchange, error: unknown): never {
  const { code, details } = asFault(error);
  if (code === 'unauthenticated' || code === 'forbidden') {
    const { tenant, userId, keyId, requestId, departmentPath, clientAddress } = exchange.record;
    const nowMs = edge.clock.nowMs();
    const event = AuditEvent.create({
      eventId: newId('evt', nowMs),
      tenant: tenant || NO_COMPANY,
      actor: userId,
      action: 'authentication.refuse',
      subject: keyId,
      atMs: BigInt(nowMs),
      details: { reason: code === 'unauthenticated' ? 'key' : (details.field ?? 'scope') },
      requestId,
      departmentPath: departmentPath || '/',
      userId,
      clientAddress,
    });
    exchange.holdEnd(edge.eventLog.audit(event));
  }
  throw error;
}
