import { type Amounts, Room, TokenType } from '@ai-switch/contracts';
import type { Usage } from '@ai-switch/dialects';
import { afterAll, describe, expect, test } from 'vitest';
import { HoldMeter } from '../src/hold-meter.ts';
import { OutputTally } from '../src/output-tally.ts';
import { TokenCounter } from '../src/token-counter.ts';

const counter = new TokenCounter();
afterAll(() => counter.close());

interface Setting {
  readonly held: number;
  readonly bounded?: readonly TokenType[];
  /** What the ledger says to each extension; refused once there is nothing left. */
  readonly answers?: readonly boolean[];
  readonly outputTokensMax?: number;
  readonly costPerToken?: bigint;
}

/** Tokens are micro-units at `costPerToken` each. */
function metered({
  held,
  bounded = [TokenType.OUTPUT],
  answers = [],
  outputTokensMax,
  costPerToken = 2n,
}: Setting) {
  const left = [...answers];
  const amounts = (input: number, output: number): Amounts => ({
    input: BigInt(input),
    output: BigInt(output),
    cacheRead: 0n,
    cacheWrite: 0n,
    cost: BigInt(output) * costPerToken,
  });
  const hold = {
    held: amounts(100, held),
    rooms: bounded.map((tokenType) => Room.create({ tokenType })),
    told: [] as Amounts[],
    asked: [] as Amounts[],
    progress(used: Amounts) {
      this.told.push(used);
    },
    finishing(used: Amounts) {
      this.told.push(used);
    },
    async extend(step: Amounts) {
      this.asked.push(step);
      const isGranted = left.shift() ?? false;
      const { output, cost } = this.held;
      if (isGranted) this.held = { ...this.held, output: output + step.output, cost: cost + step.cost };
      return isGranted;
    },
  };
  const delivered = { usage: undefined as Usage | undefined, tally: new OutputTally(counter) };
  const meter = new HoldMeter({
    hold,
    amountsOf: ({ input, output }) => amounts(input, output),
    delivered,
    inputTokensEstimate: 100,
    outputTokensMax,
  });
  let dries = 0;
  meter.onDry = () => {
    dries += 1;
  };
  return {
    hold,
    meter,
    delivered,
    dries: () => dries,
    /** The provider counts so many tokens in all. */
    say: async (output: number, input = 90) => {
      delivered.tally.add('x');
      delivered.usage = { input, output, cacheRead: 0, cacheWrite: 0 };
      delivered.tally.provide(delivered.usage);
      meter.note();
      await Promise.resolve();
      await Promise.resolve();
    },
  };
}

describe('the spool is told', () => {
  test('of every chunk what was used, by estimate until the provider counts', async () => {
    const { hold, meter, delivered, say } = metered({ held: 1_000, bounded: [] });
    delivered.tally.add('12345678');
    meter.note();
    meter.note();
    await say(7);
    expect(hold.told.map(({ input, output, cost }) => [input, output, cost])).toEqual([
      [100n, 2n, 4n],
      [90n, 7n, 14n],
    ]);
  });

  test('when words were counted without more being said', async () => {
    const { hold, delivered, meter } = metered({ held: 1_000, bounded: [] });
    delivered.tally.add('Hello there');
    meter.note();
    await delivered.tally.settle();
    delivered.tally.onCounted?.();
    expect(hold.told.map(({ output }) => output)).toEqual([3n, 2n]);
  });

  test('nothing once the answer is over', async () => {
    const { hold, meter, say } = metered({ held: 1_000 });
    meter.end();
    await say(900);
    expect([hold.told, hold.asked]).toEqual([[], []]);
  });
});

describe('a hold', () => {
  test('is extended by a quarter before it is used up, each time', async () => {
    const { hold, say, dries } = metered({ held: 4_000, answers: [true, true] });
    await say(3_000);
    expect(hold.asked).toEqual([]);
    await say(3_001);
    expect(hold.asked.map(({ output, cost }) => [output, cost])).toEqual([[1_000n, 2_000n]]);
    await say(3_750);
    expect(hold.asked).toHaveLength(1);
    await say(3_751);
    expect(hold.asked.at(-1)?.output).toBe(1_250n);
    expect(dries()).toBe(0);
  });

  test('is extended by no less than 256 tokens, and by no more than the answer may have', async () => {
    const small = metered({ held: 100, answers: [true] });
    await small.say(76);
    expect(small.hold.asked[0]?.output).toBe(256n);
    const bound = metered({ held: 100, outputTokensMax: 150, answers: [true] });
    await bound.say(76);
    expect(bound.hold.asked[0]?.output).toBe(50n);
    await bound.say(149);
    expect([bound.hold.asked.length, bound.dries()]).toEqual([1, 0]);
  });

  test('that was refused more is used up, and then it is dry, once', async () => {
    const { hold, say, dries } = metered({ held: 1_000, answers: [false] });
    await say(800);
    await say(999);
    expect([hold.asked.length, dries()]).toEqual([1, 0]);
    await say(1_000);
    await say(1_200);
    expect([hold.asked.length, dries()]).toEqual([1, 1]);
    // An answer that is let go on is still told of.
    expect(hold.told.at(-1)?.output).toBe(1_200n);
  });

  test('that is refused more when it is used up already is dry at once', async () => {
    const { say, dries } = metered({ held: 1_000, answers: [false] });
    await say(5_000);
    expect(dries()).toBe(1);
  });

  test('that is used up in one chunk is extended as often as it takes', async () => {
    const { hold, say, dries } = metered({ held: 1_000, answers: [true, true, true] });
    await say(1_300);
    await new Promise((resolve) => setImmediate(resolve));
    expect(hold.held.output).toBeGreaterThan(1_300n);
    expect(dries()).toBe(0);
  });

  test('of all that the provider may say is not extended unless it says more', async () => {
    const { hold, say, dries } = metered({ held: 1_000, outputTokensMax: 1_000, answers: [true] });
    await say(1_000);
    expect([hold.asked.length, dries()]).toEqual([0, 0]);
    await say(1_001);
    expect([hold.asked.length, dries()]).toEqual([1, 0]);
  });

  test('of money is extended by what the tokens cost', async () => {
    const { hold, say, dries } = metered({ held: 4_000, bounded: [TokenType.COST], answers: [true, false] });
    await say(3_001);
    expect(hold.asked[0]?.cost).toBe(2_000n);
    await say(5_000);
    expect([hold.asked.length, dries()]).toEqual([2, 1]);
  });

  test('that nothing bounds is never extended', async () => {
    const { hold, say, dries } = metered({ held: 10, bounded: [TokenType.INPUT] });
    await say(1_000);
    expect([hold.asked.length, dries()]).toEqual([0, 0]);
  });
});
