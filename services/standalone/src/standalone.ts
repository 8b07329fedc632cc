// Every service in one process on one address. A call of auth or the router is a call of the object itself; the ledger and
// the audit log are on a thread of their own. What each owns is in a file of its own.

import { rm } from 'node:fs/promises';
import { openAuth } from '@ai-switch/auth';
import { createConsole } from '@ai-switch/console';
import type { Ports } from '@ai-switch/contracts';
import { databaseChecks } from '@ai-switch/db';
import { createEdge, createEdgeServer, openSpoolFile } from '@ai-switch/edge-gateway';
import { inboxSink, openSpooledLog, sendEvents } from '@ai-switch/event-log';
import type { TrustedProxies } from '@ai-switch/guard';
import { ConfigError, closeHttp, Lifetime, listenHttp } from '@ai-switch/kernel';
import { openMasterKey, openRouter } from '@ai-switch/router';
import type { Logger, ReadinessChecks } from '@ai-switch/telemetry';
import { DialGuard } from '@ai-switch/upstream';
import { readProviderKeys } from './config.ts';
import { openDataFolder } from './data-folder.ts';
import { openLedgerThread } from './ledger-thread.ts';
import { openMasterKeyFiles } from './master-key-files.ts';
import { findProviders } from './providers-found.ts';

/** The company that auth makes on an empty database. */
const TENANT = 'default';
/** How long a process that ends goes on sending its records; the rest waits for its next start. */
const LOG_SEND_MS = 5_000;
const ADMIN_PATH = '/api/admin/v1';

export interface StandaloneOptions {
  /** The folder for the databases and the master key. */
  readonly dataPath: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Where the keys of providers are looked for; default: that of the process. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Whether model servers are looked for on their usual ports of this machine; default true. */
  readonly isDiscovering?: boolean;
  /** Where providers may stand besides https on the public internet; nowhere unless told otherwise. */
  readonly upstreamNetworks?: readonly string[];
  /** Whose word on the client's address is believed; nobody's unless told otherwise. */
  readonly trustedProxies?: TrustedProxies;
  /** Where browsers see this gateway, without a path; the address that each asks by unless told otherwise. */
  readonly publicUrl?: string;
  /** PostgreSQL in place of the SQLite files. */
  readonly databaseUrl?: string;
  readonly logger: Logger;
  /** Hears of the first root key as soon as it is made, for a later part may fail and it is not shown again. */
  readonly onFirstRootKey?: (key: string) => void;
}

export interface Standalone {
  /** Where it listens, without a trailing slash. */
  readonly url: string;
  /** Only at the first start. */
  readonly firstRootKey?: string;
  /** True when the master key was made by this start. */
  readonly isNewMasterKey: boolean;
  readonly masterKeyPath: string;
  /** What /readyz asks. */
  readonly checks: ReadinessChecks;
  /** A new key of the first root user. */
  makeRootKey(): Promise<string>;
  /** A new password of his, which he has to change when he signs in. */
  makeRootPassword(): Promise<string>;
  /** The models that can be asked for, with their providers. Waits a moment for what providers say of themselves. */
  models(): Promise<readonly { readonly name: string; readonly provider: string }[]>;
  /** Lets streams run to their bound, then closes everything. */
  close(): Promise<void>;
}

/** @throws ConfigError or DatabaseError of one line for what has to be mended */
export async function openStandalone(options: StandaloneOptions): Promise<Standalone> {
  const lifetime = new Lifetime();
  try {
    return await open(options, lifetime);
  } catch (error) {
    await lifetime.close().catch((err: unknown) => options.logger.error({ err }, 'closing failed'));
    throw error;
  }
}

