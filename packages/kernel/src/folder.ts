import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it. Node's own `recursive` never returns where a system refuses with ENOENT under a
 * folder that exists, as /proc does.
 * @param mode of the folder itself when it is made; an existing one is left as it is
 * @throws the system's error, with its `code` and `syscall`
 */
export function makeFolder(path: string, mode = 0o777): void {
  const parent = dirname(path);
  if (!existsSync(parent)) makeFolder(parent);
  if (!existsSync(path)) mkdirSync(path, { mode });
}
