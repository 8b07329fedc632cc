import { AuditLogDefinition, RouterDefinition } from '@ai-switch/contracts';
import { databaseChecks } from '@ai-switch/db';
import { sendEventsBySettings } from '@ai-switch/event-log';
import { connect, runService, serve, tlsFiles } from '@ai-switch/rpc';
import { createProcessLogger } from '@ai-switch/telemetry';
import { networksIn } from '@ai-switch/upstream';
import { settings } from './config.ts';
import { openMasterKey } from './credentials.ts';
import { openRouter } from './open-router.ts';

/** Who may call what. Only the edge is given credentials. */
const CALLERS = {
  '/aiswitch.v1.Router/': ['console'],
  '/aiswitch.v1.Router/Route': ['edge-gateway'],
  '/aiswitch.v1.Router/GetRoute': ['edge-gateway'],
  '/aiswitch.v1.Router/WatchRoutes': ['edge-gateway'],
  '/aiswitch.v1.Router/ListModels': ['edge-gateway', 'console'],
};

await runService({
  name: 'router',
  describe: 'chooses the provider that answers a request',
  settings,
  start: async (values, lifetime) => {
    const logger = createProcessLogger({ service: 'router', level: values.AISWITCH_ROUTER_LOG_LEVEL });
    // Replicas share one key: a replica that made its own could not open what the others sealed.
    const { key } = await openMasterKey(values.AISWITCH_MASTER_KEY_FILE, { mayCreate: false });
    const otherMasterKeys: Buffer[] = [];
    for (const path of values.AISWITCH_OTHER_MASTER_KEY_FILES.split(',').filter((each) => each !== '')) {
      otherMasterKeys.push((await openMasterKey(path.trim(), { mayCreate: false })).key);
    }
    const opened = await openRouter({
      databaseUrl: values.AISWITCH_ROUTER_DATABASE_URL,
      masterKey: key,
      otherMasterKeys,
      upstreamNetworks: networksIn(values.AISWITCH_UPSTREAM_NETWORKS),
      logger,
    });
    lifetime.onClose('router', () => opened.close());
    const tls = tlsFiles(values);
    const auditAddress = values.AISWITCH_AUDIT_ADDRESS;
    const auditLog = auditAddress === '' ? undefined : connect(AuditLogDefinition, auditAddress, { tls });
    sendEventsBySettings(opened, { values, auditLog, logger }, lifetime);
    const server = await serve([{ definition: RouterDefinition, implementation: opened.router }], {
      address: values.AISWITCH_ROUTER_LISTEN,
      tls,
      callers: CALLERS,
      onError: (error, path) => logger.error({ error, path }, 'a call failed'),
    });
    lifetime.onClose('gRPC server', () => server.close());
    return {
      ready: `router listens on port ${server.port}`,
      checks: databaseChecks(),
      leave: () => server.leave(),
    };
  },
});
