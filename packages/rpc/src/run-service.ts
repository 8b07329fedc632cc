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

/** What a `main.ts` is besides its own composition. */
export interface RunnableService<S extends Settings> {
  /** Stands in `--help` and before a line of failure, like `auth`. */
  readonly name: string;
  /** One sentence for `--help`. */
  readonly describe: string;
  /** Every variable that the process reads, from the service's config.ts. */
  readonly settings: S;
  /**
   * Opens everything and registers each part with `lifetime` right after opening it. `ready` is the line that says
   * where the process listens. What is shown once, like a first key, is written to stdout before a later part can fail.
   */
  readonly start: (values: Values<S>, lifetime: Lifetime) => Promise<{ readonly ready: string }>;
}

/**
 * Runs a service as a process of its own: answers `--help`, reads the settings, starts, prints the ready line on
 * stdout, and closes everything on SIGTERM or SIGINT. What the operator has to mend is one line on stderr and exit
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
    closeOnSignal(lifetime, fail);
    const { ready } = await service.start(values, lifetime);
    if (!lifetime.isClosing) process.stdout.write(`${ready}\n`);
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
  return `${service.name}: ${service.describe}\n\nSettings are environment variables:\n${describeSettings(service.settings)}\n`;
}

/** One line for what the operator has to mend, which has a name of its own or an errno; the stack for our mistakes. */
function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isOperators = error instanceof ConfigError || error.name === 'DatabaseError' || 'errno' in error;
  return isOperators ? error.message : (error.stack ?? error.message);
}
