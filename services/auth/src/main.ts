import {
  AccessPoliciesDefinition,
  AuditLogDefinition,
  AuthDefinition,
  OrganisationDefinition,
  SignInDefinition,
} from '@ai-switch/contracts';
import { databaseChecks } from '@ai-switch/db';
import { sendEventsBySettings } from '@ai-switch/event-log';
import { openRedis } from '@ai-switch/redis';
import { connect, runService, serve, tlsFiles } from '@ai-switch/rpc';
import { createProcessLogger } from '@ai-switch/telemetry';
import { networksIn } from '@ai-switch/upstream';
import { readPepper, readSecret, settings } from './config.ts';
import { openAuth } from './open-auth.ts';

/** Who may call what. */
const CALLERS = {
  '/aiswitch.v1.Auth/': ['edge-gateway', 'console'],
  '/aiswitch.v1.AccessPolicies/': ['console'],
  '/aiswitch.v1.Organisation/': ['console'],
  '/aiswitch.v1.SignIn/': ['console'],
};

await runService({
  name: 'auth',
  describe: 'tells who is calling: companies, departments, users, roles and API keys, as ports over gRPC.',
  settings,
  start: async (values, lifetime) => {
    const tls = tlsFiles(values);
    const logger = createProcessLogger({ service: 'auth', level: values.AISWITCH_AUTH_LOG_LEVEL });
    const redis =
      values.AISWITCH_REDIS_URL === '' ? undefined : openRedis({ url: values.AISWITCH_REDIS_URL, logger });
    if (redis !== undefined) lifetime.onClose('Redis', () => redis.close());
    const opened = await openAuth({
      databaseUrl: values.AISWITCH_AUTH_DATABASE_URL,
      ...readPepper(values.AISWITCH_AUTH_PEPPER_FILE),
      ...readSecret(values.AISWITCH_AUTH_SECRET_FILE),
      upstreamNetworks: networksIn(values.AISWITCH_UPSTREAM_NETWORKS),
      ...(redis !== undefined && { redis }),
      logger,
    });
    lifetime.onClose('auth', () => opened.close());
    // Before anything else can fail: they are shown this once.
    if (opened.firstRootKey !== undefined) {
      process.stdout.write(`first root key, shown this once: ${opened.firstRootKey}\n`);
      process.stdout.write(
        `password of the user root, shown this once: ${await opened.makeRootPassword()}\n`,
      );
    }
    const auditAddress = values.AISWITCH_AUDIT_ADDRESS;
    const auditLog = auditAddress === '' ? undefined : connect(AuditLogDefinition, auditAddress, { tls });
    sendEventsBySettings(opened, { values, auditLog, logger }, lifetime);
    const server = await serve(
      [
        { definition: AuthDefinition, implementation: opened.auth },
        { definition: AccessPoliciesDefinition, implementation: opened.accessPolicies },
        { definition: OrganisationDefinition, implementation: opened.organisation },
        { definition: SignInDefinition, implementation: opened.signIn },
      ],
      {
        address: values.AISWITCH_AUTH_LISTEN,
        tls,
        callers: CALLERS,
        onError: (err, path) => logger.error({ err, path }, 'a call failed'),
      },
    );
    lifetime.onClose('server', () => server.close());
    return {
      ready: `auth listens on port ${server.port}`,
      checks: {
        ...databaseChecks(),
        ...(redis !== undefined && { redis: { isNeeded: false, ask: () => redis.isUp } }),
      },
      leave: () => server.leave(),
    };
  },
});
