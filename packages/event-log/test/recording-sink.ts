import { Fault } from '@ai-switch/kernel';
import {
  chainOf,
  type LogAnnouncement,
  type LogIdentity,
  type LogSink,
  NO_CHAIN,
  type SequencedRecord,
} from '../src/index.ts';

/** A sink that keeps each record once and fails when it is told to, before or after it has kept what it was given. */
export class RecordingSink implements LogSink {
  readonly name = 'recording';
  readonly logs = new Map<string, Map<number, SequencedRecord>>();
  readonly announced = new Map<string, LogAnnouncement>();
  fails: 'never' | 'before' | 'after' = 'never';
  writes = 0;

  async write(identity: LogIdentity, records: readonly SequencedRecord[]): Promise<void> {
    if (this.fails === 'before') throw new Fault('unavailable', 'It does not answer.');
    this.writes += 1;
    const log = this.logs.get(nameOf(identity)) ?? new Map<number, SequencedRecord>();
    this.logs.set(nameOf(identity), log);
    for (const record of records) {
      const known = log.get(record.sequence);
      if (known === undefined) log.set(record.sequence, record);
      else if (!Buffer.from(known.chain).equals(record.chain))
        throw new Fault('conflict', 'It has another one.');
    }
    if (this.fails === 'after') throw new Fault('deadline', 'It took too long.');
  }

  async announce(identity: LogIdentity, announcement: LogAnnouncement): Promise<void> {
    if (this.fails !== 'never') throw new Fault('unavailable', 'It does not answer.');
    this.announced.set(nameOf(identity), announcement);
  }

  async close(): Promise<void> {}

  /** What every record says, of all logs. */
  ids(): string[] {
    return [...this.logs.values()].flatMap((log) =>
      [...log.values()].map(({ data }) => {
        const { requestId, eventId } = JSON.parse(data);
        return String(requestId ?? eventId);
      }),
    );
  }

  /** The sequences that a log lacks below its highest or announced one. */
  missing(name: string): number[] {
    const log = this.logs.get(name) ?? new Map<number, SequencedRecord>();
    const last = Math.max(0, ...log.keys(), this.announced.get(name)?.lastSequence ?? 0);
    return Array.from({ length: last }, (_, index) => index + 1).filter((sequence) => !log.has(sequence));
  }

  /** Whether each record's hash is that of the one before and its own content. */
  isChained(name: string): boolean {
    const [producer = '', epoch = ''] = name.split('#');
    let previous: Uint8Array = NO_CHAIN;
    for (const record of [...(this.logs.get(name)?.values() ?? [])].sort(
      (one, other) => one.sequence - other.sequence,
    )) {
      const chain = chainOf(previous, { producer, epoch: Number(epoch) }, record);
      if (!chain.equals(record.chain)) return false;
      previous = record.chain;
    }
    return true;
  }
}

export function nameOf({ producer, epoch }: LogIdentity): string {
  return `${producer}#${epoch}`;
}
