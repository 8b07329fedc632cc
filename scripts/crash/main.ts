import { CRASH_HELP, readOptions } from './options.ts';
import { reportOf } from './report.ts';
import { runCrash } from './run-crash.ts';

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) {
    process.stdout.write(CRASH_HELP);
    return;
  }
  const result = await runCrash(options, (cycle, victim) => {
    process.stderr.write(`${cycle} of ${options.cycles}: ${victim} was killed and serves again\n`);
  });
  process.stdout.write(options.isJson ? `${JSON.stringify(result, null, 2)}\n` : reportOf(result));
  if (result.violations.length > 0) process.exitCode = 1;
}

// Whatever ends it, nothing that it started stays.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1));

try {
  await main();
} catch (error) {
  process.stderr.write(`crash: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
// A pool whose server was killed may wait for its connections for a while.
process.exit();
