import type { AccessRecord, AuditEvent } from '@ai-switch/contracts';
import type { EventLog } from './event-log.ts';

/** A log that keeps what it is given in two lists, for whoever looks at them; nothing survives the process. */
export interface MemoryLog extends EventLog {
  readonly records: readonly AccessRecord[];
  readonly events: readonly AuditEvent[];
}

export function memoryLog(): MemoryLog {
  const records: AccessRecord[] = [];
  const events: AuditEvent[] = [];
  return {
    records,
    events,
    isAccepting: true,
    lastBefore: [],
    access: (record) => {
      records.push(structuredClone(record));
    },
    audit: async (event) => {
      events.push(structuredClone(event));
    },
    close: async () => {},
  };
}
