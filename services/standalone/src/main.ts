import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { proxiesIn } from '@ai-switch/guard';
import { ConfigError, closeOnSignal, describeSettings, Lifetime, readSettings } from '@ai-switch/kernel';
import {
  createProcessLogger,
  openOperationsServer,
  operationsSettings,
  Readiness,
} from '@ai-switch/telemetry';
import { networksIn } from '@ai-switch/upstream';
import { settings } from './config.ts';
import { greeting, rootKeyLine, rootPasswordLine } from './greeting.ts';
import { openStandalone } from './standalone.ts';

/**
 * A terminal, npm and the bootstrap each pass a signal on to the whole group: what comes within this time of the first is
 * the same one. A later one ends the process at once.
 */
const SAME_SIGNAL_MS = 1_000;

const HELP = `AI-Switch standalone: every service in one process on one address.

Usage: npm start [-- --new-root-key | --new-root-password]

  --new-root-key       make one more root key and print it, for who has lost his
  --new-root-password  give the user root a new password and print it
  --help               print this text

Settings are environment variables:
${describeSettings({ ...settings, ...operationsSettings })}

Keys of providers are taken from the variables in which people keep them, like OPENAI_API_KEY and ANTHROPIC_API_KEY.
`;

const lifetime = new Lifetime();

try {
  await main();
} catch (error) {
  // A start that a signal interrupts fails at the first part that is closed under it: that is no failure.
  if (!lifetime.isClosing) fail(error);
  await lifetime.close().catch(fail);
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options.help) {
    process.stdout.write(HELP);
    return;
  }
  const values = readSettings({ ...settings, ...operationsSettings });
  takeRepeatedSignalsAsOne();
  closeOnSignal(lifetime, fail);
  const logger = createProcessLogger({ service: 'standalone', level: values.AISWITCH_LOG_LEVEL });
  const readiness = new Readiness();
  const operations = await openOperationsServer(values.AISWITCH_OPERATIONS_LISTEN, readiness);
  lifetime.onClose('operations server', () => operations.close());
  logger.info({ port: operations.port }, 'health and metrics are told');
  const standalone = await openStandalone({
    dataPath: values.AISWITCH_DATA,
    host: values.AISWITCH_HOST,
    port: values.AISWITCH_PORT,
    ...(values.AISWITCH_PUBLIC_URL !== '' && { publicUrl: values.AISWITCH_PUBLIC_URL }),
    trustedProxies: proxiesIn(values.AISWITCH_TRUSTED_PROXIES, values.AISWITCH_FORWARDED_HEADER),
    upstreamNetworks: networksIn(values.AISWITCH_UPSTREAM_NETWORKS),
    isDiscovering: values.AISWITCH_DISCOVER_LOCAL === 'on',
    ...(values.AISWITCH_DATABASE_URL === '' ? {} : { databaseUrl: values.AISWITCH_DATABASE_URL }),
    logger,
    onFirstRootKey: (key) => process.stdout.write(rootKeyLine(key)),
  });
  lifetime.onClose('standalone', () => standalone.close());
  if (standalone.isNewMasterKey) {
    const path = standalone.masterKeyPath;
    process.stdout.write(
      `The master key that seals the providers' credentials was made in ${path}: keep a copy.\n\n`,
    );
  }
  const isOneMoreWanted = options['new-root-key'] && standalone.firstRootKey === undefined;
  const oneMore = isOneMoreWanted ? await standalone.makeRootKey() : undefined;
  if (oneMore !== undefined) process.stdout.write(rootKeyLine(oneMore));
  if (options['new-root-password'] || standalone.firstRootKey !== undefined) {
    process.stdout.write(rootPasswordLine(await standalone.makeRootPassword()));
  }
  const models = await standalone.models();
  if (lifetime.isClosing) return;
  // Registered last, so that it comes first.
  lifetime.onClose('readiness', async () => {
    readiness.drain();
    if (values.AISWITCH_DRAIN_DELAY_MS > 0) await sleep(values.AISWITCH_DRAIN_DELAY_MS);
  });
  readiness.start(standalone.checks);
  process.stdout.write(greeting({ url: standalone.url, key: standalone.firstRootKey ?? oneMore, models }));
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        'new-root-key': { type: 'boolean', default: false },
        'new-root-password': { type: 'boolean', default: false },
      },
    }).values;
  } catch {
    throw new ConfigError(
      'takes only --new-root-key, --new-root-password and --help; its settings are environment variables',
    );
  }
}

function takeRepeatedSignalsAsOne(): void {
  const ignore = () => {};
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      for (const each of ['SIGTERM', 'SIGINT'] as const) process.on(each, ignore);
      setTimeout(() => {
        for (const each of ['SIGTERM', 'SIGINT'] as const) process.off(each, ignore);
      }, SAME_SIGNAL_MS).unref();
    });
  }
}

/** One line for what the operator has to mend; the stack for our mistakes. */
function fail(error: unknown): void {
  process.stderr.write(`ai-switch: ${describe(error)}\n`);
  process.exitCode = 1;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // By name: what comes from the ledger's thread is no instance of a class of this one.
  const isOperators = ['ConfigError', 'DatabaseError'].includes(error.name) || 'errno' in error;
  return isOperators ? error.message : (error.stack ?? error.message);
}
