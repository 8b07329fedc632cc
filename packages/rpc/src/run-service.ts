import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  ConfigError,
  closeOnSignal,
  describeSettings,
  Lifetime,
  readSettings,
  type Settings,
  type Values,
} from '@ai-switch/kernel';
import {
  openOperationsServer,
  operationsSettings,
  Readiness,
  type ReadinessChecks,
} from '@ai-switch/telemetry';

/** What a `main.ts` is besides its own composition. */
export interface RunnableService<S extends Settings> {
  /** Stands in `--help` and before a line of failure, like `auth`. */
  readonly name: string;
  /** One sentence for `--help`. */
  readonly describe: string;
  /** Every variable that the process reads, from the service's config.ts. */
  readonly settings: S;
  /**
   * Opens everything and registers each part with `lifetime` right after opening it. What is shown once, like a first key, is written to stdout before a later part can fail.
   */
  readonly start: (values: Values<S>, lifetime: Lifetime) => Promise<StartedService>;
}

export interface StartedService {
  /** The line that says where it listens. */
  readonly ready: string;
  /** What /readyz asks. */
  readonly checks?: ReadinessChecks;
  /** Sends callers elsewhere, as soon as the process is to end. */
  readonly leave?: () => void;
}

/**
 * Runs a service as a process of its own: answers `--help`, reads the settings, starts, prints the ready line on
 * stdout, and closes everything on SIGTERM or SIGINT. It answers operators all the while. What the operator has to mend is one line on stderr and exit
 * status 1. Ends by itself once everything is closed.
 */
export async function runService<const S extends Settings>(service: RunnableService<S>): Promise<void> {
  const lifetime = new Lifetime();
  const fail = (error: unknown) => {
    process.stderr.write(`${service.name}: ${describeFailure(error)}\n`);
    process.exitCode = 1;
  };
  try {
    if (wantsHelp()) {
      process.stdout.write(helpOf(service));
      return;
    }
    const values = readSettings(service.settings);
    const { AISWITCH_OPERATIONS_LISTEN: listen, AISWITCH_DRAIN_DELAY_MS: drainDelayMs } =
      readSettings(operationsSettings);
    closeOnSignal(lifetime, fail);
    const readiness = new Readiness();
    const operations = await openOperationsServer(listen, readiness);
    lifetime.onClose('operations server', () => operations.close());
    const { ready, checks = {}, leave } = await service.start(values, lifetime);
    if (lifetime.isClosing) return;
    // Registered last, so that it comes first.
    lifetime.onClose('readiness', async () => {
      readiness.drain();
      leave?.();
      if (drainDelayMs > 0) await sleep(drainDelayMs);
    });
    readiness.start(checks);
    process.stdout.write(`${ready}\n${service.name} tells of itself on port ${operations.port}\n`);
  } catch (error) {
    // A start that a signal interrupts fails at the first part that is closed under it: that is no failure.
    if (!lifetime.isClosing) fail(error);
    await lifetime.close().catch(fail);
  }
}

function wantsHelp(): boolean {
  try {
    const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' } } });
    return values.help === true;
  } catch {
    throw new ConfigError('takes no arguments but --help; its settings are environment variables');
  }
}

function helpOf(service: Pick<RunnableService<Settings>, 'name' | 'describe' | 'settings'>): string {
  return `${service.name}: ${service.describe}\n\nSettings are environment variables:\n${describeSettings({ ...service.settings, ...operationsSettings })}\n`;
}

/** One line for what the operator has to mend, which has a name of its own or an errno; the stack for our mistakes. */
function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isOperators = error instanceof ConfigError || error.name === 'DatabaseError' || 'errno' in error;
  return isOperators ? error.message : (error.stack ?? error.message);
}
