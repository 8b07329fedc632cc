import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Source, sourceOf } from './source.ts';

/** What the rules look at: every text file that is or would be committed. Rules read nothing else. */
export interface Repository {
  readonly files: readonly Source[];
}

/** Something to mend, in words that say how. */
export interface Violation {
  readonly path: string;
  /** Counted from 1; 0 when the whole file is meant. */
  readonly line: number;
  readonly message: string;
}

export type Rule = (repository: Repository) => readonly Violation[];

const FILE_BYTES_MAX = 2_000_000;

/** Reads the working tree below `root`: what git tracks, and what is new and not ignored. */
export function readRepository(root: string): Repository {
  const listing = execFileSync('git', ['ls-files', '-coz', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  const paths = [...new Set(listing.split('\0'))].filter((path) => path !== '').sort();
  const files: Source[] = [];
  for (const path of paths) {
    const file = join(root, path);
    // A tracked file may be deleted in the working tree, and a link may lead to a folder.
    if (!existsSync(file) || !statSync(file).isFile() || statSync(file).size > FILE_BYTES_MAX) continue;
    const text = readFileSync(file, 'utf8');
    if (!text.includes('\0')) files.push(sourceOf(path, text));
  }
  return { files };
}

export function printViolations(violations: readonly Violation[]): string {
  return violations
    .map(({ path, line, message }) => `${path}${line > 0 ? `:${line}` : ''}  ${message}`)
    .join('\n');
}
