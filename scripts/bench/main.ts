// Starts the scripted upstream, the bare proxy, AI-Switch and the load generator as a process each, measures them in
// interleaved rounds and prints what came out. Everything listens on loopback and ends with this process.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from './child.ts';
import { startGateway } from './gateway.ts';
import { BENCH_HELP, type BenchOptions, readOptions } from './options.ts';
import { type Bodies, type Measurement, runRounds, type Target } from './rounds.ts';
import { printTables } from './table.ts';

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) {
    process.stdout.write(BENCH_HELP);
    return;
  }
  const startedAtMs = performance.now();
  const measurements = await bench(options);
  if (options.isJson) process.stdout.write(`${JSON.stringify({ options, measurements }, null, 2)}\n`);
  else process.stdout.write(`\n${printTables(options.cases, measurements)}\n`);
  process.stderr.write(`took ${Math.round((performance.now() - startedAtMs) / 1000)} s\n`);
}

async function bench(options: BenchOptions): Promise<readonly Measurement[]> {
  await using cleanUp = new AsyncDisposableStack();
  const dataFolder = await mkdtemp(join(tmpdir(), 'ai-switch-bench-'));
  cleanUp.defer(() => rm(dataFolder, { recursive: true, force: true }));
  const child = async <Ready>(script: string, args: readonly string[]) => {
    const started = await startChild<Ready>(script, args);
    cleanUp.defer(() => started.process.disconnect());
    return { ...started, pid: started.process.pid ?? 0 };
  };
  const provider = await child<Bodies & { port: number }>('provider.ts', []);
  const proxy = await child<{ port: number }>('proxy.ts', [String(provider.ready.port)]);
  const load = await child('load.ts', []);
  const gateway = await startGateway(provider.ready.port, dataFolder, options.profileFolder);
  cleanUp.defer(gateway.close);
  const targets: readonly Target[] = [
    { name: 'direct', port: provider.ready.port, pid: provider.pid, apiKey: 'none' },
    { name: 'bare', port: proxy.ready.port, pid: proxy.pid, apiKey: 'none' },
    { name: 'gateway', port: gateway.port, pid: gateway.pid, apiKey: gateway.apiKey },
  ];
  return await runRounds(options, targets, provider.ready, load.process, (line) =>
    process.stderr.write(`${line}\n`),
  );
}

try {
  await main();
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
