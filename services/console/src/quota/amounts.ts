import { type Amounts, Limits } from '@ai-switch/contracts';
import { microsOf, unitsOf } from '@ai-switch/kernel';
import { z } from 'zod';
import { METERED_TYPES, type MeteredType } from './metered-types.ts';

/** Null takes a limit away; what is left out of a change stays. */
export type LimitsPatch = z.infer<typeof limitsPatch>;

const tokens = z
  .number()
  .int()
  .min(0)
  .nullable()
  .transform((count) => (count === null ? null : BigInt(count)))
  .optional();

const money = z
  .string('give an amount of money as text, like "12.50"')
  .transform((units, context) => {
    const micros = microsOf(units);
    if (micros !== undefined) return micros;
    const message = 'give units of the currency with at most six decimals, like "12.50"';
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  })
  .nullable()
  .optional();

/** The fields of limits, to stand by themselves or among others. */
export const limitFields = {
  input: tokens,
  output: tokens,
  cacheRead: tokens,
  cacheWrite: tokens,
  cost: money,
};

export const limitsPatch = z.strictObject(limitFields);

export function patchedLimits(stored: Limits | undefined, patch: LimitsPatch): Limits {
  const limits = Limits.create(stored);
  for (const type of METERED_TYPES) {
    const wanted = patch[type];
    if (wanted !== undefined) limits[type] = wanted ?? undefined;
  }
  return limits;
}

/** Only the types that have a limit. */
export function limitsReply(limits: Limits | undefined): object {
  return replyOf(limits);
}

export function amountsReply(amounts: Amounts | undefined): object {
  return replyOf({
    input: amounts?.input ?? 0n,
    output: amounts?.output ?? 0n,
    cacheRead: amounts?.cacheRead ?? 0n,
    cacheWrite: amounts?.cacheWrite ?? 0n,
    cost: amounts?.cost ?? 0n,
  });
}

/** One amount of the type that a `TokenType` names. */
export function amountReply(type: MeteredType, amount: bigint): bigint | string {
  return type === 'cost' ? unitsOf(amount) : amount;
}

type SomeAmounts = { readonly [Type in MeteredType]?: bigint | undefined };

export function replyOf(amounts: SomeAmounts | undefined): object {
  const shown = METERED_TYPES.flatMap((type): [string, bigint | string][] => {
    const amount = amounts?.[type];
    return amount === undefined ? [] : [[type, amountReply(type, amount)]];
  });
  return Object.fromEntries(shown);
}
