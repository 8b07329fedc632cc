// What a component is made of, fetched once and kept beside the installed packages. Two that fetch at the same time do not meet:
// each works in a folder of its own, and the first to end puts it in its place.

import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const CACHE = join(import.meta.dirname, '../../../../node_modules/.cache/components');

/** @param fill puts the files into an empty folder @returns the folder that holds them */
export async function fetchedFiles(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const place = join(CACHE, name);
  if (await isThere(place)) return place;
  await mkdir(dirname(place), { recursive: true });
  const folder = await mkdtemp(`${place}-`);
  try {
    await fill(folder);
    await rename(folder, place).catch(async (error: unknown) => {
      if (!(await isThere(place))) throw error;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return place;
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
