// The admin API as a process of its own: every port is another process, reached over gRPC.

import { createServer } from 'node:http';
import {
  AccessPoliciesDefinition,
  AuditLogDefinition,
  AuthDefinition,
  OrganisationDefinition,
  QuotaLedgerDefinition,
  RouterDefinition,
  SignInDefinition,
} from '@ai-switch/contracts';
import { clientAddressReader, proxiesIn, WrongKeys } from '@ai-switch/guard';
import { closeHttp, listenHttp, systemClock } from '@ai-switch/kernel';
import { openRedis } from '@ai-switch/redis';
import { connect, runService, tlsFiles } from '@ai-switch/rpc';
import { createProcessLogger } from '@ai-switch/telemetry';
import { DialGuard, networksIn } from '@ai-switch/upstream';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { serverOptions, settings } from './config.ts';
import { createConsole } from './console.ts';

const ADMIN_PATH = '/api/admin/v1';
/** How long answers under way may take to leave. */
const CLOSE_MS = 10_000;

await runService({
  name: 'console',
  describe: 'answers the admin API.',
  settings,
  start: async (values, lifetime) => {
    const logger = createProcessLogger({ service: 'console', level: values.AISWITCH_CONSOLE_LOG_LEVEL });
    const tls = tlsFiles(values);
    const ports = {
      auth: connect(AuthDefinition, values.AISWITCH_AUTH_ADDRESS, { tls }),
      organisation: connect(OrganisationDefinition, values.AISWITCH_AUTH_ADDRESS, { tls }),
      accessPolicies: connect(AccessPoliciesDefinition, values.AISWITCH_AUTH_ADDRESS, { tls }),
      signIn: connect(SignInDefinition, values.AISWITCH_AUTH_ADDRESS, { tls }),
      quotaLedger: connect(QuotaLedgerDefinition, values.AISWITCH_LEDGER_ADDRESS, { tls }),
      router: connect(RouterDefinition, values.AISWITCH_ROUTER_ADDRESS, { tls }),
      auditLog: connect(AuditLogDefinition, values.AISWITCH_AUDIT_ADDRESS, { tls }),
    };
    for (const [name, port] of Object.entries(ports)) lifetime.onClose(name, () => port.close());
    const redis =
      values.AISWITCH_REDIS_URL === '' ? undefined : openRedis({ url: values.AISWITCH_REDIS_URL, logger });
    if (redis !== undefined) lifetime.onClose('Redis', () => redis.close());
    const wrongKeys = new WrongKeys(systemClock, redis);
    const addressOf = clientAddressReader(
      proxiesIn(values.AISWITCH_TRUSTED_PROXIES, values.AISWITCH_FORWARDED_HEADER),
    );
    const app = new Hono<{ Bindings: HttpBindings }>();
    app.route(
      ADMIN_PATH,
      createConsole({
        ports,
        logger,
        guard: new DialGuard(networksIn(values.AISWITCH_UPSTREAM_NETWORKS)),
        clientAddressOf: ({ env }) => addressOf(env.incoming),
        judgeKey: (from, key, ask) => wrongKeys.judge(from, key, ask),
        ...(values.AISWITCH_PUBLIC_URL !== '' && { publicUrl: values.AISWITCH_PUBLIC_URL }),
      }),
    );
    const server = createServer(
      serverOptions,
      getRequestListener(app.fetch, { overrideGlobalObjects: false }),
    );
    lifetime.onClose('server', () => closeHttp(server, CLOSE_MS));
    const port = await listenHttp(server, values.AISWITCH_CONSOLE_LISTEN);
    return {
      ready: `console listens on port ${port}`,
      checks: { ...(redis !== undefined && { redis: { isNeeded: false, ask: () => redis.isUp } }) },
    };
  },
});
