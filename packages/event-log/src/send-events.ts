import type { AuditLog } from '@ai-switch/contracts';
import type { Lifetime, Values } from '@ai-switch/kernel';
import type { Logger } from '@ai-switch/telemetry';
import type { LogSink } from './event-log.ts';
import type { Outbox } from './outbox/outbox.ts';
import { findSink, type kafkaSettings } from './settings.ts';

/** How long a process that ends goes on sending events; the rest waits in the database. */
const SEND_MS = 5_000;

/** A service that stores events with its changes. */
export interface EventSource {
  sendEvents(sink: LogSink): Outbox;
}

/** Sends the events of changes until `lifetime` ends. */
export function sendEvents(source: EventSource, sink: LogSink, lifetime: Lifetime): void {
  const outbox = source.sendEvents(sink);
  lifetime.onClose('outbox', () => outbox.close(SEND_MS));
}

export interface EventReceivers {
  readonly values: Values<typeof kafkaSettings>;
  /** Undefined where nobody named its address. */
  readonly auditLog: (AuditLog & { close(): void }) | undefined;
  readonly logger: Logger;
}

/** The same to whoever the settings name, with what leads there closed behind it; while they name nobody, events wait in the database. */
export function sendEventsBySettings(
  source: EventSource,
  { values, auditLog, logger }: EventReceivers,
  lifetime: Lifetime,
): void {
  if (auditLog !== undefined) lifetime.onClose('audit log', () => auditLog.close());
  const sink = findSink(values, auditLog, logger);
  if (sink === undefined) return;
  lifetime.onClose('sinks of events', () => sink.close());
  sendEvents(source, sink, lifetime);
}
