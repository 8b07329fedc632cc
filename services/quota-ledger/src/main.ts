import { AuditLogDefinition, QuotaLedgerDefinition } from '@ai-switch/contracts';
import { databaseChecks } from '@ai-switch/db';
import { sendEventsBySettings } from '@ai-switch/event-log';
import { connect, runService, serve, tlsFiles } from '@ai-switch/rpc';
import { createProcessLogger } from '@ai-switch/telemetry';
import { settings } from './config.ts';
import { openQuotaLedger } from './open-quota-ledger.ts';

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
    const logger = createProcessLogger({ service: 'quota-ledger', level: values.AISWITCH_LEDGER_LOG_LEVEL });
    const opened = await openQuotaLedger({
      databaseUrl: values.AISWITCH_LEDGER_DATABASE_URL,
      sweepIntervalMs: values.AISWITCH_LEDGER_SWEEP_INTERVAL_MS,
      logger,
    });
    lifetime.onClose('the ledger', () => opened.close());
    const tls = tlsFiles(values);
    const auditAddress = values.AISWITCH_AUDIT_ADDRESS;
    const auditLog = auditAddress === '' ? undefined : connect(AuditLogDefinition, auditAddress, { tls });
    sendEventsBySettings(opened, { values, auditLog, logger }, lifetime);
    const server = await serve([{ definition: QuotaLedgerDefinition, implementation: opened.ledger }], {
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
