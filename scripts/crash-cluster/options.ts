import { parseArgs } from 'node:util';
import type { KafkaAwayOptions } from './run-kafka-away.ts';
import type { KillsOptions } from './run-kills.ts';
import type { RestartsOptions } from './run-restarts.ts';

export type CrashClusterOptions = { readonly isJson: boolean } & (
  | ({ readonly run: 'kills' } & KillsOptions)
  | ({ readonly run: 'kafka' } & KafkaAwayOptions)
  | ({ readonly run: 'restarts' } & RestartsOptions)
);

export const CRASH_CLUSTER_HELP = `Usage: npm run crash:cluster -- <kills|kafka|restarts> [options]

Runs every service as a process of its own over a PostgreSQL, a Redis and a Kafka of its own, puts clients in front of the
balancer, and then does what should do no harm. At the end it asks: is everything there that somebody was told has
happened, once; is any producer's log short; does the chain verify; is anything still held or charged wrongly.

  kills       SIGKILL of an edge, the audit-consumer, Kafka, Redis, a ledger, an auth or the cache, again and again
    --cycles <n>    how many kills (default 50)
    --clients <n>   clients at a time, 1 to 512 (default 32)
    --seed <n>      what is killed and when, and what the clients do (default: the time)
  kafka       Kafka is killed under a steady load and stays away; prints the latencies before, meanwhile and after
    --seconds <n>   of each of the three (default 120)
    --rate <n>      requests a second, 1 to 2000 (default 200)
  restarts    every process is replaced, one after another and in good order, while streams go on
    --streams <n>   at any moment, 1 to 1000 (default 200)
    --rounds <n>    through all of them (default 1)

  --json      prints the result as JSON
  --help      prints this text
`;

/** @returns the options, or undefined when the help is asked for. @throws Error with one line that says what is wrong */
export function readOptions(args: readonly string[]): CrashClusterOptions | undefined {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      cycles: { ...text, default: '50' },
      clients: { ...text, default: '32' },
      seed: { ...text, default: String(Date.now() % 2 ** 31) },
      seconds: { ...text, default: '120' },
      rate: { ...text, default: '200' },
      streams: { ...text, default: '200' },
      rounds: { ...text, default: '1' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const isJson = values.json;
  switch (positionals[0]) {
    case 'kills':
      return {
        run: 'kills',
        cycles: wholeNumber('--cycles', values.cycles, 1, 100_000),
        clients: wholeNumber('--clients', values.clients, 1, 512),
        seed: wholeNumber('--seed', values.seed, 0, 2 ** 31),
        isJson,
      };
    case 'kafka':
      return {
        run: 'kafka',
        seconds: wholeNumber('--seconds', values.seconds, 1, 86_400),
        requestsPerSecond: wholeNumber('--rate', values.rate, 1, 2_000),
        isJson,
      };
    case 'restarts':
      return {
        run: 'restarts',
        rounds: wholeNumber('--rounds', values.rounds, 1, 1_000),
        streams: wholeNumber('--streams', values.streams, 1, 1_000),
        isJson,
      };
    default:
      throw new Error('say what to do: kills, kafka or restarts');
  }
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new Error(`${name} must be a whole number from ${min} to ${max}`);
}
