// Small amounts and small limits, so that buckets run dry all the time.

import type { Amounts, Limits } from '@ai-switch/contracts';
import type { Random } from '../random.ts';

export function askedAmounts(random: Random): Amounts {
  const input = BigInt(random.whole(1, 40));
  const output = BigInt(random.whole(0, 60));
  const cacheRead = random.chance(0.45) ? BigInt(random.whole(1, 40)) : 0n;
  const cacheWrite = random.chance(0.45) ? BigInt(random.whole(1, 40)) : 0n;
  const cost = random.chance(0.7) ? input + 3n * output : 0n;
  return { input, output, cacheRead, cacheWrite, cost };
}

export function limitsOf(random: Random): Limits {
  const limit = () => (random.chance(0.55) ? undefined : BigInt(random.whole(0, 12) * 25));
  const cost = limit();
  return {
    input: limit(),
    output: limit(),
    cacheRead: limit(),
    cacheWrite: limit(),
    cost: cost === undefined ? undefined : cost * 3n,
  };
}

export function grantLimitsOf(random: Random): Limits {
  const limit = () => (random.chance(0.2) ? undefined : BigInt(random.whole(1, 6) * 8));
  return { input: limit(), output: limit(), cacheRead: limit(), cacheWrite: limit(), cost: limit() };
}

/** A part of what may be used, for one piece of an answer. */
export function pieceOf(random: Random, isFirst: boolean): Amounts {
  const output = BigInt(random.whole(0, 12));
  if (!isFirst) return { input: 0n, output, cacheRead: 0n, cacheWrite: 0n, cost: 3n * output };
  const input = BigInt(random.whole(0, 40));
  const cacheRead = random.chance(0.45) ? BigInt(random.whole(1, 40)) : 0n;
  const cacheWrite = random.chance(0.45) ? BigInt(random.whole(1, 40)) : 0n;
  return { input, output, cacheRead, cacheWrite, cost: input + 3n * output };
}
