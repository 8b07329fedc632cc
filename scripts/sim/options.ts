import { parseArgs } from 'node:util';

export interface SimulationOptions {
  readonly from: number;
  readonly seeds: number;
  readonly steps: number;
  readonly isTraced: boolean;
  readonly isJson: boolean;
}

/** Seeds from which on everything the simulation knows has to be met. */
export const SEEDS_FOR_COVERAGE = 300;

export const SIM_HELP = `Usage: npm run sim -- [options]

Runs the production code of the ledger and of the edge's holds under a virtual clock, network, store and edge that fail
in every way they can, and checks the invariants after every step. One seed is one run; the same seed is the same run.

  --seeds <n>   how many runs (default ${SEEDS_FOR_COVERAGE})
  --from <n>    the first seed (default 1)
  --seed <n>    this seed alone
  --steps <n>   steps of a run before everything heals, 10 to 10,000 (default 800)
  --trace       prints every step of the run; with --seed
  --json        prints the result as JSON
  --help        prints this text

The first violation ends it, with its seed, step, operation and rows. From ${SEEDS_FOR_COVERAGE} seeds on it also fails when something that
it can do was never met: what a simulation does not reach, it does not prove.
`;

/** @returns the options, or undefined when the help is asked for. @throws Error with one line that says what is wrong. */
export function readOptions(args: readonly string[]): SimulationOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string', default: String(SEEDS_FOR_COVERAGE) },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      steps: { type: 'string', default: '800' },
      trace: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { seed } = values;
  return {
    from: wholeNumber(seed === undefined ? '--from' : '--seed', seed ?? values.from, 0, 2 ** 31),
    seeds: seed === undefined ? wholeNumber('--seeds', values.seeds, 1, 1_000_000) : 1,
    steps: wholeNumber('--steps', values.steps, 10, 10_000),
    isTraced: values.trace,
    isJson: values.json,
  };
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new Error(`${name} must be a whole number from ${min} to ${max}`);
}
