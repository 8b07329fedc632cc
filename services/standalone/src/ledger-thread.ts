// The ledger and the audit log on a thread of their own: SQLite is synchronous, and every request of the gateway writes
// to both. The streams of the process do not wait for them here.
//
// A thread that ends by an error takes the process with it, as the same error would on this thread: what it acknowledged
// is stored, and a supervisor starts the process again.

import { MessageChannel, Worker } from 'node:worker_threads';
import {
  type AuditLog,
  AuditLogDefinition,
  type QuotaLedger,
  QuotaLedgerDefinition,
} from '@ai-switch/contracts';
import { connectThread } from '@ai-switch/rpc';
import { addThread, type Logger, type LogLevel } from '@ai-switch/telemetry';
import type { LedgerWorkerStart, TrailSigning } from './ledger-worker.ts';
import { metricsAsker } from './thread-metrics.ts';

export interface LedgerThread {
  readonly quotaLedger: QuotaLedger;
  readonly auditLog: AuditLog;
  /** Waits for the operations under way, then lets go of both databases and ends the thread. */
  close(): Promise<void>;
}

export interface LedgerThreadOptions {
  readonly ledgerUrl: string;
  readonly auditUrl: string;
  /** Nobody vouches for the audit trail unless told otherwise. */
  readonly signing?: TrailSigning;
  /** Its level; the thread writes to stderr itself. */
  readonly logger: Logger;
}

/** @throws DatabaseError when one of both databases cannot be used, ConfigError when the signing key cannot */
export async function openLedgerThread({
  ledgerUrl,
  auditUrl,
  signing,
  logger,
}: LedgerThreadOptions): Promise<LedgerThread> {
  const ledgerChannel = new MessageChannel();
  const auditChannel = new MessageChannel();
  const metricsChannel = new MessageChannel();
  const quotaLedger = connectThread(QuotaLedgerDefinition, ledgerChannel.port1);
  const auditLog = connectThread(AuditLogDefinition, auditChannel.port1);
  const start: LedgerWorkerStart = {
    ledgerUrl,
    auditUrl,
    signing,
    logLevel: logger.level as LogLevel,
    quotaLedger: ledgerChannel.port2,
    auditLog: auditChannel.port2,
    metrics: metricsChannel.port2,
  };
  const worker = new Worker(new URL('./ledger-worker.ts', import.meta.url), {
    workerData: start,
    transferList: [start.quotaLedger, start.auditLog, start.metrics],
  });
  const end = endOf(worker);
  await Promise.race([new Promise((resolve) => worker.once('message', resolve)), end]);
  const forgetMetrics = addThread(metricsAsker(metricsChannel.port1));
  let isClosing = false;
  end.catch((error: unknown) => {
    // Thrown outside of the promise, so that it ends the process like any error that nobody expects.
    if (!isClosing)
      queueMicrotask(() => {
        throw error;
      });
  });
  return {
    quotaLedger,
    auditLog,
    close: async () => {
      isClosing = true;
      forgetMetrics();
      worker.postMessage('close');
      await end;
    },
  };
}

/** Resolves when the thread has ended by itself, rejects with the error that ended it. */
function endOf(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    let failure: unknown;
    worker.on('error', (error) => {
      failure = error;
    });
    worker.once('exit', (code) => {
      if (failure === undefined && code === 0) resolve();
      else reject(failure ?? new Error(`the ledger's thread ended with code ${code}`));
    });
  });
}
