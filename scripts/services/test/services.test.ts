import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { whyNoKafka, whyNoRedis } from '@ai-switch/testkit';
import { afterAll, beforeEach, expect, test } from 'vitest';
import type { ServicesState } from '../state.ts';

const missing = (await whyNoRedis()) ?? (await whyNoKafka());
beforeEach((context) => {
  if (missing !== undefined) context.skip(missing);
});

const folder = mkdtempSync(join(tmpdir(), 'aiswitch-services-'));
afterAll(async () => {
  await services('down');
  rmSync(folder, { recursive: true });
});

test('up starts all three, status says where they answer, and down ends them', async () => {
  expect((await services('status', '--json')).exitCode).toBe(1);
  const started = stateIn(await services('up', '--json'));
  expect(started.components.map(({ name }) => name)).toEqual(['postgres', 'redis', 'kafka']);
  for (const { address = '' } of started.components) expect(await answers(address), address).toBe(true);
  expect(stateIn(await services('up', '--json'))).toEqual(started);
  expect(stateIn(await services('status', '--json'))).toEqual(started);

  await services('down');
  for (const { address = '' } of started.components) expect(await answers(address), address).toBe(false);
}, 120_000);

test('an address that is given is taken, and what cannot be started says why', async () => {
  const { output, exitCode } = await services('up', '--json', {
    AISWITCH_SERVICES_POSTGRES_URL: 'postgres://db.example/ai',
    AISWITCH_SERVICES_KAFKA: 'kafka.example:9092',
    // No tool is found there.
    PATH: folder,
  });
  const { components } = JSON.parse(output) as ServicesState;
  expect(components).toMatchObject([
    { address: 'postgres://db.example/ai' },
    { name: 'redis', source: expect.stringMatching(/failed|no Debian|did not start/) },
    { address: 'kafka.example:9092' },
  ]);
  expect(exitCode).toBe(1);
}, 60_000);

const execute = promisify(execFile);

async function services(
  command: string,
  ...rest: [string?, Readonly<Record<string, string>>?]
): Promise<{ readonly output: string; readonly exitCode: number }> {
  const [option, environment] = rest;
  const main = join(import.meta.dirname, '../main.ts');
  const env = { ...process.env, AISWITCH_SERVICES_STATE: join(folder, 'state.json'), ...environment };
  try {
    const args = [main, command, ...(option === undefined ? [] : [option])];
    return { output: (await execute(process.execPath, args, { env })).stdout, exitCode: 0 };
  } catch (error) {
    const { stdout, code } = error as { readonly stdout: string; readonly code: number };
    return { output: stdout, exitCode: code };
  }
}

function stateIn({ output }: { readonly output: string }): Pick<ServicesState, 'components'> {
  return JSON.parse(output);
}

function answers(address: string): Promise<boolean> {
  const port = Number(/:(\d+)(\/|$)/.exec(address)?.[1]);
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}
