// The master keys of a data folder: `master.key`, and `master-2.key`, `master-3.key` … for each rotation. The highest
// number seals. Old ones stay for as long as a backup may need them.

import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openMasterKey } from '@ai-switch/router';

export interface MasterKeyFiles {
  readonly newest: Buffer;
  readonly others: readonly Buffer[];
  /** True when the first one was made by this call. */
  readonly isNew: boolean;
  /** Makes the next file, for its owner only, and has it on disk when it resolves. */
  make(): Promise<Buffer>;
}

/** @param firstPath of the first key, which is made when it is not there. @throws ConfigError of one line */
export async function openMasterKeyFiles(firstPath: string): Promise<MasterKeyFiles> {
  const folder = dirname(firstPath);
  const numbers = (await readdir(folder))
    .flatMap((name) => /^master-([1-9]\d{0,5})\.key$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((one, other) => other - one);
  const pathOf = (number: number) => join(folder, `master-${number}.key`);
  const later: Buffer[] = [];
  let isNew = false;
  for (const number of numbers) later.push((await openMasterKey(pathOf(number), { mayCreate: false })).key);
  // The first one goes when nothing is sealed with it any more.
  if (later.length === 0 || existsSync(firstPath)) {
    const first = await openMasterKey(firstPath, { mayCreate: true });
    later.push(first.key);
    isNew = first.isNew;
  }
  const [newest, ...others] = later;
  if (newest === undefined) throw new Error('a data folder has a master key');
  let next = Math.max(1, ...numbers) + 1;
  let last: Promise<unknown> = Promise.resolve();
  return {
    newest,
    others,
    isNew,
    // One after the other: each makes a file of its own.
    make: () => {
      const made = last.then(async () => {
        const { key } = await openMasterKey(pathOf(next), { mayCreate: true });
        next += 1;
        return key;
      });
      last = made.catch(() => {});
      return made;
    },
  };
}
