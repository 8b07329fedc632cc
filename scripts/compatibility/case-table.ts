import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../checks/run-tool.ts';
import { CASES } from './cases.ts';
import { replaceBetween } from './marked-text.ts';

/** How the tests of each numbered case ended, by its number. */
export type CaseCounts = Record<string, { passed: number; failed: number }>;

const FILE = join(ROOT, 'docs/COMPATIBILITY.md');

/** The numbers of the cases that a test's whole name claims, at the beginning of a title: `… > case 31: case 95: …`. */
export function caseNumbersIn(fullName: string): readonly number[] {
  const heads = fullName.match(/(?:^|> )(?:case \d{1,3}: )+/g) ?? [];
  return heads.flatMap((head) => [...head.matchAll(/\d+/g)].map(([number]) => Number(number)));
}

/**
 * Writes the table of cases into docs/COMPATIBILITY.md, from a run of all tests.
 * @returns what is wrong: a case that was shown before and has no test now, a number that no case has
 */
export async function writeCaseTable(counts: CaseCounts): Promise<readonly string[]> {
  const text = await readFile(FILE, 'utf8');
  const before = statesIn(text);
  const table = printTable(CASES.map((_, at) => stateOf(counts[at + 1], before.get(at + 1))));
  const written = replaceBetween(text, 'cases', table);
  if (written !== text) await writeFile(FILE, written);
  return problemsOf(counts, before);
}

function problemsOf(counts: CaseCounts, before: ReadonlyMap<number, string>): readonly string[] {
  const unknown = Object.keys(counts).filter((number) => CASES[Number(number) - 1] === undefined);
  const lost = [...before].filter(([number, state]) => state === PASS && counts[number] === undefined);
  return [
    ...unknown.map(
      (number) => `a test claims case ${number}, which scripts/compatibility/cases.ts does not have`,
    ),
    ...lost.map(([number]) => `case ${number} was shown before and has no test any more`),
  ];
}

const PASS = 'pass';
const NOT_SHOWN = 'not shown';

/** Where every test of a case was skipped, what an earlier run showed still stands. */
function stateOf(count: CaseCounts[string] | undefined, before = NOT_SHOWN): string {
  if (count === undefined) return NOT_SHOWN;
  if (count.failed > 0) return 'FAIL';
  return count.passed > 0 ? PASS : before;
}

function printTable(states: readonly string[]): string {
  const rows = CASES.map((sentence, at) => `| ${at + 1} | ${sentence} | ${states[at]} |`);
  return ['| case | | |', '|---:|---|---|', ...rows].join('\n');
}

function statesIn(text: string): ReadonlyMap<number, string> {
  const rows = text.matchAll(/^\| (\d{1,3}) \| .* \| (pass|FAIL|not shown) \|$/gm);
  return new Map([...rows].map(([, number, state]) => [Number(number), state ?? NOT_SHOWN]));
}
