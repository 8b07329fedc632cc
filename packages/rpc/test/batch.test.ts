import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BATCH_ITEMS_MAX, Batch } from '../src/batch.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('what comes at rest goes at once; what comes right after goes together, within a few milliseconds', async () => {
  const written: number[][] = [];
  const batch = new Batch<number>({
    write: (items) => written.push([...items]) > 0,
    bytesOf: () => 1,
    isIdle: () => false,
  });
  batch.add(1);
  await Promise.resolve();
  expect(written).toEqual([[1]]);
  for (const item of [2, 3, 4]) batch.add(item);
  await expect.poll(() => written).toEqual([[1], [2, 3, 4]]);
});

test('every item is written once and in order, in messages of a bounded size, also when the stream is full', async () => {
  const items = fc.array(
    fc.record({
      bytes: fc.oneof(fc.nat(100), fc.nat(3_000_000)),
      isTurn: fc.boolean(),
      isFull: fc.boolean(),
    }),
    { maxLength: 200 },
  );
  await fc.assert(
    fc.asyncProperty(items, async (given) => {
      const written: number[] = [];
      let isFull = false;
      const batch = new Batch<{ id: number; bytes: number }>({
        write: (message) => {
          expect(message.length).toBeLessThanOrEqual(BATCH_ITEMS_MAX);
          const bytes = message.reduce((sum, item) => sum + item.bytes, 0);
          if (message.length > 1) expect(bytes).toBeLessThanOrEqual(1024 * 1024);
          written.push(...message.map(({ id }) => id));
          return !isFull;
        },
        bytesOf: ({ bytes }) => bytes,
        isIdle: (pending) => pending % 2 === 0,
      });
      for (const [id, { bytes, isTurn, ...next }] of given.entries()) {
        if (isFull && !next.isFull) batch.resume();
        isFull = next.isFull;
        batch.add({ id, bytes });
        if (isTurn) await turn();
      }
      isFull = false;
      batch.end();
      expect(written).toEqual(given.map((_, id) => id));
    }),
    { numRuns: 50 },
  );
});
