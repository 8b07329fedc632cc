import { parseArgs } from 'node:util';

export interface BenchCase {
  readonly name: string;
  readonly isStreaming: boolean;
  readonly connections: number;
  /** Requests a second while latency is measured: far from saturation for every target, the same for all. */
  readonly ratePerSecond: number;
}

export const CASES: readonly BenchCase[] = [
  { name: 'reply-50', isStreaming: false, connections: 50, ratePerSecond: 500 },
  { name: 'reply-1000', isStreaming: false, connections: 1000, ratePerSecond: 500 },
  { name: 'stream-50', isStreaming: true, connections: 50, ratePerSecond: 100 },
  { name: 'stream-1000', isStreaming: true, connections: 1000, ratePerSecond: 100 },
];

export interface BenchOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly chunkMs: number;
  readonly cases: readonly BenchCase[];
  readonly isJson: boolean;
  /** A folder for processor profiles of AI-Switch, one file a process; undefined: none are taken. */
  readonly profileFolder: string | undefined;
}

export const BENCH_HELP = `Usage: npm run bench -- [options]

Measures, in one interleaved run on this machine and over loopback only, AI-Switch standalone with every stage on
against a bare node:http + undici proxy and against direct calls, all to the same scripted upstream.

  --rounds <n>      rounds of all targets, 1 to 20 (default 5)
  --seconds <n>     seconds of each measured window, 1 to 4 (default 2)
  --only <names>    cases, separated by commas: ${CASES.map((each) => each.name).join(', ')}
  --chunk-ms <n>    milliseconds between the chunks of a stream while latency is measured, 0 to 100 (default 1);
                    at saturation the upstream writes one chunk a turn of its event loop
  --json            prints every round as JSON instead of the tables
  --profile <dir>   writes a processor profile of AI-Switch to that folder; numbers are then too low
  --help            prints this text
`;

/** @returns the options, or undefined when the help is asked for. @throws Error with one line that says what is wrong. */
export function readOptions(args: readonly string[]): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '2' },
      only: { type: 'string' },
      'chunk-ms': { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    rounds: wholeNumber('--rounds', values.rounds, 1, 20),
    seconds: wholeNumber('--seconds', values.seconds, 1, 4),
    chunkMs: wholeNumber('--chunk-ms', values['chunk-ms'], 0, 100),
    cases: values.only === undefined ? CASES : values.only.split(',').map(caseOf),
    isJson: values.json,
    profileFolder: values.profile,
  };
}

function caseOf(name: string): BenchCase {
  const found = CASES.find((each) => each.name === name);
  if (found !== undefined) return found;
  throw new Error(`--only knows ${CASES.map((each) => each.name).join(', ')}, not ${name}`);
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new Error(`${name} must be a whole number from ${min} to ${max}`);
}
