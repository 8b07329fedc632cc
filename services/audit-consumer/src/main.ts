import { AuditLogDefinition } from '@ai-switch/contracts';
import { databaseChecks } from '@ai-switch/db';
import { kafkaOptions } from '@ai-switch/event-log';
import { runService, serve, tlsFiles } from '@ai-switch/rpc';
import { createProcessLogger } from '@ai-switch/telemetry';
import { settings } from './config.ts';
import { openAuditLog } from './open-audit-log.ts';
import { openSigningKey } from './signing-key.ts';

/** Who may call what: services write, the admin API reads. */
const CALLERS = {
  '/aiswitch.v1.AuditLog/': ['console'],
  '/aiswitch.v1.AuditLog/Ingest': ['edge-gateway', 'auth', 'quota-ledger', 'router'],
  '/aiswitch.v1.AuditLog/Announce': ['edge-gateway', 'auth', 'quota-ledger', 'router'],
};

await runService({
  name: 'audit-consumer',
  describe: 'keeps access records and audit events',
  settings,
  start: async (values, lifetime) => {
    const logger = createProcessLogger({ service: 'audit-consumer', level: values.AISWITCH_AUDIT_LOG_LEVEL });
    const keyPath = values.AISWITCH_AUDIT_SIGNING_KEY_FILE;
    const rootsPath = values.AISWITCH_AUDIT_ROOTS_PATH;
    const kafka = kafkaOptions(values, logger);
    const { auditLog, close } = await openAuditLog({
      databaseUrl: values.AISWITCH_AUDIT_DATABASE_URL,
      retentionDays: values.AISWITCH_AUDIT_RETENTION_DAYS,
      ...(keyPath !== '' && { signer: await openSigningKey(keyPath, { mayCreate: false }) }),
      ...(rootsPath !== '' && { rootsPath }),
      ...(kafka !== undefined && { kafka }),
      logger,
    });
    lifetime.onClose('audit log', close);
    const server = await serve([{ definition: AuditLogDefinition, implementation: auditLog }], {
      address: values.AISWITCH_AUDIT_LISTEN,
      tls: tlsFiles(values),
      callers: CALLERS,
      onError: (error, path) => logger.error({ error, path }, 'a call failed'),
    });
    lifetime.onClose('gRPC server', () => server.close());
    return {
      ready: `audit-consumer listens on port ${server.port}`,
      checks: databaseChecks(),
      leave: () => server.leave(),
    };
  },
});
