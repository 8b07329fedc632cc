// Every service as a process of its own on this machine, joined over gRPC, on PostgreSQL, Redis and Kafka: two edges, two ledgers, two
// auths, and one of each other. What is killed is started again by who killed it, at the same address.

import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LogLevel } from '@ai-switch/telemetry';
import { certificateAuthority, freePort, LOOPBACK_NETWORKS } from '@ai-switch/testkit';
import { type Balancer, openBalancer } from './balancer.ts';
import { ServiceProcess } from './service-process.ts';

export const SERVICE_NAMES = [
  'auth',
  'quota-ledger',
  'router',
  'audit-consumer',
  'cache',
  'edge-gateway',
  'console',
] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

const REPLICAS: Readonly<Record<ServiceName, number>> = {
  auth: 2,
  'quota-ledger': 2,
  router: 1,
  'audit-consumer': 1,
  cache: 1,
  'edge-gateway': 2,
  console: 1,
};

const LISTENS: Readonly<Record<ServiceName, string>> = {
  auth: 'AISWITCH_AUTH_LISTEN',
  'quota-ledger': 'AISWITCH_LEDGER_LISTEN',
  router: 'AISWITCH_ROUTER_LISTEN',
  'audit-consumer': 'AISWITCH_AUDIT_LISTEN',
  cache: 'AISWITCH_CACHE_LISTEN',
  'edge-gateway': 'AISWITCH_EDGE_LISTEN',
  console: 'AISWITCH_CONSOLE_LISTEN',
};

export interface ClusterComponents {
  readonly postgres: string;
  readonly redis: string;
  /** `host:port`. */
  readonly kafka: string;
}

export interface ClusterOptions {
  /** For spools, keys and certificates. */
  readonly folder: string;
  readonly components: ClusterComponents;
  /** Mutual TLS between all services, by an authority of its own. */
  readonly hasTls?: boolean;
  /** Where clients come in; a free port of the loopback unless told otherwise. */
  readonly listen?: string;
  /** What differs from the settings' own defaults, for all services. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Of all services; `warn` unless told otherwise. */
  readonly logLevel?: LogLevel;
  /** Hears of each service that is up. */
  readonly onStarted?: (name: ServiceName) => void;
  /** Hears each line that they log. */
  readonly onLog?: (name: ServiceName, line: string) => void;
}

export interface Cluster extends AsyncDisposable {
  /** Of the balancer. */
  readonly url: string;
  /** Shown at the first start of an empty database. */
  readonly rootKey: string;
  readonly balancer: Balancer;
  /** The replicas of a service. */
  of(name: ServiceName): readonly ServiceProcess[];
  /** Addresses for gRPC, as others are given them. */
  addressOf(name: ServiceName): string;
  /** Processes that ended though nobody killed them. */
  deaths(): readonly string[];
}

