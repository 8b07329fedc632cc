// A trail in a file: a line of JSON each, as it is read. Nothing of it is believed until it is verified.

import { createReadStream } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Signed, TrailLine } from '@ai-switch/event-log';
import { CliError } from '../cli-error.ts';
import { readJsonFile } from '../read-file.ts';

const ROOT_BYTES_MAX = 64 * 1024 * 1024;

/** @throws CliError for a file that cannot be read, or is no export */
export async function* trailLinesIn(path: string): AsyncGenerator<TrailLine> {
  let number = 0;
  try {
    const lines = createInterface({
      input: createReadStream(path, 'utf8'),
      crlfDelay: Number.POSITIVE_INFINITY,
    });
    for await (const text of lines) {
      number += 1;
      yield lineIn(text, path, number);
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(`${path} cannot be read: ${(error as Error).message}`);
  }
  if (number === 0) throw new CliError(`${path} is empty: it holds no trail`);
}

function lineIn(text: string, path: string, number: number): TrailLine {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    throw new CliError(`line ${number} of ${path} is no JSON: the file was cut or changed`);
  }
  if (
    !hasFields(line, { kind: 'string' }) ||
    !(line.kind in FIELDS) ||
    !hasFields(line, FIELDS[line.kind] ?? {})
  ) {
    throw new CliError(`line ${number} of ${path} is no line of a trail`);
  }
  if (number === 1 && line.kind !== 'trail')
    throw new CliError(`${path} is no trail: make one with \`npm run -s cli -- audit export\``);
  return line as unknown as TrailLine;
}

/** What each kind of line has to have, by what `typeof` says of it. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  trail: { version: 'number', publicKey: 'string' },
  head: { statement: 'string', signature: 'string' },
  root: { number: 'number', atMs: 'number', statement: 'string', signature: 'string', leaves: 'object' },
  log: { producer: 'string', epoch: 'number', statement: 'string', signature: 'string' },
  base: { sequence: 'number', chain: 'string' },
  record: { sequence: 'number', type: 'string', data: 'string', chain: 'string' },
  end: { statement: 'string', signature: 'string' },
};

function hasFields<Name extends string>(
  line: unknown,
  fields: Readonly<Record<Name, string>>,
): line is Record<Name, string> {
  if (typeof line !== 'object' || line === null) return false;
  return Object.entries(fields).every(([name, type]) => typeof Reflect.get(line, name) === type);
}

/** Writes lines to a new file for its owner only, or to stdout. @returns how many records it has */
export async function writeTrail(lines: AsyncIterable<TrailLine>, path: string | undefined): Promise<number> {
  const file = path === undefined ? undefined : await newFile(path);
  let records = 0;
  try {
    for await (const line of lines) {
      const text = `${JSON.stringify(line)}\n`;
      if (file === undefined) await written(text);
      else await file.write(text);
      if (line.kind === 'record') records += 1;
    }
    await file?.sync();
  } finally {
    await file?.close();
  }
  return records;
}

function newFile(path: string) {
  return open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'EEXIST' ? 'it is there already' : error.message;
    throw new CliError(`${path} cannot be made: ${why}`);
  });
}

/** Waits for whoever reads stdout. */
function written(text: string): Promise<void> {
  return new Promise((resolve) => {
    if (process.stdout.write(text)) resolve();
    else process.stdout.once('drain', resolve);
  });
}

/** The roots in a folder that the gateway exported them to. @throws CliError for what is none */
export async function rootsIn(folder: string): Promise<readonly Signed[]> {
  const names = await readdir(folder).catch((error: Error) => {
    throw new CliError(`${folder} cannot be read: ${error.message}`);
  });
  const roots: Signed[] = [];
  for (const name of names.filter((each) => /^root-\d+\.json$/.test(each)).sort()) {
    const { statement, signature } = await readJsonFile(join(folder, name), ROOT_BYTES_MAX);
    if (typeof statement !== 'string' || typeof signature !== 'string')
      throw new CliError(`${join(folder, name)} is no root`);
    roots.push({ statement, signature });
  }
  if (roots.length === 0)
    throw new CliError(`${folder} holds no roots: they are files like root-000000001.json`);
  return roots;
}
