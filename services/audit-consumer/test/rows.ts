import { AccessRecord, AuditEvent, type AuditLog, type LogRecord } from '@ai-switch/contracts';
import { chainOf, dataOf, type Entry, NO_CHAIN } from '@ai-switch/event-log';
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

let producers = 0;

/** A producer with a log of its own, which has its records at hand. */
export class TestProducer {
  readonly producer: string;
  readonly epoch: number;
  readonly #log: AuditLog;
  readonly records: LogRecord[] = [];

  constructor(log: AuditLog, epoch = 1, producer = `test/${process.pid}-${++producers}`) {
    this.#log = log;
    this.epoch = epoch;
    this.producer = producer;
  }

  get chain(): Uint8Array {
    return this.records.at(-1)?.chain ?? NO_CHAIN;
  }

  /** The next records of the log, which are not sent. */
  append(entries: readonly Entry[]): LogRecord[] {
    return entries.map((entry) => this.appendData(entry.type, dataOf(entry)));
  }

  appendData(type: string, data: string): LogRecord {
    const sequence = this.records.length + 1;
    const chain = chainOf(this.chain, this, { sequence, type, data });
    const record = { sequence: BigInt(sequence), type, data, chain };
    this.records.push(record);
    return record;
  }

  async send(records: readonly LogRecord[]): Promise<void> {
    await this.#log.ingest({ producer: this.producer, epoch: BigInt(this.epoch), records: [...records] });
  }

  async announce(
    fields: { readonly atMs?: number; readonly isFinal?: boolean; readonly dropped?: number } = {},
  ) {
    await this.#log.announce({
      producer: this.producer,
      epoch: BigInt(this.epoch),
      lastSequence: BigInt(this.records.length),
      chain: this.records.at(-1)?.chain ?? new Uint8Array(),
      atMs: BigInt(fields.atMs ?? START_MS),
      isFinal: fields.isFinal ?? false,
      dropped: BigInt(fields.dropped ?? 0),
    });
  }

  async access(records: readonly AccessRecord[]): Promise<void> {
    await this.send(this.append(records.map((record) => ({ type: 'aiswitch.access.v1', record }))));
  }

  async events(events: readonly AuditEvent[]): Promise<void> {
    await this.send(this.append(events.map((record) => ({ type: 'aiswitch.audit.v1', record }))));
  }
}
