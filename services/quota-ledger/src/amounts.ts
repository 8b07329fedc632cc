// Sums of amounts, spelled out type by type: this runs several times for every operation.

import type { Amounts } from './model.ts';

export function add(a: Amounts, b: Amounts): Amounts {
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    cacheRead: a.cacheRead + b.cacheRead,
    cacheWrite: a.cacheWrite + b.cacheWrite,
    cost: a.cost + b.cost,
  };
}

export function subtract(a: Amounts, b: Amounts): Amounts {
  return {
    input: a.input - b.input,
    output: a.output - b.output,
    cacheRead: a.cacheRead - b.cacheRead,
    cacheWrite: a.cacheWrite - b.cacheWrite,
    cost: a.cost - b.cost,
  };
}

export function negate(a: Amounts): Amounts {
  return {
    input: -a.input,
    output: -a.output,
    cacheRead: -a.cacheRead,
    cacheWrite: -a.cacheWrite,
    cost: -a.cost,
  };
}

/** The larger of each type. */
export function larger(a: Amounts, b: Amounts): Amounts {
  return {
    input: largest(a.input, b.input),
    output: largest(a.output, b.output),
    cacheRead: largest(a.cacheRead, b.cacheRead),
    cacheWrite: largest(a.cacheWrite, b.cacheWrite),
    cost: largest(a.cost, b.cost),
  };
}

export function largest(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}

export function areEqual(a: Amounts, b: Amounts): boolean {
  return (
    a.input === b.input &&
    a.output === b.output &&
    a.cacheRead === b.cacheRead &&
    a.cacheWrite === b.cacheWrite &&
    a.cost === b.cost
  );
}

export function isNothing(a: Amounts): boolean {
  return a.input === 0n && a.output === 0n && a.cacheRead === 0n && a.cacheWrite === 0n && a.cost === 0n;
}