/** @throws Error with what the service printed that did not start */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const { folder, onStarted = () => {}, onLog = () => {} } = options;
  mkdirSync(folder, { recursive: true });
  const ports = await chosenPorts();
  const addressOf = (name: ServiceName) => ports[name].map((port) => `127.0.0.1:${port}`).join();
  const shared = sharedEnvironment(options, addressOf);
  const authority = options.hasTls === true ? await certificateAuthority(join(folder, 'tls')) : undefined;
  const services = {} as Record<ServiceName, readonly ServiceProcess[]>;
  const all = () => Object.values(services).flat();
  const dispose = async () => {
    // Who asks goes before who is asked.
    for (const name of [...SERVICE_NAMES].reverse()) {
      await Promise.all((services[name] ?? []).map((service) => service.kill('SIGTERM')));
    }
  };
  try {
    for (const name of SERVICE_NAMES) {
      const certificate = await authority?.certify(name);
      services[name] = ports[name].map(
        (port, replica) =>
          new ServiceProcess({
            name,
            listen: LISTENS[name],
            environment: {
              ...shared,
              ...ownEnvironment(folder, name, replica),
              ...(certificate !== undefined && {
                AISWITCH_TLS_CERT_FILE: certificate.certificate,
                AISWITCH_TLS_KEY_FILE: certificate.privateKey,
                AISWITCH_TLS_CA_FILE: certificate.authority,
              }),
              ...options.environment,
            },
            port,
            onLog: (line) => onLog(name, line),
          }),
      );
      // The first one makes the tables, and the first key.
      for (const service of services[name]) await service.start();
      onStarted(name);
    }
    const [console] = services.console;
    if (console === undefined) throw new Error('there is no console');
    const balancer = await openBalancer({
      address: options.listen ?? '127.0.0.1:0',
      edges: services['edge-gateway'],
      console,
    });
    const rootKey = /ais_\w+/.exec(services.auth.map(({ printed }) => printed).join(''))?.[0] ?? '';
    return {
      url: balancer.url,
      rootKey,
      balancer,
      of: (name) => services[name],
      addressOf,
      deaths: () => all().flatMap(({ deaths }) => deaths),
      [Symbol.asyncDispose]: async () => {
        await balancer.close();
        await dispose();
      },
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function chosenPorts(): Promise<Readonly<Record<ServiceName, readonly number[]>>> {
  const ports = {} as Record<ServiceName, number[]>;
  for (const name of SERVICE_NAMES) {
    ports[name] = [];
    for (let replica = 0; replica < REPLICAS[name]; replica += 1) ports[name].push(await freePort());
  }
  return ports;
}

function sharedEnvironment(
  { folder, components, logLevel = 'warn' }: ClusterOptions,
  addressOf: (name: ServiceName) => string,
): Readonly<Record<string, string>> {
  const secretFile = (name: string) => {
    const path = join(folder, name);
    writeFileSync(path, randomBytes(32), { mode: 0o600 });
    return path;
  };
  const { postgres, redis, kafka } = components;
  return {
    AISWITCH_AUTH_ADDRESS: addressOf('auth'),
    AISWITCH_LEDGER_ADDRESS: addressOf('quota-ledger'),
    AISWITCH_ROUTER_ADDRESS: addressOf('router'),
    AISWITCH_AUDIT_ADDRESS: addressOf('audit-consumer'),
    AISWITCH_AUTH_DATABASE_URL: postgres,
    AISWITCH_LEDGER_DATABASE_URL: postgres,
    AISWITCH_ROUTER_DATABASE_URL: postgres,
    AISWITCH_AUDIT_DATABASE_URL: postgres,
    AISWITCH_CACHE_STORE_URL: redis,
    AISWITCH_REDIS_URL: redis,
    AISWITCH_KAFKA_BROKERS: kafka,
    AISWITCH_KAFKA_REPLICATION: '1',
    AISWITCH_AUTH_SECRET_FILE: secretFile('auth.secret'),
    AISWITCH_MASTER_KEY_FILE: secretFile('master.key'),
    AISWITCH_UPSTREAM_NETWORKS: [
      ...LOOPBACK_NETWORKS,
      '10.0.0.0/8',
      '172.16.0.0/12',
      '192.168.0.0/16',
    ].join(),
    // The balancer's word.
    AISWITCH_EDGE_TRUSTED_PROXIES: '127.0.0.1',
    AISWITCH_TRUSTED_PROXIES: '127.0.0.1',
    AISWITCH_OPERATIONS_LISTEN: '127.0.0.1:0',
    AISWITCH_DRAIN_DELAY_MS: '500',
    ...Object.fromEntries(LOG_LEVEL_NAMES.map((name) => [name, logLevel])),
  };
}

const LOG_LEVEL_NAMES = [
  'AISWITCH_AUTH_LOG_LEVEL',
  'AISWITCH_LEDGER_LOG_LEVEL',
  'AISWITCH_ROUTER_LOG_LEVEL',
  'AISWITCH_AUDIT_LOG_LEVEL',
  'AISWITCH_CACHE_LOG_LEVEL',
  'AISWITCH_EDGE_LOG_LEVEL',
  'AISWITCH_CONSOLE_LOG_LEVEL',
];

/** What no two replicas share. */
function ownEnvironment(
  folder: string,
  name: ServiceName,
  replica: number,
): Readonly<Record<string, string>> {
  return name === 'edge-gateway' ? { AISWITCH_EDGE_SPOOL_PATH: join(folder, `${name}-${replica}`) } : {};
}
