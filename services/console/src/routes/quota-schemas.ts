// Limits, amounts, buckets and receipts as clients write and read them. Amounts of tokens are numbers, amounts of money text.

import { z } from 'zod';
import { moneyIn } from '../quota/amounts.ts';
import { FUNDING_TIERS, PERIOD_KINDS, STATES, TIERS, TOKEN_TYPES } from '../quota/words.ts';
import { wordsOf } from '../words.ts';
import { int64, pageOf } from './schemas.ts';

const tokens = z
  .number()
  .int()
  .min(0)
  .nullable()
  .transform((count) => (count === null ? null : BigInt(count)))
  .optional();

const money = z
  .string('give an amount of money as text, like "12.50"')
  .transform((units, context) => moneyIn(units, context))
  .nullable()
  .optional();

/** The fields of limits, to stand by themselves or among others. Null takes a limit away. */
export const limitFields = {
  input: tokens,
  output: tokens,
  cacheRead: tokens,
  cacheWrite: tokens,
  cost: money,
};

export const limitsPatch = z.strictObject(limitFields);

/** Null takes a limit away; what is left out of a change stays. */
export type LimitsPatch = z.output<typeof limitsPatch>;

export const note = z.string().max(200);

export const period = z.enum(['day', 'week', 'month', 'quarter']).transform((word) => PERIOD_KINDS[word]);

const cost = z.string().describe('In units of the currency.');

export const amounts = z
  .object({ input: int64, output: int64, cacheRead: int64, cacheWrite: int64, cost })
  .meta({ id: 'Amounts' });

/** Only the types that have one. */
export const limits = z
  .object({
    input: int64.optional(),
    output: int64.optional(),
    cacheRead: int64.optional(),
    cacheWrite: int64.optional(),
    cost: cost.optional(),
  })
  .meta({ id: 'Limits', description: 'By metered type; one that is left out has none.' });

const isoTime = z.string().describe('ISO 8601, in UTC.');

const balance = z
  .object({
    period: z.string(),
    endsAt: isoTime.optional(),
    used: amounts,
    held: amounts,
    overrun: amounts.describe(
      'The part of `used` that went past a limit, for the tokens were already spent.',
    ),
    remaining: limits,
  })
  .meta({ id: 'Balance' });

export const bucket = z
  .object({
    bucket: z.string(),
    tier: z.enum(wordsOf(TIERS)).optional(),
    scope: z.string(),
    limits,
    period: z.enum(wordsOf(PERIOD_KINDS)).optional(),
    validFrom: isoTime.optional(),
    validUntil: isoTime.optional(),
    closedAt: isoTime.optional(),
    note: z.string(),
    createdAt: isoTime.optional(),
    updatedAt: isoTime.optional(),
    balance: balance.optional(),
  })
  .meta({ id: 'Bucket' });

/** A user with how his own bucket stands. */
export const personalQuota = bucket
  .extend({ userId: z.string(), name: z.string() })
  .meta({ id: 'PersonalQuota' });

const subject = {
  userId: z.string(),
  projectId: z.string(),
  departmentIds: z.array(z.string()),
  model: z.string(),
};

export const touched = z
  .object({ ...subject, name: z.string(), buckets: z.array(bucket) })
  .meta({ id: 'TouchedBuckets' });

export const entry = z
  .object({
    at: isoTime,
    operation: z.string(),
    extension: z.number().int().optional(),
    reservationId: z.string(),
    bucket: z.string(),
    period: z.string(),
    held: amounts,
    used: amounts,
    overrun: amounts,
  })
  .meta({ id: 'Entry', description: 'What one operation changed in one bucket.' });

export const statement = pageOf(entry).extend({ bucket: z.string(), period: z.string() });

export const fundingTier = z.enum(wordsOf(FUNDING_TIERS));

const line = z.object({
  bucket: z.string(),
  tier: z.enum(wordsOf(TIERS)).optional(),
  period: z.string(),
  held: amounts,
  used: amounts,
  overrun: amounts,
});

const blocked = z
  .object({
    bucket: z.string(),
    tokenType: z.enum(wordsOf(TOKEN_TYPES)),
    remaining: z.union([int64, cost]),
    resetsAt: isoTime.optional(),
  })
  .meta({ id: 'Blocked' });

export const receipt = z
  .object({
    reservationId: z.string(),
    state: z.enum(wordsOf(STATES)).optional(),
    userId: z.string().optional(),
    userName: z.string().optional().describe('Absent for one who is gone.'),
    projectId: z.string().optional(),
    departmentIds: z.array(z.string()).optional(),
    model: z.string().optional(),
    createdAt: isoTime,
    expiresAt: isoTime,
    resolvedAt: isoTime.optional(),
    outcome: z.string(),
    isEstimated: z.boolean(),
    priceVersion: z.string(),
    policyVersion: int64,
    extensions: z.number().int(),
    held: amounts,
    charged: amounts,
    refunded: amounts.optional(),
    checkpoint: amounts.optional(),
    blocked: blocked.optional(),
    reversed: amounts.optional(),
    reversalReason: z.string().optional(),
    lines: z.array(line),
    entries: z.array(entry),
  })
  .meta({ id: 'Receipt' });
