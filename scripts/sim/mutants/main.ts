// Takes one guard after the other out of the product and demands that the simulation notices each.
import { parseArgs } from 'node:util';
import { EDGE_MUTANTS } from './edge-mutants.ts';
import { LEDGER_MUTANTS } from './ledger-mutants.ts';
import { makeMutantFolder, type Verdict } from './try-mutant.ts';

const SEEDS_MAX = 60;

const HELP = `Usage: npm run sim:mutants -- [options]

Runs the simulation against the product with one guard taken out, for each of ${LEDGER_MUTANTS.length + EDGE_MUTANTS.length} guards, up to ${SEEDS_MAX} seeds. Ends well
when all of them are noticed.

  --only <text>   those whose name or file has this text
  --help          prints this text
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { only: { type: 'string', default: '' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const mutants = [...LEDGER_MUTANTS, ...EDGE_MUTANTS].filter(({ name, file }) =>
    `${name} ${file}`.includes(values.only),
  );
  const folder = await makeMutantFolder();
  const verdicts: Verdict[] = [];
  try {
    await folder.passUnchanged(SEEDS_MAX);
    for (const mutant of mutants) {
      const verdict = await folder.try(mutant, SEEDS_MAX);
      verdicts.push(verdict);
      process.stdout.write(`${lineOf(verdict)}\n`);
    }
  } finally {
    await folder.remove();
  }
  const survived = verdicts.filter(({ killedBy }) => killedBy === undefined);
  process.stdout.write(`${verdicts.length - survived.length} of ${verdicts.length} mutants killed\n`);
  if (survived.length > 0) process.exitCode = 1;
}

function lineOf({ mutant, killedBy, seconds }: Verdict): string {
  const time = `${seconds.toFixed(1)} s`.padStart(7);
  if (killedBy === undefined) return `SURVIVED ${time}  ${mutant.name} (${mutant.file})`;
  return `killed   ${time}  ${mutant.name}: seed ${killedBy.seed}, ${killedBy.invariant}`;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`sim:mutants: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
