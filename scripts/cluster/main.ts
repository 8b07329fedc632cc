// AI-Switch as separate services on this machine, for trying it out and for tests by URL.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LOG_LEVELS } from '@ai-switch/telemetry';
import { openCluster, SERVICE_NAMES } from './cluster.ts';
import { openComponents } from './components.ts';

const HELP = `npm run cluster -- [options]

Starts every service as a process of its own on this machine, two of edge, ledger and auth, over PostgreSQL, Redis and Kafka,
with a balancer in front; prints its URL and the root key. Components are those of \`npm run services -- up\` where they run, else
they are started and end with it. Ctrl-C ends everything; nothing is kept.

  --listen <host:port>   where clients come in (127.0.0.1:8788)
  --tls                  mutual TLS between all services
  --log-level <level>    what services log to stderr: ${LOG_LEVELS.join(', ')} (warn)
  --seconds <n>          ends by itself after so long
  --json                 prints what it started as one line of JSON
  --help                 prints this text
`;

const { values } = parseArgs({
  options: {
    listen: { type: 'string', default: '127.0.0.1:8788' },
    tls: { type: 'boolean', default: false },
    'log-level': { type: 'string', default: 'warn' },
    seconds: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else {
  try {
    await run();
  } catch (error) {
    process.stderr.write(`cluster: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

async function run(): Promise<void> {
  const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
  if (seconds !== undefined && !(seconds > 0)) throw new Error('--seconds takes a number above 0');
  const logLevel = LOG_LEVELS.find((level) => level === values['log-level']);
  if (logLevel === undefined) throw new Error(`--log-level takes one of ${LOG_LEVELS.join(', ')}`);
  const note = (text: string) => process.stderr.write(`${text}\n`);
  const folder = mkdtempSync(join(tmpdir(), 'ai-switch-cluster-'));
  try {
    note('starting PostgreSQL, Redis and Kafka; the first time takes a minute …');
    await using components = await openComponents();
    for (const source of components.sources) note(`  ${source}`);
    await using cluster = await openCluster({
      folder,
      components,
      hasTls: values.tls,
      listen: values.listen,
      logLevel,
      onLog: (_name, line) => note(line),
      onStarted: (name) => note(`  ${name} is up`),
    });
    const services = Object.fromEntries(
      SERVICE_NAMES.map((name) => [
        name,
        cluster
          .of(name)
          .map(({ address, operationsPort }) => ({ address, operations: `127.0.0.1:${operationsPort}` })),
      ]),
    );
    const shown = { url: cluster.url, rootKey: cluster.rootKey, pid: process.pid, services };
    process.stdout.write(
      values.json
        ? `${JSON.stringify(shown)}\n`
        : `\n  gateway    ${cluster.url}\n  root key   ${cluster.rootKey}\n\n  AISWITCH_URL=${cluster.url} AISWITCH_KEY=${cluster.rootKey} npm run cli -- --help\n  stop it with Ctrl-C, or kill ${process.pid}\n`,
    );
    await ended(seconds);
    note('ending …');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function ended(seconds: number | undefined): Promise<void> {
  return new Promise((resolve) => {
    const keep = setInterval(() => {}, 60_000);
    const end = () => {
      clearInterval(keep);
      resolve();
    };
    process.once('SIGINT', end);
    process.once('SIGTERM', end);
    if (seconds !== undefined) setTimeout(end, seconds * 1_000);
  });
}
