import { describe, expect, it } from 'vitest';
import { Batcher, Fault } from '../src/index.ts';

/** A batcher whose runs are recorded and end when the test says so. */
function held(options: { batchMax?: number; queueMax?: number; delayMs?: number } = {}) {
  const runs: { items: readonly number[]; end: () => void }[] = [];
  const batcher = new Batcher<number, string>({
    batchMax: 3,
    queueMax: 10,
    delayMs: 0,
    ...options,
    run: (items) =>
      new Promise((resolve) => {
        runs.push({ items, end: () => resolve(items.map((item) => `r${item}`)) });
      }),
  });
  return { batcher, runs };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

function echo(options: Partial<ConstructorParameters<typeof Batcher<number, number>>[0]> = {}) {
  return new Batcher<number, number>({
    batchMax: 3,
    queueMax: 100,
    delayMs: 0,
    run: async (items) => items,
    ...options,
  });
}

describe('a batcher', () => {
  it('carries what is submitted together in one run, each with its own result', async () => {
    const { batcher, runs } = held();
    const results = Promise.all([1, 2, 3].map((item) => batcher.submit(item)));
    await turn();
    expect(runs.map(({ items }) => items)).toEqual([[1, 2, 3]]);
    runs[0]?.end();
    expect(await results).toEqual(['r1', 'r2', 'r3']);
  });

  it('makes the next run of what arrives meanwhile, one run at a time, in order', async () => {
    const { batcher, runs } = held();
    const first = batcher.submit(1);
    await turn();
    const rest = Promise.all([2, 3, 4, 5].map((item) => batcher.submit(item)));
    await turn();
    expect(runs).toHaveLength(1);
    runs[0]?.end();
    await turn();
    expect(runs.map(({ items }) => items)).toEqual([[1], [2, 3, 4]]);
    runs[1]?.end();
    await turn();
    runs[2]?.end();
    expect([await first, ...(await rest)]).toEqual(['r1', 'r2', 'r3', 'r4', 'r5']);
  });

  it('never runs more than batchMax items at once', async () => {
    const sizes: number[] = [];
    const batcher = echo({
      run: async (items) => {
        sizes.push(items.length);
        return items;
      },
    });
    await Promise.all(Array.from({ length: 20 }, (_, item) => batcher.submit(item)));
    expect(Math.max(...sizes)).toBe(3);
  });

  it('does not wait for company once a batch is full', async () => {
    const batcher = echo({ delayMs: 60_000 });
    await Promise.all([1, 2, 3].map((item) => batcher.submit(item)));
  });

  it('waits for company up to delayMs', async () => {
    const sizes: number[] = [];
    const batcher = echo({
      delayMs: 40,
      run: async (items) => {
        sizes.push(items.length);
        return items;
      },
    });
    const first = batcher.submit(1);
    await turn();
    await Promise.all([first, batcher.submit(2)]);
    expect(sizes).toEqual([2]);
  });

  it('refuses one more than queueMax as overloaded, and takes it again later', async () => {
    const { batcher, runs } = held({ queueMax: 2 });
    const waiting = [batcher.submit(1), batcher.submit(2)];
    await expect(batcher.submit(3)).rejects.toMatchObject({ code: 'overloaded', retryAfterMs: 1_000 });
    await turn();
    const later = batcher.submit(4);
    runs[0]?.end();
    await Promise.all(waiting);
    await turn();
    runs[1]?.end();
    expect(await later).toBe('r4');
  });

  it('gives an error to the item that it belongs to and to no other', async () => {
    const batcher = echo({
      run: async (items) => items.map((item) => (item === 2 ? new Fault('conflict', 'No.') : item)),
    });
    const [first, second, third] = await Promise.allSettled([1, 2, 3].map((item) => batcher.submit(item)));
    expect(first).toMatchObject({ value: 1 });
    expect(second).toMatchObject({ reason: { code: 'conflict' } });
    expect(third).toMatchObject({ value: 3 });
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('broken');
      },
    ],
  ])('fails every item of a run that %s, and goes on with the next', async (_name, broken) => {
    let runs = 0;
    const batcher = echo({
      run: (items) => {
        runs += 1;
        return runs === 1 ? broken() : Promise.resolve(items);
      },
    });
    const settled = await Promise.allSettled([batcher.submit(1), batcher.submit(2)]);
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await batcher.submit(3)).toBe(3);
  });

  it('fails the items that a run forgets, rather than answer them with nothing', async () => {
    const batcher = echo({ run: async (items) => items.slice(1) });
    const settled = await Promise.allSettled([batcher.submit(1), batcher.submit(2)]);
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('drains at once, whatever the delay, and with all that waits', async () => {
    const done: number[] = [];
    const batcher = echo({
      delayMs: 60_000,
      batchMax: 2,
      run: async (items) => {
        done.push(...items);
        return items;
      },
    });
    for (const item of [1, 2, 3, 4, 5]) void batcher.submit(item);
    await batcher.drain();
    expect(done).toEqual([1, 2, 3, 4, 5]);
    expect(batcher.depth).toBe(0);
  });

  it('drains while a run is under way', async () => {
    const { batcher, runs } = held();
    void batcher.submit(1);
    await turn();
    void batcher.submit(2);
    let isDrained = false;
    const drained = batcher.drain().then(() => {
      isDrained = true;
    });
    runs[0]?.end();
    await turn();
    expect(isDrained).toBe(false);
    runs[1]?.end();
    await drained;
  });

  it('has drained when it is empty', async () => {
    await echo().drain();
  });
});
