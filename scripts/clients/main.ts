// Runs the real clients through the gateway and says how each did.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceBetween } from '../compatibility/marked-text.ts';
import type { Cell, CellResult } from './cell.ts';
import { type Installed, install } from './install.ts';
import { printMatrix } from './matrix.ts';
import { CLIENTS_HELP, type ClientsOptions, readOptions } from './options.ts';
import { runCells } from './run-cells.ts';

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) {
    process.stdout.write(CLIENTS_HELP);
    return;
  }
  const startMs = performance.now();
  const installed = await installAll(options);
  let ended = 0;
  const results = await runCells(options.cells, installed, (result) => {
    ended += 1;
    tell(`${String(ended).padStart(3)}/${options.cells.length} ${progressLine(result)}`);
  });
  const failed = results.filter(({ failures }) => failures.length > 0);
  if (options.recordFolder !== undefined) await record(failed, options.recordFolder);
  const matrix = printMatrix(results, installed);
  process.stdout.write(options.isJson ? `${printJson(results, installed)}\n` : `${matrix}\n`);
  if (options.isWhole) await writeDocument(matrix);
  tell(`took ${Math.round((performance.now() - startMs) / 1_000)} s`);
  if (failed.length > 0) process.exitCode = 1;
}

async function installAll({ cells, isLatest }: ClientsOptions): Promise<ReadonlyMap<string, Installed>> {
  const releases = new Set(cells.map(({ client }) => client.release));
  const installed = new Map<string, Installed>();
  for (const release of releases) {
    const found = await install(release, isLatest ? 'latest' : release.version);
    installed.set(release.name, found);
    tell(`${release.name} ${found.version}`);
  }
  return installed;
}

function progressLine({ client, upstream, behaviour, failures, elapsedMs }: CellResult): string {
  const word = failures.length === 0 ? 'pass ' : 'fails';
  const seconds = `${(elapsedMs / 1_000).toFixed(1)} s`.padStart(7);
  const problems = failures.map((failure) => `\n        ${failure}`).join('');
  return `${word} ${seconds}  ${nameOf({ client, upstream, behaviour })}${problems}`;
}

function nameOf({ client, upstream, behaviour }: Cell): string {
  return `${client.name} ${upstream.name} ${behaviour.name}`;
}

function printJson(results: readonly CellResult[], installed: ReadonlyMap<string, Installed>): string {
  const rows = results.map(({ client, upstream, behaviour, failures, elapsedMs }) => ({
    client: client.name,
    version: installed.get(client.release.name)?.version,
    upstream: upstream.name,
    behaviour: behaviour.name,
    isPassed: failures.length === 0,
    failures,
    elapsedMs: Math.round(elapsedMs),
  }));
  return JSON.stringify(rows, undefined, 2);
}

async function writeDocument(matrix: string): Promise<void> {
  const text = await readFile(DOCUMENT, 'utf8');
  await writeFile(DOCUMENT, replaceBetween(text, 'clients', `\n${matrix}\n`));
}

const DOCUMENT = join(import.meta.dirname, '../../docs/COMPATIBILITY.md');

async function record(results: readonly CellResult[], folder: string): Promise<void> {
  for (const result of results) {
    const place = join(folder, nameOf(result).replaceAll(' ', '_'));
    await mkdir(place, { recursive: true });
    const { ended, requests } = result.record;
    await writeFile(join(place, 'stdout.txt'), ended?.stdout ?? '');
    await writeFile(join(place, 'stderr.txt'), ended?.stderr ?? '');
    for (const [index, { path, headers, body, refusal }] of requests.entries()) {
      const text = JSON.stringify({ path, refusal, headers, body: body.toString() }, undefined, 2);
      await writeFile(join(place, `request-${index}.json`), text);
    }
  }
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

// What runs and what was made for it go at the end of this process, which comes at once when it is told to stop.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1));

try {
  await main();
} catch (error) {
  tell(`test:clients: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
