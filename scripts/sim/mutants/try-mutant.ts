// A copy of the sources in a folder of its own, in which one mutant after the other is tried. The checkout is never touched.

import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Mutant } from './mutant.ts';

const ROOT = join(import.meta.dirname, '../../..');
const COPIED = ['services/quota-ledger', 'services/edge-gateway'];
const RUN_MS_MAX = 180_000;

export interface Verdict {
  readonly mutant: Mutant;
  /** By the seed of its first violation; undefined: it survived. */
  readonly killedBy:
    | { readonly seed: number; readonly invariant: string; readonly message: string }
    | undefined;
  readonly seconds: number;
}

export interface MutantFolder {
  /** @throws Error when the text is not there once, or when the run itself fails */
  try(mutant: Mutant, seeds: number): Promise<Verdict>;
  /** The sources as they are. @throws Error when they do not pass */
  passUnchanged(seeds: number): Promise<void>;
  remove(): Promise<void>;
}

export async function makeMutantFolder(): Promise<MutantFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'ai-switch-mutants-'));
  await cp(join(ROOT, 'package.json'), join(folder, 'package.json'));
  await copySources('scripts/sim', folder);
  for (const path of COPIED) {
    await copySources(path, folder);
    await symlink(join(ROOT, path, 'node_modules'), join(folder, path, 'node_modules'));
  }
  await linkModules(folder);
  return {
    try: async (mutant, seeds) => {
      const path = join(folder, mutant.file);
      const original = await readFile(path, 'utf8');
      await writeFile(path, mutate(original, mutant));
      const startedAtMs = performance.now();
      try {
        const { failure } = await simulate(folder, seeds);
        return { mutant, killedBy: failure, seconds: (performance.now() - startedAtMs) / 1_000 };
      } finally {
        await writeFile(path, original);
      }
    },
    passUnchanged: async (seeds) => {
      const { failure } = await simulate(folder, seeds);
      if (failure !== undefined) {
        throw new Error(
          `the sources as they are break ${failure.invariant} with seed ${failure.seed}: ${failure.message}`,
        );
      }
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** @throws Error when the text is not in the source exactly once */
export function mutate(source: string, { name, file, text, replacement }: Mutant): string {
  const parts = source.split(text);
  if (parts.length !== 2) {
    throw new Error(
      `mutant "${name}": its text stands ${parts.length - 1} times in ${file}, not once: write it anew`,
    );
  }
  return parts.join(replacement);
}

export function readOriginal({ file }: Mutant): Promise<string> {
  return readFile(join(ROOT, file), 'utf8');
}

async function copySources(path: string, folder: string): Promise<void> {
  const skipped = join(path, 'node_modules');
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await cp(join(ROOT, path), join(folder, path), {
    recursive: true,
    filter: (source) => !source.startsWith(join(ROOT, skipped)) && !source.endsWith('/test'),
  });
}

/** Packages are those of the checkout; what was copied is the copy. */
async function linkModules(folder: string): Promise<void> {
  const modules = join(ROOT, 'node_modules');
  const ours = join(folder, 'node_modules/@ai-switch');
  await mkdir(ours, { recursive: true });
  for (const name of await readdir(modules)) {
    if (name.startsWith('.') || name === '@ai-switch') continue;
    await symlink(await realpath(join(modules, name)), join(folder, 'node_modules', name));
  }
  for (const name of await readdir(join(modules, '@ai-switch'))) {
    const copied = COPIED.find((path) => path.endsWith(`/${name}`));
    const target =
      copied === undefined ? await realpath(join(modules, '@ai-switch', name)) : join(folder, copied);
    await symlink(target, join(ours, name));
  }
}

interface Simulated {
  readonly failure: Verdict['killedBy'];
}

async function simulate(folder: string, seeds: number): Promise<Simulated> {
  const script = join(folder, 'scripts/sim/main.ts');
  const args = ['--disable-warning=ExperimentalWarning', script, '--seeds', String(seeds), '--json'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: RUN_MS_MAX });
  let output = '';
  let complaint = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    complaint += chunk;
  });
  await new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve());
  });
  try {
    return JSON.parse(output) as Simulated;
  } catch (cause) {
    throw new Error(`a simulation ended without a result: ${complaint.slice(-2_000)}`, { cause });
  }
}
