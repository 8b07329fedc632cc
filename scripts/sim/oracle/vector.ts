// Amounts in the oracle: five numbers in the order in which shortages are told.

import type { Amounts } from '@ai-switch/contracts';

export const TYPES = ['input', 'output', 'cacheRead', 'cacheWrite', 'cost'] as const;
export type MeteredType = (typeof TYPES)[number];
export type Vector = readonly bigint[];

export const ZERO: Vector = [0n, 0n, 0n, 0n, 0n];

export function vectorOf(amounts: Amounts | undefined): Vector {
  return amounts === undefined ? ZERO : TYPES.map((type) => amounts[type]);
}

export function amountsOf(vector: Vector): Amounts {
  const [input = 0n, output = 0n, cacheRead = 0n, cacheWrite = 0n, cost = 0n] = vector;
  return { input, output, cacheRead, cacheWrite, cost };
}

export function at(vector: Vector, index: number): bigint {
  return vector[index] ?? 0n;
}

export function plus(one: Vector, other: Vector): Vector {
  return one.map((amount, index) => amount + at(other, index));
}

export function minus(one: Vector, other: Vector): Vector {
  return one.map((amount, index) => amount - at(other, index));
}

export function most(one: Vector, other: Vector): Vector {
  return one.map((amount, index) => larger(amount, at(other, index)));
}

export function isSame(one: Vector, other: Vector): boolean {
  return one.every((amount, index) => amount === at(other, index));
}

export function isZero(vector: Vector): boolean {
  return vector.every((amount) => amount === 0n);
}

export function larger(one: bigint, other: bigint): bigint {
  return one < other ? other : one;
}

export function smaller(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}
