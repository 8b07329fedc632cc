// Whether anything has to be set up: each part of the set-up leaves a hash of what it read in node_modules.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clientGenerator, clientTypes, modules, root } from './places.mjs';

const stampPath = join(modules, '.ai-switch-setup.json');
const generated = join(root, 'packages', 'contracts', 'generated');

/** Of the console: what its document is made of. */
const SCHEMA_FOLDERS = ['openapi', 'routes', 'quota', 'prices'];
const WORDS = join('services', 'console', 'src', 'words.ts');

export function isSetUp() {
  const stamp = readStamp();
  return (
    stamp.install === installHash() &&
    stamp.generate === generateHash() &&
    existsSync(join(generated, 'aiswitch')) &&
    (existsSync(clientTypes) || !existsSync(clientGenerator)) &&
    typeof stamp.node === 'string' &&
    existsSync(stamp.node)
  );
}

export function readStamp() {
  try {
    return JSON.parse(readFileSync(stampPath, 'utf8'));
  } catch {
    return {};
  }
}

export function writeStamp(stamp) {
  writeFileSync(`${stampPath}.new`, JSON.stringify(stamp));
  renameSync(`${stampPath}.new`, stampPath);
}

export function installHash() {
  const manifests = ['packages', 'services'].flatMap((folder) =>
    namesIn(folder).map((name) => join(folder, name, 'package.json')),
  );
  const files = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', '.npmrc', ...manifests];
  return hashOf([process.platform, process.arch, root], files);
}

export function generateHash() {
  // The lockfile stands for the versions of the generator.
  const schemas = SCHEMA_FOLDERS.flatMap((folder) => filesBelow(join('services', 'console', 'src', folder)));
  return hashOf([], ['buf.gen.yaml', 'pnpm-lock.yaml', ...filesBelow('proto'), ...schemas, WORDS]);
}

function hashOf(facts, files) {
  const hash = createHash('sha256').update(JSON.stringify(facts));
  for (const file of files) {
    const path = join(root, file);
    if (existsSync(path)) hash.update(`\0${file}\0`).update(readFileSync(path));
  }
  return hash.digest('hex');
}

function namesIn(folder) {
  const path = join(root, folder);
  return existsSync(path) ? readdirSync(path).sort() : [];
}

function filesBelow(folder) {
  return namesIn(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(join(root, path)).isDirectory() ? filesBelow(path) : [path];
  });
}
