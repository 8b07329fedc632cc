// The admin API with real services behind it, each on a database in memory.

import { randomBytes } from 'node:crypto';
import { openAuditLog } from '@ai-switch/audit-consumer';
import { openAuth } from '@ai-switch/auth';
import type { Ports } from '@ai-switch/contracts';
import { type DirectLog, directLog, inboxSink } from '@ai-switch/event-log';
import { openQuotaLedger } from '@ai-switch/quota-ledger';
import { openRouter } from '@ai-switch/router';
import { createLogger } from '@ai-switch/telemetry';
import { LOOPBACK_NETWORKS } from '@ai-switch/testkit';
import { DialGuard } from '@ai-switch/upstream';
import { type ConsoleOptions, createConsole } from '../src/index.ts';

const MEMORY = 'sqlite::memory:';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
  readonly text: string;
}

/** Whatever was answered: a test reads what it expects. */
interface Body {
  readonly items: readonly Readonly<Record<string, unknown>>[];
  readonly nextAfter?: string;
  readonly userId: string;
  readonly keyId: string;
  readonly plaintext: string;
  readonly detail: string;
  readonly [field: string]: unknown;
}

export interface Admin extends AsyncDisposable {
  readonly rootKey: string;
  readonly ports: Ports;
  /** What the API writes its events into. */
  readonly eventLog: DirectLog;
  /** Waits until the events of all changes are in the audit log. */
  drain(): Promise<void>;
  /** Asks with the root key, unless `headers` say otherwise. */
  ask(route: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** The actions in the audit trail, oldest first. */
  actions(): Promise<readonly string[]>;
  /** The newest event of an action. */
  lastEvent(action: string): Promise<{
    readonly subject: string;
    readonly details: Readonly<Record<string, string>>;
  }>;
}

/** @param wrap puts something in front of the ports that the API sees */
export async function openAdmin(
  wrap: (ports: Ports) => Ports = (ports) => ports,
  options: Partial<ConsoleOptions> = {},
): Promise<Admin> {
  const logger = createLogger({ service: 'console', level: 'silent' });
  const [auth, ledger, router, audit] = await Promise.all([
    openAuth({
      databaseUrl: MEMORY,
      secret: randomBytes(32),
      upstreamNetworks: LOOPBACK_NETWORKS,
      logger,
    }),
    openQuotaLedger({ databaseUrl: MEMORY, logger }),
    openRouter({
      databaseUrl: MEMORY,
      masterKey: randomBytes(32),
      upstreamNetworks: LOOPBACK_NETWORKS,
      logger,
    }),
    openAuditLog({ databaseUrl: MEMORY, logger }),
  ]);
  const ports: Ports = {
    auth: auth.auth,
    organisation: auth.organisation,
    accessPolicies: auth.accessPolicies,
    signIn: auth.signIn,
    quotaLedger: ledger.ledger,
    router: router.router,
    auditLog: audit.auditLog,
  };
  const rootKey = auth.firstRootKey ?? '';
  const eventLog = directLog('test', inboxSink(audit.auditLog));
  const outboxes = [auth, ledger, router].map((each) => each.sendEvents(inboxSink(audit.auditLog)));
  const drain = async () => {
    for (const outbox of outboxes) await outbox.drained();
  };
  const app = createConsole({
    ports: wrap(withDrained(ports, drain)),
    logger,
    guard: new DialGuard(LOOPBACK_NETWORKS),
    clientAddressOf: ({ req }) => req.header('x-test-address') ?? '192.0.2.1',
    ...options,
  });
  const page = { after: '', limit: 1_000 };
  const scope = { tenant: 'default', isWholeCompany: true, departmentPaths: [], userId: '' };
  return {
    rootKey,
    ports,
    eventLog,
    drain,
    ask: async (route, body, headers = { authorization: `Bearer ${rootKey}` }) => {
      const [method = 'GET', path = '/'] = route.split(' ');
      const response = await app.request(path, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
    },
    actions: async () => {
      await drain();
      const { events } = await ports.auditLog.listEvents({ scope, filter: undefined, page });
      return events.map(({ action }) => action).reverse();
    },
    lastEvent: async (action) => {
      await drain();
      const { events } = await ports.auditLog.listEvents({ scope, filter: undefined, page });
      const event = events.find((each) => each.action === action);
      if (event === undefined) throw new Error(`no ${action} is on record`);
      return event;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(outboxes.map((outbox) => outbox.close(1_000)));
      await Promise.all([auth.close(), ledger.close(), router.close(), audit.close()]);
    },
  };
}

/** Who reads the trail reads of everything that was changed before. */
function withDrained(ports: Ports, drain: () => Promise<void>): Ports {
  const { auditLog } = ports;
  return {
    ...ports,
    auditLog: {
      ingest: (request) => auditLog.ingest(request),
      announce: (request) => auditLog.announce(request),
      listAccess: (request) => auditLog.listAccess(request),
      sumUsage: (request) => auditLog.sumUsage(request),
      getCompleteness: (request) => auditLog.getCompleteness(request),
      readTrail: (request) => auditLog.readTrail(request),
      listRoots: (request) => auditLog.listRoots(request),
      listEvents: async (request) => {
        await drain();
        return auditLog.listEvents(request);
      },
    },
  };
}
