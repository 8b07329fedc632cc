import { type Amounts, Limits } from '@ai-switch/contracts';
import { microsOf, unitsOf } from '@ai-switch/kernel';
import { z } from 'zod';
import type {
  amounts as amountsSchema,
  LimitsPatch,
  limits as limitsSchema,
} from '../routes/quota-schemas.ts';
import { METERED_TYPES, type MeteredType } from './metered-types.ts';

/** Money as people write it, in the ledger's millionths. */
export function moneyIn(units: string, context: z.RefinementCtx): bigint {
  const micros = microsOf(units);
  if (micros !== undefined) return micros;
  const message = 'give units of the currency with at most six decimals, like "12.50"';
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}

export function patchedLimits(stored: Limits | undefined, patch: LimitsPatch): Limits {
  const limits = Limits.create(stored);
  for (const type of METERED_TYPES) {
    const wanted = patch[type];
    if (wanted !== undefined) limits[type] = wanted ?? undefined;
  }
  return limits;
}

/** Only the types that have a limit. */
export function limitsReply(limits: SomeAmounts | undefined): z.input<typeof limitsSchema> {
  return Object.fromEntries(
    METERED_TYPES.flatMap((type): [string, bigint | string][] => {
      const amount = limits?.[type];
      return amount === undefined ? [] : [[type, amountReply(type, amount)]];
    }),
  );
}

export function amountsReply(amounts: Amounts | undefined): z.input<typeof amountsSchema> {
  const { input = 0n, output = 0n, cacheRead = 0n, cacheWrite = 0n, cost = 0n } = amounts ?? {};
  return { input, output, cacheRead, cacheWrite, cost: unitsOf(cost) };
}

/** One amount of the type that a `TokenType` names. */
export function amountReply(type: MeteredType, amount: bigint): bigint | string {
  return type === 'cost' ? unitsOf(amount) : amount;
}

type SomeAmounts = { readonly [Type in MeteredType]?: bigint | undefined };
