import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const REST_MS = 1_500;
const WAIT_MS = 10_000;

/** Resolves once nothing was written to the spool for longer than a round of counting takes. */
export async function spoolAtRest(dataPath: string): Promise<void> {
  const giveUpAt = performance.now() + WAIT_MS;
  let bytes = -1;
  let restingSince = performance.now();
  while (performance.now() - restingSince < REST_MS) {
    if (performance.now() > giveUpAt) throw new Error('the spool did not come to rest');
    const now = spoolBytes(dataPath);
    if (now !== bytes) restingSince = performance.now();
    bytes = now;
    await sleep(50);
  }
}

function spoolBytes(dataPath: string): number {
  return readdirSync(dataPath, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.includes('spool'))
    .reduce((sum, name) => sum + statSync(join(dataPath, name)).size, 0);
}
