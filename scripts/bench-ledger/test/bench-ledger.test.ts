import { expect, test } from 'vitest';
import { LEDGER_BENCH_HELP, readOptions } from '../options.ts';
import { type Measured, measure } from '../rounds.ts';
import { tableOf } from '../table.ts';

test('both forms are measured in turn, without a refusal', async () => {
  const options = readOptions(['--rounds', '1', '--seconds', '1', '--clients', '8', '--only', 'sqlite']);
  if (options === undefined) throw new Error('these are options');
  const measured: Measured[] = [];
  await measure('sqlite', options, (window) => measured.push(window));
  expect(measured.map(({ work, form }) => `${work} ${form}`)).toEqual([
    'reserves naive',
    'reserves coalesced',
    'pairs naive',
    'pairs coalesced',
  ]);
  for (const { perSecond } of measured) expect(perSecond).toBeGreaterThan(10);
});

test('the table has the ratio of the forms within each round', () => {
  const window = { database: 'sqlite', work: 'pairs', clients: 32 } as const;
  const measured: Measured[] = [
    { ...window, round: 1, form: 'naive', perSecond: 100, latenciesMs: [1, 2] },
    { ...window, round: 1, form: 'coalesced', perSecond: 800, latenciesMs: [3, 4] },
    { ...window, round: 2, form: 'naive', perSecond: 200, latenciesMs: [1, 2] },
    { ...window, round: 2, form: 'coalesced', perSecond: 1_000, latenciesMs: [3, 4] },
  ];
  expect(tableOf(measured)).toContain(
    '| sqlite | pairs | 32 | 6.5 (5.0-8.0) | 900 | 3.0 / 4.0 | 150 | 1.0 / 2.0 |',
  );
});

test('what is asked for in another way is told', () => {
  expect(readOptions(['--help'])).toBeUndefined();
  expect(() => readOptions(['--only', 'oracle'])).toThrow('--only knows postgres and sqlite, not oracle');
  expect(() => readOptions(['--clients', '1,x'])).toThrow('--clients must be whole numbers from 1 to 1024');
  for (const option of ['--rounds', '--seconds', '--clients', '--only', '--delay-ms', '--json']) {
    expect(LEDGER_BENCH_HELP).toContain(option);
  }
});
