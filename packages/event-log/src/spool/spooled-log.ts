// The log of a process of the data plane, in a folder of its own. What is appended is with the operating system when the call
// returns; audit events are synced, many with one call, before `audit` resolves, and everything else within 50 ms.
//
// Sequences are contiguous from 1 in each epoch, and an epoch begins with each start. When the sink is down the log grows; when
// the disk is full, requests are refused or records are given up and counted, as the operator says. Never silently.

import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AccessRecord, AuditEvent } from '@ai-switch/contracts';
import { type Clock, makeFolder, systemClock } from '@ai-switch/kernel';
import type { Logger } from '@ai-switch/telemetry';
import { chainOf, type LogIdentity } from '../chain.ts';
import { dataOf, type Entry } from '../data.ts';
import type { EventLog, LogSink, SequencedRecord } from '../event-log.ts';
import { DiskWatch, type Room } from './disk-watch.ts';
import { EpochFolder } from './epoch-folder.ts';
import { GroupSync } from './group-sync.ts';
import { Shipper } from './shipper.ts';
import { RECORD_BYTES_MAX } from './spool-format.ts';
import { countDropped, watchLog } from './spool-metrics.ts';

/** What happens when the disk is full: no more requests, or requests without records, which are counted. */
export const FULL_DISK_POLICIES = ['refuse', 'drop'] as const;
export type FullDiskPolicy = (typeof FULL_DISK_POLICIES)[number];

export interface SpooledLogOptions {
  /** Made when missing. One process uses it at a time, which its owner sees to. */
  readonly folder: string;
  /** Whose log it is, like `edge-gateway`. */
  readonly service: string;
  readonly sink: LogSink;
  readonly logger: Logger;
  readonly fullDisk?: FullDiskPolicy;
  /** Of the log on the disk; 4 GiB unless told otherwise. */
  readonly bytesMax?: number;
  readonly clock?: Clock;
  /** How full the disk is; asked of the system unless told otherwise. */
  readonly roomOf?: (folder: string) => Promise<Room>;
}

const BYTES_MAX = 4 * 1024 * 1024 * 1024;
/** What a record's head adds at most to its data. */
const HEAD_BYTES = 1_024;

/** @throws when the folder cannot be written */
export async function openSpooledLog(options: SpooledLogOptions): Promise<SpooledLog> {
  const log = new SpooledLog(options);
  await log.start();
  return log;
}

export class SpooledLog implements EventLog {
  readonly #options: SpooledLogOptions;
  readonly #clock: Clock;
  readonly #epochs: EpochFolder[];
  readonly #shipper: Shipper;
  readonly #groupSync: GroupSync;
  readonly #disk: DiskWatch;
  #current: EpochFolder;
  #droppedLogged = 0;
  #isClosed = false;
  #letGo = () => {};

