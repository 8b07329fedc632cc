import { numberOf } from '../json/narrow.ts';
import type { JsonValue } from '../json/value.ts';

/**
 * Tokens in four exclusive types: each token is in exactly one of the first four fields, so their sum is the provider's
 * total. The labelled parts below are already inside them.
 */
export interface Usage {
  /** Prompt tokens not served from the provider's cache. */
  readonly input: number;
  /** Generated tokens, reasoning included. */
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  /** The part of `output` that was reasoning. */
  readonly reasoning?: number;
  /** The part of `cacheWrite` that is kept for an hour. */
  readonly cacheWriteOneHour?: number;
}

export const noUsage: Usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

/** No answer has as many; sums of such counts would no longer be whole numbers. */
const TOKENS_MAX = 1_000_000_000_000;

/** A count that a provider sent, as a whole number that is not below 0; undefined for what cannot be one. */
export function tokenCount(value: JsonValue | undefined): number | undefined {
  const number = numberOf(value);
  return number === undefined || number > TOKENS_MAX ? undefined : Math.max(0, Math.trunc(number));
}
