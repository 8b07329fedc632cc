import { join } from 'node:path';
import { temporaryFolder } from '@ai-switch/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Gateway, setUpGateway } from './gateway.ts';
import { startStandalone } from './standalone-process.ts';

let folder: ReturnType<typeof temporaryFolder>;
let gateway: Gateway;
let operationsPort = '';
let kill: (signal: NodeJS.Signals) => void = () => {};

beforeAll(async () => {
  folder = temporaryFolder();
  const standalone = await startStandalone(join(folder.path, 'data'), {
    environment: { AISWITCH_LOG_LEVEL: 'info', AISWITCH_DRAIN_DELAY_MS: '500' },
  });
  kill = (signal) => standalone.process.kill(signal);
  operationsPort = /"port":(\d+),"msg":"health and metrics/.exec(standalone.process.stderr)?.[1] ?? '';
  gateway = await setUpGateway({ url: standalone.url, key: standalone.key ?? '' }, () =>
    standalone[Symbol.asyncDispose](),
  );
});

afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const operations = (path: string) => fetch(`http://127.0.0.1:${operationsPort}${path}`);

async function ask(body: object, key = gateway.key) {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify({ model: 'chat', messages: [{ role: 'user', content: 'hello' }], ...body }),
  });
  await response.text();
  return response.status;
}

/** Each line's value, by what stands before it. */
async function metrics(): Promise<ReadonlyMap<string, number>> {
  const lines = (await (await operations('/metrics')).text()).split('\n');
  return new Map(
    lines
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

function sumOf(all: ReadonlyMap<string, number>, name: string, ...labels: readonly string[]): number {
  const found = [...all].filter(
    ([line]) => line.split('{')[0] === name && labels.every((label) => line.includes(label)),
  );
  return found.reduce((sum, [, value]) => sum + value, 0);
}

it('what requests did is counted, on every thread, and nothing of what they said', async () => {
  expect(await ask({})).toBe(200);
  expect(await ask({ stream: true })).toBe(200);
  expect(await ask({}, 'ais_wrong')).toBe(401);
  await expect
    .poll(async () => sumOf(await metrics(), 'aiswitch_requests_total', 'outcome="completed"'))
    .toBe(2);
  const all = await metrics();
  expect(sumOf(all, 'aiswitch_requests_total', 'fault="unauthenticated"')).toBe(1);
  expect(sumOf(all, 'aiswitch_request_seconds_count', 'dialect="openai-chat"')).toBe(3);
  expect(sumOf(all, 'aiswitch_tokens_total', 'type="output"')).toBeGreaterThan(0);
  expect(sumOf(all, 'aiswitch_reservation_seconds_count', 'outcome="held"')).toBe(2);
  expect(sumOf(all, 'aiswitch_upstream_first_answer_seconds_count', 'outcome="ok"')).toBe(2);
  expect(sumOf(all, 'aiswitch_requests_active')).toBe(0);
  // The ledger is on a thread of its own.
  expect(sumOf(all, 'aiswitch_ledger_operations_total', 'kind="reserve"')).toBe(2);
  const text = [...all.keys()].join('\n');
  for (const secret of [gateway.key, 'hello', 'ais_']) expect(text).not.toContain(secret);
});

it('each metric stands there once, as Prometheus wants it', async () => {
  const text = await (await operations('/metrics')).text();
  const declared = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  expect(new Set(declared).size).toBe(declared.length);
  expect(declared.length).toBeGreaterThan(30);
});

it('it is ready until it is to end, and says what it needs', async () => {
  const ready = await operations('/readyz');
  expect(ready.status).toBe(200);
  expect(await ready.json()).toEqual({
    state: 'ready',
    checks: { 'database auth': 'up', 'database router': 'up', log: 'up', 'quota-ledger': 'up' },
  });
  kill('SIGTERM');
  await expect.poll(async () => (await operations('/readyz')).status).toBe(503);
  // What is asked meanwhile is answered as before.
  expect(await ask({})).toBe(200);
});
