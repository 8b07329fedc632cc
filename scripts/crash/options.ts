import { parseArgs } from 'node:util';

export interface CrashOptions {
  readonly cycles: number;
  readonly clients: number;
  readonly seed: number;
  readonly isJson: boolean;
}

export const CRASH_HELP = `Usage: npm run crash -- [options]

Runs the services as processes of their own on a real PostgreSQL that waits for its disk, puts clients on them, and kills
with SIGKILL: in each cycle a ledger, an edge or a backend of PostgreSQL, which then recovers as a whole. At the end it
lets everything heal and asks: is anything still held, is every acknowledged operation there once, does what is charged
match what was delivered, and does any query of scripts/ledger-invariants.sql find something.

  --cycles <n>   how many kills (default 200)
  --clients <n>  clients at a time, 8 to 512 (default 64)
  --seed <n>     what is killed and when, and what the clients do; not how the machine schedules it (default: the time)
  --json         prints the result as JSON
  --help         prints this text
`;

/** @returns the options, or undefined when the help is asked for. @throws Error with one line that says what is wrong. */
export function readOptions(args: readonly string[]): CrashOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      cycles: { type: 'string', default: '200' },
      clients: { type: 'string', default: '64' },
      seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    cycles: wholeNumber('--cycles', values.cycles, 1, 100_000),
    clients: wholeNumber('--clients', values.clients, 8, 512),
    seed: wholeNumber('--seed', values.seed, 0, 2 ** 31),
    isJson: values.json,
  };
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new Error(`${name} must be a whole number from ${min} to ${max}`);
}
