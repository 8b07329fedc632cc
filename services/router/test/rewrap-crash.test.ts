import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { databases } from '@ai-switch/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openRouter } from '../src/index.ts';
import { provider } from './fixtures.ts';

const CHILD = fileURLToPath(new URL('rewrap-child.ts', import.meta.url));
const TENANTS = 15;
const PROVIDERS = 3;
const KILLS = 5;

let folder: string;
const path = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aiswitch-rewrap-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(databases)(
  'a process that dies while it rotates keys leaves every credential open on $name',
  {
    timeout: 120_000,
  },
  async (database) => {
    const { url: databaseUrl, drop } = await database.create();
    let [newest, old] = [randomBytes(32), randomBytes(32)];
    const first = await openRouter({ databaseUrl, masterKey: old });
    for (let index = 0; index < TENANTS; index += 1) {
      for (let number = 0; number < PROVIDERS; number += 1) {
        const row = provider({ tenant: `ten_${index}`, name: `p${number}`, models: [`m${number}`] });
        await first.router.putProvider({ provider: row, credential: `sk-${index}-${number}` });
      }
    }
    await first.close();
    let killed = 0;
    for (let round = 0; round < KILLS; round += 1) {
      await writeFile(path('newest.key'), newest);
      await writeFile(path('old.key'), old);
      const child = spawn(process.execPath, [CHILD, databaseUrl, path('newest.key'), path('old.key')], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const exited = once(child, 'exit');
      let said = '';
      child.stdout.on('data', (chunk) => {
        said += chunk;
      });
      await expect.poll(() => said).toContain('begin');
      await sleep(round * 15);
      child.kill('SIGKILL');
      await exited;
      if (!said.includes('end')) killed += 1;
      const { router, close } = await openRouter({ databaseUrl, masterKey: newest, otherMasterKeys: [old] });
      for (let index = 0; index < TENANTS; index += 1) {
        for (let number = 0; number < PROVIDERS; number += 1) {
          const alias = `p${number}/any`;
          const { targets } = await router.route({ tenant: `ten_${index}`, alias, affinityKey: '' });
          expect(targets[0]?.credential).toBe(`sk-${index}-${number}`);
        }
      }
      // Half of the time what is left is done, and then the other way round.
      if (round % 2 === 1) {
        expect((await router.rewrapDataKeys({ companiesMax: 1_000 })).left).toBe(0n);
        [newest, old] = [old, newest];
      }
      await close();
    }
    await drop();
    expect(killed).toBeGreaterThan(KILLS / 3);
  },
);
