import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EDGE_MUTANTS } from '../mutants/edge-mutants.ts';
import { LEDGER_MUTANTS } from '../mutants/ledger-mutants.ts';
import { type MutantFolder, makeMutantFolder, mutate, readOriginal } from '../mutants/try-mutant.ts';

const MUTANTS = [...LEDGER_MUTANTS, ...EDGE_MUTANTS];
const SEEDS_MAX = 60;

/** One of each kind; `npm run sim:mutants` tries all of them. */
const TRIED = [
  'what is held counts as free',
  'a late settlement adds to the estimate',
  'two ledgers make the same reservation',
  'whoever names the id may dispatch',
  'the spool does not know what was used',
];

test('every mutant takes out a text that stands in the product once', async () => {
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  expect(MUTANTS.length).toBeGreaterThanOrEqual(25);
  for (const mutant of MUTANTS) {
    const original = await readOriginal(mutant);
    expect(mutate(original, mutant)).not.toBe(original);
  }
});

test('a mutant whose text is gone is an error and not a survivor', () => {
  const mutant = { name: 'gone', file: 'none.ts', text: 'was here', replacement: '' };
  expect(() => mutate('nothing', mutant)).toThrow('stands 0 times');
  expect(() => mutate('was here, was here', mutant)).toThrow('stands 2 times');
});

describe('the simulation notices that', () => {
  let folder: MutantFolder;
  beforeAll(async () => {
    folder = await makeMutantFolder();
  });
  afterAll(() => folder.remove());

  test.each(TRIED)('%s', { timeout: 200_000 }, async (name) => {
    const mutant = MUTANTS.find((each) => each.name === name);
    if (mutant === undefined) throw new Error(`there is no mutant "${name}"`);
    const { killedBy } = await folder.try(mutant, SEEDS_MAX);
    expect(killedBy?.seed).toBeGreaterThan(0);
  });
});
