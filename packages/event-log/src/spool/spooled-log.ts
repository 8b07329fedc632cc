// The log of a process of the data plane, in a folder of its own. What is appended is with the operating system when the call
// returns; audit events are synced, many with one call, before `audit` resolves, and everything else within 50 ms.
//
// Sequences are contiguous from 1 in each epoch, and an epoch begins with each start. When the sink is down the log grows; when
// the disk is full, requests are refused or records are given up and counted, as the operator says. Never silently.

import { dirname, resolve } from 'node:path';
import type { AccessRecord, AuditEvent } from '@ai-switch/contracts';
import {
  type Clock,
  ConfigError,
  type FolderLock,
  lockFolder,
  makeFolder,
  systemClock,
} from '@ai-switch/kernel';
import type { Logger } from '@ai-switch/telemetry';
import { chainOf, type LogIdentity } from '../chain.ts';
import { dataOf, type Entry, entryOf, isRecordType } from '../data.ts';
import type { EventLog, LogSink, SequencedRecord } from '../event-log.ts';
import { DiskWatch, type Room } from './disk-watch.ts';
import type { EpochFolder } from './epoch-folder.ts';
import { syncFolderNow } from './folder-sync.ts';
import { GroupSync } from './group-sync.ts';
import { beginEpoch, freshIdentity, leftEpochs, nextIdentity } from './identity.ts';
import { Shipper } from './shipper.ts';
import { countDropped, watchLog } from './spool-metrics.ts';
import { within } from './within.ts';

/** What happens when the disk is full: no more requests, or requests without records, which are counted. */
export const FULL_DISK_POLICIES = ['refuse', 'drop'] as const;
export type FullDiskPolicy = (typeof FULL_DISK_POLICIES)[number];

export interface SpooledLogOptions {
  /** Made when missing. One log uses it at a time: another is refused. */
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
/** A disk that hangs does not keep a process from ending. */
const CLOSE_SYNC_MS = 5_000;
/** How many records are moved to another epoch at once. */
const MOVE_RECORDS = 500;

/** @throws ConfigError when another log uses the folder, or it is another service's; an Error when it cannot be written */
export async function openSpooledLog(options: SpooledLogOptions): Promise<SpooledLog> {
  const { folder } = options;
  makeFolder(folder, 0o700);
  // That it is there, in case it was just made.
  syncFolderNow(dirname(resolve(folder)));
  const lock = lockFolder(folder);
  if (lock === undefined) {
    throw new ConfigError(
      `another process uses the event log in ${folder}: stop that one, or give this one another folder`,
    );
  }
  try {
    const log = new SpooledLog(options, lock);
    await log.start();
    return log;
  } catch (error) {
    lock.release();
    throw error;
  }
}

export class SpooledLog implements EventLog {
  readonly lastBefore: readonly Entry[];
  readonly #options: SpooledLogOptions;
  readonly #lock: FolderLock;
  readonly #epochs: EpochFolder[];
  readonly #shipper: Shipper;
  readonly #groupSync: GroupSync;
  readonly #disk: DiskWatch;
  #current: EpochFolder;
  #droppedLogged = 0;
  #isClosed = false;
  #letGo = () => {};

  constructor(options: SpooledLogOptions, lock: FolderLock) {
    this.#options = options;
    this.#lock = lock;
    const { folder, service, sink, logger, clock = systemClock } = options;
    this.#epochs = leftEpochs(folder, service);
    this.lastBefore = this.#epochs.flatMap(({ lastFound }) => entriesOf(lastFound));
    this.#current = beginEpoch(folder, nextIdentity(folder, service, this.#epochs));
    this.#epochs.push(this.#current);
    this.#shipper = new Shipper({
      sink,
      logger,
      clock,
      epochs: this.#epochs,
      onConflict: (epoch) => this.#renumber(epoch),
    });
    // Of all: who waits may have written into one that was current until now.
    this.#groupSync = new GroupSync(async () => {
      await Promise.all(this.#epochs.map((epoch) => epoch.sync()));
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
      this.#disk.fail(error);
    }
  }

  async close(boundMs: number): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#letGo();
    this.#disk.close();
    const synced = this.#groupSync.close().catch((error: unknown) => {
      this.#options.logger.error({ err: error }, 'the event log cannot be synced');
    });
    await within(synced, CLOSE_SYNC_MS);
    const isEmpty = await this.#shipper.close(boundMs);
    this.#current.writeMark();
    for (const epoch of this.#epochs) epoch.close();
    this.#lock.release();
    if (!isEmpty)
      this.#options.logger.warn({ records: this.depth }, 'records wait on the disk for the next start');
  }

  /** False when it was given up. */
  #append(entry: Entry, atMs: bigint): boolean {
    // Beyond this point a disk that is full to the last byte would fail in other ways.
    if (this.#isClosed || (this.#disk.isFull && this.#options.fullDisk === 'drop'))
      return this.#drop(undefined);
    const { type, record } = entry;
    try {
      this.#write({ type, data: dataOf(entry), tenant: record.tenant, atMs: Number(atMs) });
    } catch (error) {
      if (!(error instanceof RangeError)) this.#disk.fail(error);
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
    this.#current.drop(1);
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
    if (epoch === this.#current) {
      this.#current = beginEpoch(folder, freshIdentity(service));
      this.#epochs.push(this.#current);
    }
    const position = { segment: 0, offset: 0 };
    for (;;) {
      const records = await epoch.read(position, MOVE_RECORDS);
      if (records.length === 0) break;
      for (const { type, tenant, atMs, data } of records) this.#write({ type, tenant, atMs, data });
      await this.#groupSync.now();
      await epoch.acknowledge(records.at(-1)?.sequence ?? 0, position);
    }
    this.#current.drop(epoch.dropped);
    this.#epochs.splice(this.#epochs.indexOf(epoch), 1);
    await epoch.remove();
  }
}

/** None for a record of another version. */
function entriesOf(record: SequencedRecord | undefined): readonly Entry[] {
  if (record === undefined || !isRecordType(record.type)) return [];
  try {
    return [entryOf(record.type, record.data)];
  } catch {
    return [];
  }
}
