import type { AuditLog } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import type { Logger } from '@ai-switch/telemetry';
import type { LogSink } from './event-log.ts';

/** Straight into the database of who keeps the records, through its port. */
export function inboxSink(auditLog: AuditLog): LogSink {
  return {
    name: 'inbox',
    write: async ({ producer, epoch }, records) => {
      const rows = records.map(({ sequence, type, data, chain }) => ({
        sequence: BigInt(sequence),
        type,
        data,
        chain,
      }));
      await auditLog.ingest({ producer, epoch: BigInt(epoch), records: rows });
    },
    announce: async ({ producer, epoch }, { lastSequence, chain, atMs, isFinal, dropped }) => {
      await auditLog.announce({
        producer,
        epoch: BigInt(epoch),
        lastSequence: BigInt(lastSequence),
        chain,
        atMs: BigInt(atMs),
        isFinal,
        dropped: BigInt(dropped),
      });
    },
    close: async () => {},
  };
}

/** A sink that failed is not tried again for so long, twice as long each time, so that nobody waits for its time-out each time. */
const REST_MS = 5_000;
const REST_MS_MAX = 60_000;

interface Rest {
  readonly untilMs: number;
  readonly restMs: number;
}

/** The first sink that takes it; the last one is always tried. A conflict is an answer and not a failure. */
export function inOrder(
  sinks: readonly [LogSink, ...LogSink[]],
  logger: Logger,
  { restMs: restMsMin = REST_MS }: { readonly restMs?: number } = {},
): LogSink {
  const rests = new Map<LogSink, Rest>();
  const last = sinks.at(-1);
  const failed = (sink: LogSink, error: unknown) => {
    const before = rests.get(sink);
    if (before === undefined)
      logger.warn({ err: error, sink: sink.name }, 'a sink of the event log does not answer');
    const restMs = before === undefined ? restMsMin : Math.min(before.restMs * 2, REST_MS_MAX);
    rests.set(sink, { restMs, untilMs: performance.now() + restMs });
  };
  const first = async (give: (sink: LogSink) => Promise<void>) => {
    let failure: unknown;
    for (const sink of sinks) {
      if (sink !== last && (rests.get(sink)?.untilMs ?? 0) > performance.now()) continue;
      try {
        await give(sink);
        if (rests.delete(sink)) logger.info({ sink: sink.name }, 'a sink of the event log answers again');
        return;
      } catch (error) {
        if (error instanceof Fault && error.code === 'conflict') throw error;
        failed(sink, error);
        failure = error;
      }
    }
    throw failure;
  };
  return {
    name: sinks.map(({ name }) => name).join(', '),
    write: (identity, records) => first((sink) => sink.write(identity, records)),
    announce: (identity, announcement) => first((sink) => sink.announce(identity, announcement)),
    close: async () => {
      await Promise.all(sinks.map((sink) => sink.close()));
    },
  };
}
