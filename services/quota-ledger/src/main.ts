import { AuditLogDefinition, QuotaLedgerDefinition } from '@ai-switch/contracts';
import { databaseChecks } from '@ai-switch/db';
import { findSink } from '@ai-switch/event-log';
import { connect, runService, serve, tlsFiles } from '@ai-switch/rpc';
import { createLogger } from '@ai-switch/telemetry';
import { settings } from './config.ts';
import { openQuotaLedger } from './open-quota-ledger.ts';

/** How long a process that ends goes on sending events; the rest waits in the database. */
const EVENTS_SEND_MS = 5_000;

/** Who may call what: requests hold and settle, the admin API does the rest. */
const CALLERS = {
  '/aiswitch.v1.QuotaLedger/': ['console'],
  ...Object.fromEntries(
    ['Reserve', 'Extend', 'Heartbeat', 'Settle', 'Void', 'GetReceipt', 'GetPolicy', 'WatchPolicies'].map(
      (call) => [`/aiswitch.v1.QuotaLedger/${call}`, ['edge-gateway', 'console']],
    ),
  ),
};

await runService({
  name: 'quota-ledger',
  describe: 'holds, charges and bounds what each user may spend.',
  settings,
  start: async (values, lifetime) => {
    const logger = createLogger({ service: 'quota-ledger', level: values.AISWITCH_LEDGER_LOG_LEVEL });
    const { ledger, close, sendEvents } = await openQuotaLedger({
      databaseUrl: values.AISWITCH_LEDGER_DATABASE_URL,
      sweepIntervalMs: values.AISWITCH_LEDGER_SWEEP_INTERVAL_MS,
      logger,
    });
    lifetime.onClose('the ledger', close);
    const tls = tlsFiles(values);
    const auditAddress = values.AISWITCH_AUDIT_ADDRESS;
    const auditLog = auditAddress === '' ? undefined : connect(AuditLogDefinition, auditAddress, { tls });
    if (auditLog !== undefined) lifetime.onClose('audit log', () => auditLog.close());
    const sink = findSink(values, auditLog, logger);
    if (sink !== undefined) {
      lifetime.onClose('sinks of events', () => sink.close());
      const outbox = sendEvents(sink);
      lifetime.onClose('outbox', () => outbox.close(EVENTS_SEND_MS));
    }
    const server = await serve([{ definition: QuotaLedgerDefinition, implementation: ledger }], {
      address: values.AISWITCH_LEDGER_LISTEN,
      tls,
      callers: CALLERS,
      onError: (err, path) => logger.error({ err, path }, 'a call failed'),
    });
    lifetime.onClose('the server', () => server.close());
    return {
      ready: `quota-ledger: listening on port ${server.port}`,
      checks: databaseChecks(),
      leave: () => server.leave(),
    };
  },
});
