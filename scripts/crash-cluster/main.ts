import { CRASH_CLUSTER_HELP, type CrashClusterOptions, readOptions } from './options.ts';
import { reportOfKafkaAway, reportOfKills, reportOfRestarts } from './report.ts';
import { runKafkaAway } from './run-kafka-away.ts';
import { runKills } from './run-kills.ts';
import { runRestarts } from './run-restarts.ts';

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) {
    process.stdout.write(CRASH_CLUSTER_HELP);
    return;
  }
  const { result, report } = await perform(options);
  process.stdout.write(options.isJson ? `${JSON.stringify(result, null, 2)}\n` : report);
  if (result.violations.length > 0) process.exitCode = 1;
}

async function perform(options: CrashClusterOptions) {
  const note = (text: string) => process.stderr.write(`${text}\n`);
  switch (options.run) {
    case 'kills': {
      const result = await runKills(options, (cycle, victim) =>
        note(`${cycle} of ${options.cycles}: ${victim} was killed and serves again`),
      );
      return { result, report: reportOfKills(result) };
    }
    case 'kafka': {
      const result = await runKafkaAway(options, note);
      return { result, report: reportOfKafkaAway(result) };
    }
    case 'restarts': {
      const result = await runRestarts(options, (name) => note(`${name} was restarted`));
      return { result, report: reportOfRestarts(result) };
    }
  }
}

// Whatever ends it, nothing that it started stays.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1));

try {
  await main();
} catch (error) {
  process.stderr.write(`crash:cluster: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
process.exit();
