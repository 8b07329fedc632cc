// The edge as a process of its own: every port is another process, reached over gRPC.

import { join, resolve } from 'node:path';
import {
  AuditLogDefinition,
  AuthDefinition,
  type EdgePorts,
  QuotaLedgerDefinition,
  RouterDefinition,
} from '@ai-switch/contracts';
import { type EventLog, openSink, openSpooledLog } from '@ai-switch/event-log';
import { proxiesIn } from '@ai-switch/guard';
import { ConfigError, closeHttp, type Lifetime, listenHttp, lockFolder, makeFolder } from '@ai-switch/kernel';
import { openRedis, type Redis } from '@ai-switch/redis';
import { connect, runService, tlsFiles } from '@ai-switch/rpc';
import { createProcessLogger, type ReadinessChecks } from '@ai-switch/telemetry';
import { networksIn } from '@ai-switch/upstream';
import { settings } from './config.ts';
import { createEdge } from './edge.ts';
import { openSpoolFile, type SpoolFile } from './holds/spool-file.ts';
import { ChangeWatch } from './remembered/change-watch.ts';
import { rememberedAuth } from './remembered/remembered-auth.ts';
import { createEdgeServer } from './server.ts';

/** How long a process that ends goes on sending its records; the rest waits for its next start. */
const LOG_SEND_MS = 5_000;

await runService({
  name: 'edge-gateway',
  describe: 'answers clients in their own dialects and calls the providers.',
  settings,
  start: async (values, lifetime) => {
    const tls = tlsFiles(values);
    const auditLog = connect(AuditLogDefinition, values.AISWITCH_AUDIT_ADDRESS, { tls });
    lifetime.onClose('audit log', () => auditLog.close());
    const ports = {
      auth: connect(AuthDefinition, values.AISWITCH_AUTH_ADDRESS, { tls }),
      quotaLedger: connect(QuotaLedgerDefinition, values.AISWITCH_LEDGER_ADDRESS, { tls }),
      router: connect(RouterDefinition, values.AISWITCH_ROUTER_ADDRESS, { tls }),
    };
    for (const [name, port] of Object.entries(ports)) lifetime.onClose(name, () => port.close());
    const logger = createProcessLogger({ service: 'edge-gateway', level: values.AISWITCH_EDGE_LOG_LEVEL });
    if (values.AISWITCH_EDGE_HEARTBEAT_MS * 2 > values.AISWITCH_EDGE_HOLD_TTL_MS) {
      throw new ConfigError(
        'AISWITCH_EDGE_HEARTBEAT_MS must be at most half of AISWITCH_EDGE_HOLD_TTL_MS: one heartbeat may be lost',
      );
    }
    const spoolFile = openSpool(values.AISWITCH_EDGE_SPOOL_PATH, lifetime);
    const sink = openSink(values, auditLog, logger);
    lifetime.onClose('sinks of the event log', () => sink.close());
    const eventLog = await openSpooledLog({
      folder: join(resolve(values.AISWITCH_EDGE_SPOOL_PATH), 'events'),
      service: 'edge-gateway',
      sink,
      logger,
      fullDisk: values.AISWITCH_EDGE_FULL_DISK,
      bytesMax: values.AISWITCH_EDGE_LOG_BYTES_MAX,
    });
    lifetime.onClose('event log', () => eventLog.close(LOG_SEND_MS));
    const callerWatch = new ChangeWatch({
      what: 'callers',
      watch: (request) => ports.auth.watchCallers(request),
      logger,
    }).start();
    lifetime.onClose('watch of callers', () => callerWatch.close());
    const redis =
      values.AISWITCH_REDIS_URL === '' ? undefined : openRedis({ url: values.AISWITCH_REDIS_URL, logger });
    if (redis !== undefined) lifetime.onClose('Redis', () => redis.close());
    const edge = createEdge({
      ports: { ...ports, auth: rememberedAuth(ports.auth, callerWatch) },
      eventLog,
      logger,
      trustedProxies: proxiesIn(values.AISWITCH_EDGE_TRUSTED_PROXIES, values.AISWITCH_EDGE_FORWARDED_HEADER),
      upstreamNetworks: networksIn(values.AISWITCH_UPSTREAM_NETWORKS),
      spoolFile,
      ...(redis !== undefined && { redis }),
      settings: {
        drainMs: values.AISWITCH_EDGE_DRAIN_MS,
        holdTtlMs: values.AISWITCH_EDGE_HOLD_TTL_MS,
        heartbeatMs: values.AISWITCH_EDGE_HEARTBEAT_MS,
        interceptBudgetMs: values.AISWITCH_EDGE_INTERCEPT_BUDGET_MS,
      },
    });
    const server = createEdgeServer(edge);
    // Closed in reverse: the edge refuses and drains while the server still answers.
    lifetime.onClose('server', () => closeHttp(server));
    lifetime.onClose('edge', () => edge.close());
    const port = await listenHttp(server, values.AISWITCH_EDGE_LISTEN);
    return { ready: `edge-gateway listens on port ${port}`, checks: checksOf(ports, eventLog, redis) };
  },
});

/** What an edge asks of others may come back, and what it remembers goes on: only its own log can make it useless. */
function checksOf(ports: EdgePorts, eventLog: EventLog, redis: Redis | undefined): ReadinessChecks {
  const optional = (ask: () => Promise<unknown> | boolean) => ({ isNeeded: false, ask });
  const now = { afterRevision: 0n, waitMs: 0 };
  return {
    log: { isNeeded: true, ask: () => eventLog.isAccepting },
    auth: optional(() => ports.auth.watchCallers(now)),
    'quota-ledger': optional(() => ports.quotaLedger.watchPolicies(now)),
    router: optional(() => ports.router.watchRoutes(now)),
    ...(redis !== undefined && { redis: optional(() => redis.isUp) }),
  };
}

function openSpool(folder: string, lifetime: Lifetime): SpoolFile {
  try {
    makeFolder(resolve(folder), 0o700);
    const lock = lockFolder(folder);
    if (lock === undefined) {
      throw new ConfigError(
        `another process uses the spool ${folder}: stop that one, or set AISWITCH_EDGE_SPOOL_PATH to another folder`,
      );
    }
    lifetime.onClose('spool', () => lock.release());
    return openSpoolFile(resolve(folder));
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw new ConfigError(
      `the spool ${folder} cannot be written: check who owns it, or set AISWITCH_EDGE_SPOOL_PATH to another folder`,
      { cause },
    );
  }
}