  constructor(options: SpooledLogOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const { folder, service, sink, logger } = options;
    makeFolder(folder, 0o700);
    this.#epochs = leftEpochs(folder, service);
    for (const epoch of this.#epochs) epoch.measure();
    this.#current = newEpoch(folder, nextIdentity(folder, service));
    this.#epochs.push(this.#current);
    this.#shipper = new Shipper({
      sink,
      logger,
      clock: this.#clock,
      epochs: this.#epochs,
      onConflict: (epoch) => this.#renumber(epoch),
    });
    this.#groupSync = new GroupSync(async () => {
      await this.#current.sync();
    });
    this.#disk = new DiskWatch({
      folder,
      logger,
      bytesMax: options.bytesMax ?? BYTES_MAX,
      bytes: () => this.bytes,
      ...(options.roomOf !== undefined && { roomOf: options.roomOf }),
    });
  }

  async start(): Promise<void> {
    await this.#disk.start();
    this.#shipper.start();
    this.#letGo = watchLog(this);
  }

  get identity(): LogIdentity {
    return this.#current.identity;
  }

  /** On the disk, sent or not. */
  get bytes(): number {
    return this.#epochs.reduce((sum, epoch) => sum + epoch.bytes, 0);
  }

  /** Records that the sink has not acknowledged. */
  get depth(): number {
    return this.#epochs.reduce(
      (sum, { lastSequence, acknowledged }) => sum + Math.max(0, lastSequence - acknowledged),
      0,
    );
  }

  /** Records that were given up since the start. */
  get dropped(): number {
    return this.#current.dropped;
  }

  get isAccepting(): boolean {
    return !this.#disk.isFull || this.#options.fullDisk === 'drop';
  }

  access(record: AccessRecord): void {
    if (this.#append({ type: 'aiswitch.access.v1', record }, record.startedAtMs)) this.#groupSync.soon();
  }

  async audit(event: AuditEvent): Promise<void> {
    if (!this.#append({ type: 'aiswitch.audit.v1', record: event }, event.atMs)) return;
    try {
      await this.#groupSync.now();
    } catch (error) {
      this.#options.logger.error({ err: error }, 'the event log cannot be synced');
    }
  }

  async close(boundMs: number): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#letGo();
    this.#disk.close();
    await this.#groupSync.close().catch((error: unknown) => {
      this.#options.logger.error({ err: error }, 'the event log cannot be synced');
    });
    const isEmpty = await this.#shipper.close(boundMs);
    if (isEmpty) await this.#shipper.announceEnd().catch(() => {});
    this.#current.writeMark();
    for (const epoch of this.#epochs) epoch.close();
    if (!isEmpty)
      this.#options.logger.warn({ records: this.depth }, 'records wait on the disk for the next start');
  }

  /** False when it was given up. */
  #append(entry: Entry, atMs: bigint): boolean {
    // Beyond this point a disk that is full to the last byte would fail in other ways.
    if (this.#isClosed || (this.#disk.isFull && this.#options.fullDisk === 'drop'))
      return this.#drop(undefined);
    const data = dataOf(entry);
    if (Buffer.byteLength(data) > RECORD_BYTES_MAX - HEAD_BYTES) return this.#drop(undefined);
    try {
      this.#write({ type: entry.type, data, tenant: entry.record.tenant, atMs: Number(atMs) });
    } catch (error) {
      return this.#drop(error);
    }
    this.#shipper.notify();
    return true;
  }

  #write(record: Omit<SequencedRecord, 'sequence' | 'chain'>): void {
    const sequence = this.#current.lastSequence + 1;
    const chain = chainOf(this.#current.lastChain, this.#current.identity, { ...record, sequence });
    this.#current.append({ ...record, sequence, chain });
  }

  #drop(error: unknown): false {
    this.#current.dropped += 1;
    countDropped();
    // One line for each doubling says enough and cannot flood the log.
    if (this.#current.dropped >= this.#droppedLogged * 2) {
      this.#droppedLogged = this.#current.dropped;
      this.#options.logger.error(
        { err: error, dropped: this.#current.dropped },
        'records are being given up',
      );
    }
    return false;
  }

  /** The folder was put back from a copy: what it has was written by another since, under the same name. */
  async #renumber(epoch: EpochFolder): Promise<void> {
    const { folder, service } = this.#options;
    const position = { segment: 0, offset: 0 };
    const left: SequencedRecord[] = [];
    for (;;) {
      const records = await epoch.read(position, Number.MAX_SAFE_INTEGER);
      if (records.length === 0) break;
      left.push(...records);
    }
    if (epoch === this.#current) {
      await this.#current.sync();
      this.#current = newEpoch(folder, writeIdentity(folder, freshIdentity(service)));
      this.#epochs.push(this.#current);
    }
    for (const { type, tenant, atMs, data } of left) this.#write({ type, tenant, atMs, data });
    await this.#current.sync();
    this.#epochs.splice(this.#epochs.indexOf(epoch), 1);
    epoch.remove();
  }
}

const IDENTITY_FILE = 'identity.json';

function newEpoch(folder: string, identity: LogIdentity): EpochFolder {
  return new EpochFolder(join(folder, folderNameOf(identity)), identity);
}

/** `<id>.<epoch>`: of the producer's name only what is its own. */
function folderNameOf({ producer, epoch }: LogIdentity): string {
  return `${producer.split('/')[1]}.${epoch}`;
}

/** What processes before left, oldest first. */
function leftEpochs(folder: string, service: string): EpochFolder[] {
  return readdirSync(folder)
    .flatMap((name) => {
      const [, id, epoch] = /^([0-9a-f]{16})\.(\d+)$/.exec(name) ?? [];
      if (id === undefined) return [];
      return [newEpoch(folder, { producer: `${service}/${id}`, epoch: Number(epoch) })];
    })
    .sort((one, other) => one.identity.epoch - other.identity.epoch);
}

function nextIdentity(folder: string, service: string): LogIdentity {
  let known: LogIdentity | undefined;
  try {
    known = JSON.parse(readFileSync(join(folder, IDENTITY_FILE), 'utf8'));
  } catch {
    // The first start, or a file that was cut off: a fresh name is never another's.
  }
  const isKnown = known !== undefined && /\/[0-9a-f]{16}$/.test(known.producer) && known.epoch >= 1;
  return writeIdentity(
    folder,
    isKnown && known !== undefined
      ? { producer: known.producer, epoch: known.epoch + 1 }
      : freshIdentity(service),
  );
}

function freshIdentity(service: string): LogIdentity {
  return { producer: `${service}/${randomBytes(8).toString('hex')}`, epoch: 1 };
}

function writeIdentity(folder: string, identity: LogIdentity): LogIdentity {
  const path = join(folder, IDENTITY_FILE);
  writeFileSync(`${path}.next`, JSON.stringify(identity), { mode: 0o600, flush: true });
  renameSync(`${path}.next`, path);
  return identity;
}
