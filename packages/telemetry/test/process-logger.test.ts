import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProcessLogger } from '../src/index.ts';

const others = process.listeners('warning');
const lines: string[] = [];
beforeAll(() => {
  createProcessLogger({ service: 'edge', level: 'info', destination: { write: (line) => lines.push(line) } });
});
afterAll(() => {
  process.removeAllListeners('warning');
  for (const other of others) process.on('warning', other);
});

/** What is logged of a warning. */
async function logged(warning: string, type: string, code?: string): Promise<readonly unknown[]> {
  lines.length = 0;
  process.emitWarning(warning, { type, ...(code !== undefined && { code }) });
  await new Promise((resolve) => setImmediate(resolve));
  return lines.map((line) => JSON.parse(line));
}

test('what Node warns of is a line of the log', async () => {
  expect(await logged('careful', 'SomeWarning', 'DEP0999')).toMatchObject([
    { level: 'warn', service: 'edge', msg: 'node warns', code: 'DEP0999', err: { message: 'careful' } },
  ]);
});

test('a time before now, which kafkajs sets timers to, is not worth one', async () => {
  expect(await logged('-1 is a negative number', 'TimeoutNegativeWarning')).toEqual([]);
});
