import { randomBytes } from 'node:crypto';
import type { AccessRecord, AuditEvent } from '@ai-switch/contracts';
import { chainOf, NO_CHAIN } from './chain.ts';
import { dataOf, type Entry } from './data.ts';
import type { EventLog, LogSink } from './event-log.ts';

/** A log without a spool, which gives each record to the sink at once, one after another. */
export interface DirectLog extends Omit<EventLog, 'access'> {
  access(record: AccessRecord): Promise<void>;
}

/** @param service whose log it is; what the sink refuses rejects the call */
export function directLog(service: string, sink: LogSink): DirectLog {
  const identity = { producer: `${service}/${randomBytes(8).toString('hex')}`, epoch: 1 };
  let sequence = 0;
  let chain: Uint8Array = NO_CHAIN;
  let last: Promise<void> = Promise.resolve();
  const append = (entry: Entry, atMs: bigint) => {
    const write = async () => {
      const { type, record } = entry;
      const next = {
        sequence: sequence + 1,
        type,
        data: dataOf(entry),
        tenant: record.tenant,
        atMs: Number(atMs),
      };
      const nextChain = chainOf(chain, identity, next);
      await sink.write(identity, [{ ...next, chain: nextChain }]);
      sequence = next.sequence;
      chain = nextChain;
    };
    const written = last.then(write);
    last = written.catch(() => {});
    return written;
  };
  return {
    isAccepting: true,
    lastBefore: [],
    access: (record: AccessRecord) => append({ type: 'aiswitch.access.v1', record }, record.startedAtMs),
    audit: (record: AuditEvent) => append({ type: 'aiswitch.audit.v1', record }, record.atMs),
    close: () => last,
  };
}
