import type { Amounts } from '@ai-switch/contracts';

export const NOTHING: Readonly<Amounts> = { input: 0n, output: 0n, cacheRead: 0n, cacheWrite: 0n, cost: 0n };

export function sum(a: Amounts, b: Amounts): Amounts {
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    cacheRead: a.cacheRead + b.cacheRead,
    cacheWrite: a.cacheWrite + b.cacheWrite,
    cost: a.cost + b.cost,
  };
}

export function larger(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
