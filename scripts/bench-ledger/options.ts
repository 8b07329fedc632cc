import { parseArgs } from 'node:util';

export const DATABASES = ['postgres', 'sqlite'] as const;
export type DatabaseName = (typeof DATABASES)[number];

export interface LedgerBenchOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly clients: readonly number[];
  readonly databases: readonly DatabaseName[];
  /** How long the first operation of a batch waits for company. */
  readonly delayMs: number;
  readonly isJson: boolean;
}

export const LEDGER_BENCH_HELP = `Usage: npm run bench:ledger -- [options]

Measures the quota ledger: one company bucket that every request draws on, 1,000 users with a bucket each. The ledger as
it is, which carries up to 32 operations in one transaction, takes turns with the naive form, the same ledger with one transaction for
each call, in one interleaved run on the same database. PostgreSQL is a server of its own, every commit waits for the disk.

  --rounds <n>      rounds of both forms, 1 to 20 (default 3)
  --seconds <n>     seconds of each measured window, 1 to 30 (default 2)
  --clients <list>  callers at the same time, separated by commas (default 1,32,256)
  --only <name>     ${DATABASES.join(' or ')}
  --delay-ms <n>    how long a batch waits for company, 0 to 50 (default 0)
  --json            prints every window as JSON instead of the table
  --help            prints this text
`;

/** @returns the options, or undefined when the help is asked for. @throws Error with one line that says what is wrong. */
export function readOptions(args: readonly string[]): LedgerBenchOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '2' },
      clients: { type: 'string', default: '1,32,256' },
      only: { type: 'string' },
      'delay-ms': { type: 'string', default: '0' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const only = values.only;
  const databases = only === undefined ? DATABASES : DATABASES.filter((name) => name === only);
  if (databases.length === 0) throw new Error(`--only knows ${DATABASES.join(' and ')}, not ${only}`);
  return {
    rounds: wholeNumber('--rounds', values.rounds, 1, 20),
    seconds: wholeNumber('--seconds', values.seconds, 1, 30),
    clients: values.clients.split(',').map((text) => wholeNumber('--clients', text, 1, 1_024)),
    databases,
    delayMs: wholeNumber('--delay-ms', values['delay-ms'], 0, 50),
    isJson: values.json,
  };
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text !== '' && Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new Error(`${name} must be whole numbers from ${min} to ${max}`);
}