async function open(options: StandaloneOptions, lifetime: Lifetime): Promise<Standalone> {
  const { host, port, logger, environment, isDiscovering = true, upstreamNetworks = [] } = options;
  const guard = new DialGuard(upstreamNetworks);
  const folder = openDataFolder(options.dataPath);
  lifetime.onClose('data folder', () => folder.close());
  const masterKeys = await openMasterKeyFiles(folder.masterKeyPath);

  const databaseUrl = (service: string) => options.databaseUrl ?? folder.databaseUrl(service);
  const authSecret = await openMasterKey(folder.authSecretPath, { mayCreate: true });
  const auth = await openAuth({
    databaseUrl: databaseUrl('auth'),
    secret: authSecret.key,
    upstreamNetworks,
    logger,
  });
  lifetime.onClose('auth', () => auth.close());
  if (masterKeys.isNew && auth.firstRootKey === undefined) await refuseWithoutMasterKey(folder.masterKeyPath);
  if (auth.firstRootKey !== undefined) options.onFirstRootKey?.(auth.firstRootKey);
  const thread = await openLedgerThread({
    ledgerUrl: databaseUrl('quota-ledger'),
    auditUrl: databaseUrl('audit'),
    signing: { keyPath: folder.signingKeyPath, rootsPath: folder.rootsPath },
    logger,
  });
  lifetime.onClose('quota-ledger and audit log', () => thread.close());
  const router = await openRouter({
    databaseUrl: databaseUrl('router'),
    masterKey: masterKeys.newest,
    otherMasterKeys: masterKeys.others,
    makeMasterKey: () => masterKeys.make(),
    upstreamNetworks,
    logger,
  });
  lifetime.onClose('router', () => router.close());
  const ports: Ports = {
    auth: auth.auth,
    organisation: auth.organisation,
    accessPolicies: auth.accessPolicies,
    signIn: auth.signIn,
    quotaLedger: thread.quotaLedger,
    router: router.router,
    auditLog: thread.auditLog,
  };

  for (const service of [auth, router]) sendEvents(service, inboxSink(ports.auditLog), lifetime);
  const eventLog = await openSpooledLog({
    folder: folder.eventsPath,
    service: 'standalone',
    sink: inboxSink(ports.auditLog),
    logger,
  });
  lifetime.onClose('event log', () => eventLog.close(LOG_SEND_MS));
  const found = await findProviders({
    ports,
    tenant: TENANT,
    keys: readProviderKeys(environment),
    isDiscovering,
    guard,
    logger,
  });
  lifetime.onClose('providers', () => found.close());

  const edge = createEdge({
    ports,
    eventLog,
    logger,
    upstreamNetworks,
    ...(options.trustedProxies !== undefined && { trustedProxies: options.trustedProxies }),
    spoolFile: openSpoolFile(folder.spoolPath),
  });
  edge.app.route(
    ADMIN_PATH,
    createConsole({
      ports,
      logger,
      guard,
      clientAddressOf: ({ env }) => edge.clientAddressOf(env.incoming),
      judgeKey: edge.judgeKey,
      ...(options.publicUrl !== undefined && { publicUrl: options.publicUrl }),
    }),
  );
  const server = createEdgeServer(edge);
  // Closed in reverse: the edge refuses and drains while the server still answers.
  lifetime.onClose('server', () => closeHttp(server));
  lifetime.onClose('edge', () => edge.close());
  const bound = await listenHttp(server, `${host.includes(':') ? `[${host}]` : host}:${port}`);

  return {
    url: `http://${reachable(host)}:${bound}`,
    ...(auth.firstRootKey === undefined ? {} : { firstRootKey: auth.firstRootKey }),
    isNewMasterKey: masterKeys.isNew,
    masterKeyPath: folder.masterKeyPath,
    checks: {
      ...databaseChecks(),
      log: { isNeeded: true, ask: () => eventLog.isAccepting },
      'quota-ledger': { isNeeded: true, ask: () => ports.quotaLedger.getPolicy({ tenant: TENANT }) },
    },
    makeRootKey: () => auth.makeRootKey(),
    makeRootPassword: () => auth.makeRootPassword(),
    models: async () => {
      await found.settled();
      return (await ports.router.listModels({ tenant: TENANT })).models;
    },
    close: () => lifetime.close(),
  };
}

/** A database that is not new was sealed with a key that is not this new one. */
async function refuseWithoutMasterKey(path: string): Promise<never> {
  await rm(path);
  throw new ConfigError(
    `the master key ${path} is missing, and the stored credentials cannot be opened without it: put it back from a backup`,
  );
}

/** An address that means "every one" is reached as this machine's own. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
