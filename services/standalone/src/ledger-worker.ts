// The thread of the ledger and the audit log. It opens both, says so, answers until it is told to close, and then ends by
// itself. What cannot be opened ends the thread with its error, which the thread that started it hears.

import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { openAuditLog, openSigningKey } from '@ai-switch/audit-consumer';
import { AuditLogDefinition, QuotaLedgerDefinition } from '@ai-switch/contracts';
import { inboxSink, sendEvents } from '@ai-switch/event-log';
import { Lifetime } from '@ai-switch/kernel';
import { openQuotaLedger } from '@ai-switch/quota-ledger';
import { serveThread } from '@ai-switch/rpc';
import { createProcessLogger, type LogLevel } from '@ai-switch/telemetry';
import { answerMetrics } from './thread-metrics.ts';

export interface TrailSigning {
  /** Of the key that vouches for the audit trail; it is made when it is not there. */
  readonly keyPath: string;
  /** The folder of its signed roots. */
  readonly rootsPath: string;
}

export interface LedgerWorkerStart {
  readonly ledgerUrl: string;
  readonly auditUrl: string;
  readonly signing?: TrailSigning | undefined;
  readonly logLevel: LogLevel;
  readonly quotaLedger: MessagePort;
  readonly auditLog: MessagePort;
  readonly metrics: MessagePort;
}

const { ledgerUrl, auditUrl, signing, logLevel, quotaLedger, auditLog, metrics }: LedgerWorkerStart =
  workerData;
const logger = createProcessLogger({ service: 'standalone', level: logLevel });
const onError = (err: unknown, path: string) => logger.error({ err, path }, 'a call failed');

const lifetime = new Lifetime();

const ledger = await openQuotaLedger({ databaseUrl: ledgerUrl, logger });
lifetime.onClose('quota-ledger', () => ledger.close());
const audit = await openAuditLog({
  databaseUrl: auditUrl,
  ...(signing !== undefined && {
    signer: await openSigningKey(signing.keyPath, { mayCreate: true }),
    rootsPath: signing.rootsPath,
  }),
  logger,
});
lifetime.onClose('audit log', () => audit.close());
sendEvents(ledger, inboxSink(audit.auditLog), lifetime);
const ledgerServer = serveThread(QuotaLedgerDefinition, ledger.ledger, quotaLedger, { onError });
lifetime.onClose('calls of the ledger', () => ledgerServer.close());
const auditServer = serveThread(AuditLogDefinition, audit.auditLog, auditLog, { onError });
lifetime.onClose('calls of the audit log', () => auditServer.close());

answerMetrics(metrics);
lifetime.onClose('metrics', () => metrics.close());

// The one message that comes asks it to close. Closed, nothing keeps the thread, and it ends.
parentPort?.once('message', () => lifetime.close());
parentPort?.postMessage('open');
