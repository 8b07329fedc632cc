import type { AccessRecord, AuditEvent } from '@ai-switch/contracts';
import type { LogIdentity } from './chain.ts';
import type { Entry } from './data.ts';

/** A record as it travels to a sink, in the order of the log. */
export interface SequencedRecord {
  readonly sequence: number;
  readonly type: string;
  readonly data: string;
  /** 32 bytes. */
  readonly chain: Uint8Array;
  /** Of the record, for whoever partitions by it. */
  readonly tenant: string;
  readonly atMs: number;
}

/** Where records go. What it acknowledged is kept there whatever happens here; it may be given records again. */
export interface LogSink {
  /** Stands in log lines and metrics: `kafka`, `inbox`. */
  readonly name: string;
  /**
   * Resolves once all of them are safe.
   * @throws Fault `conflict` when the sink has another record of such a sequence: the producer begins a new epoch; anything else
   * means "keep them and try again"
   */
  write(identity: LogIdentity, records: readonly SequencedRecord[]): Promise<void>;
  /** Says how far the log goes. */
  announce(identity: LogIdentity, announcement: LogAnnouncement): Promise<void>;
  close(): Promise<void>;
}

export interface LogAnnouncement {
  readonly lastSequence: number;
  readonly chain: Uint8Array;
  readonly atMs: number;
  readonly isFinal: boolean;
  /** What was given up by policy since the epoch began. */
  readonly dropped: number;
}

/** Where a process of the data plane writes what happened. */
export interface EventLog {
  /** At once in the log, which survives a killed process; a power cut may take the last 50 ms. */
  access(record: AccessRecord): void;
  /** Resolves once it survives a power cut. Never rejects: what the disk does not take is counted and logged. */
  audit(event: AuditEvent): Promise<void>;
  /** The last record that earlier processes wrote and did not send: what each did just after it may have been noted nowhere. */
  readonly lastBefore: readonly Entry[];
  /** False when the disk is so full that, by policy, no more requests are to be admitted. */
  readonly isAccepting: boolean;
  /** Sends what it can within `boundMs`; the rest waits on the disk for the next start. */
  close(boundMs: number): Promise<void>;
}
