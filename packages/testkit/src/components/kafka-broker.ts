// A Kafka broker of its own: one KRaft node on free ports of the loopback, from the jars that Maven fetches, on the Java that is there.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathOf, run } from './commands.ts';
import { installDebianPackage } from './debian.ts';
import { fetchedFiles } from './fetched-files.ts';
import { freePort } from './free-port.ts';
import { type OwnServer, startOwnServer } from './own-server.ts';

const KAFKA_VERSION = '4.3.0';
const HEAP = '-Xmx320m';
/** Sixteen bytes in base64url. Each broker is alone, so all have the same one; a random one may begin with a dash, which the tool takes for an option. */
const CLUSTER_ID = 'aiswitch-test-broker-A';

export interface KafkaBroker extends OwnServer {
  /** `host:port`, as clients take it. */
  readonly address: string;
  /** What it is and where it came from. */
  readonly source: string;
}

export async function startKafka(): Promise<KafkaBroker> {
  const jars = await fetchJars();
  const port = await freePort();
  const java = (main: string, ...args: readonly string[]) => [
    HEAP,
    '-XX:+UseSerialGC',
    '-cp',
    join(jars, '*'),
    main,
    ...args,
  ];
  const server = await startOwnServer('Kafka', async (folder) => {
    const properties = join(folder, 'server.properties');
    await writeFile(properties, propertiesFor(port, await freePort(), join(folder, 'data')));
    await run('java', java('kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', properties));
    return { command: 'java', args: java('kafka.Kafka', properties), port };
  });
  return Object.assign(server, {
    address: `127.0.0.1:${port}`,
    source: `Kafka ${KAFKA_VERSION}, jars by Maven`,
  });
}

/** Why no Kafka can be had here; undefined when it can. */
export async function whyNoKafka(): Promise<string | undefined> {
  return fetchJars().then(
    () => undefined,
    (error: unknown) => String(error instanceof Error ? error.message : error),
  );
}

async function fetchJars(): Promise<string> {
  if ((await pathOf('java')) === undefined)
    throw new Error('Kafka needs Java 17 or newer, and none is installed');
  return fetchedFiles(`kafka-${KAFKA_VERSION}`, async (folder) => {
    if ((await pathOf('mvn')) === undefined) await installDebianPackage('maven');
    const project = await mkdtemp(join(tmpdir(), 'aiswitch-maven-'));
    try {
      await writeFile(join(project, 'pom.xml'), POM);
      const copy = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${folder}`];
      await run('mvn', ['--batch-mode', '--no-transfer-progress', ...copy], { cwd: project });
    } finally {
      await rm(project, { recursive: true, force: true });
    }
  });
}

const POM = `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>ai-switch</groupId>
  <artifactId>kafka-broker</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>${KAFKA_VERSION}</version>
    </dependency>
  </dependencies>
</project>
`;

function propertiesFor(port: number, controllerPort: number, data: string): string {
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': data,
    'auto.create.topics.enable': 'false',
    // One node holds everything once.
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    // One that was killed is let in again once its session is over.
    'broker.session.timeout.ms': '2000',
    'broker.heartbeat.interval.ms': '500',
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
