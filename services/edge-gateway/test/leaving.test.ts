import { describe, expect, test } from 'vitest';
import { ask, type Gateway, PAIRS, until, useGateway } from './gateway.ts';
import { open } from './wire.ts';

let gateway: Gateway;
useGateway((opened) => {
  gateway = opened;
});

const TEXT = Array.from({ length: 12 }, (_, index) => `${index}-${'word '.repeat(20)}`);
const CHUNKS = [0, 1, 2, 3, 5, 8];

describe.each(PAIRS)('a client of $path that leaves a provider of $alias', ({ path, alias }) => {
  test.each(CHUNKS)(
    'case 10: after %i chunks stops the provider and is charged for what came',
    async (chunks) => {
      gateway.provider.script({ text: TEXT, chunkDelayMs: 10, usage: { input: 500, output: 900 } });
      const leftAtMs = await leaveAfter(chunks, path, alias, { stream: true });
      const [seen] = gateway.provider.requests;
      await until(() => seen?.abortedAtMs !== undefined, 'the provider was not stopped');
      expect((seen?.abortedAtMs ?? 0) - leftAtMs).toBeLessThan(1_000);
      await gateway.settled();

      const record = await lastRecord();
      expect(record).toMatchObject({ outcome: 'clientGone', usageEstimated: true, attempts: 1 });
      const { input = 0n, output = 0n } = record.usage ?? {};
      expect(input).toBeGreaterThan(0n);
      expect(output).toBeLessThan(400n);
      // The first chunks carry no text; those of Anthropic carry its count of the prompt.
      if (chunks > 5) expect(output).toBeGreaterThan(0n);
      if (alias === 'messages' && chunks > 0) expect(input).toBe(500n);
    },
  );

  test('case 10: before a whole reply stops the provider and pays for the prompt alone', async () => {
    gateway.provider.script({ delayMs: 5_000 });
    await leaveAfter(0, path, alias, {});
    const [seen] = gateway.provider.requests;
    await until(() => seen?.abortedAtMs !== undefined, 'the provider was not stopped');
    await gateway.settled();
    const { usage, outcome, httpStatus } = await lastRecord();
    expect([outcome, httpStatus, usage?.output]).toEqual(['clientGone', 499, 0n]);
    expect(usage?.input).toBeGreaterThan(0n);
  });
});

async function leaveAfter(
  chunks: number,
  path: string,
  alias: string,
  more: Record<string, unknown>,
): Promise<number> {
  const before = gateway.provider.requests.length;
  const { request, response } = open(gateway, path, ask(path, alias, more));
  await until(() => gateway.provider.requests.length > before, 'the provider was never asked');
  if (chunks > 0) {
    const incoming = await response;
    let seen = 0;
    await new Promise<void>((resolve) => {
      incoming.on('error', () => {});
      incoming.on('data', (piece: Buffer) => {
        seen += piece.toString().split('\n\n').length - 1;
        if (seen >= chunks) resolve();
      });
    });
  }
  request.destroy();
  return Date.now();
}

async function lastRecord() {
  const count = answered + 1;
  const { records } = gateway.log;
  await until(async () => records.length >= count, 'there is no record');
  answered = count;
  return records.at(-1) ?? expect.unreachable();
}
let answered = 0;
