// Measures the ledger against its naive form. What it prints goes into docs/PERFORMANCE.md by hand, with the date.
import { LEDGER_BENCH_HELP, readOptions } from './options.ts';
import { type Measured, measure } from './rounds.ts';
import { tableOf } from './table.ts';

try {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) process.stdout.write(LEDGER_BENCH_HELP);
  else {
    const measured: Measured[] = [];
    for (const database of options.databases) {
      await measure(database, options, (window) => {
        measured.push(window);
        const { work, clients, form, perSecond } = window;
        process.stderr.write(`${database} ${work} ${clients} clients ${form}: ${Math.round(perSecond)}/s\n`);
      });
    }
    const windows = measured.map(({ latenciesMs, ...rest }) => ({ ...rest, calls: latenciesMs.length }));
    process.stdout.write(`${options.isJson ? JSON.stringify(windows, null, 2) : tableOf(measured)}\n`);
  }
} catch (error) {
  process.stderr.write(`bench:ledger: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
