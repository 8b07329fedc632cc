import { z } from 'zod';
import { METERED_TYPES } from '../quota/metered-types.ts';
import { time } from '../quota/times.ts';
import { DRY_RULES, EXPIRY_CHARGES, HOLD_RULES, PERIOD_KINDS } from '../quota/words.ts';
import { wordsOf } from '../words.ts';
import {
  bucket,
  fundingTier,
  limitFields,
  limitsPatch,
  note,
  period,
  personalQuota,
  receipt,
  statement,
  touched,
} from './quota-schemas.ts';
import type { Route } from './route.ts';
import { int64, pageOf, pageQuery, unitId } from './schemas.ts';

/** Each row of the list of users costs a call to the ledger. */
const USERS_MAX = 100;
const OUTPUT_TOKENS_MAX = 2 ** 31 - 1;

const fundingOrder = z
  .object({ scope: z.string(), tiers: z.array(z.string()).describe('In the order in which they pay.') })
  .meta({ id: 'FundingOrder' });

const policy = z
  .object({
    version: int64,
    timeZone: z.string(),
    fiscalYearStartsInMonth: z.number().int(),
    expiryCharge: z.enum(wordsOf(EXPIRY_CHARGES)).optional(),
    holdRule: z.enum(wordsOf(HOLD_RULES)).optional(),
    dryRule: z.enum(wordsOf(DRY_RULES)).optional(),
    outputTokensDefault: z.number().int(),
    outputTokensMax: z.number().int(),
  })
  .meta({ id: 'QuotaPolicy' });

const outputTokens = z.number().int().min(1).max(OUTPUT_TOKENS_MAX);

export const quotaRoutes = {
  listQuotas: {
    method: 'get',
    path: '/quotas',
    tag: 'quota',
    summary: 'List users with their own buckets',
    permission: 'member',
    query: pageQuery.extend({
      limit: z.coerce.number().int().min(1).max(USERS_MAX).default(USERS_MAX).describe('Rows wanted.'),
    }),
    reply: pageOf(personalQuota),
  },
  getQuota: {
    method: 'get',
    path: '/quotas/:user',
    tag: 'quota',
    summary:
      'Show every bucket that a request of a user would touch, in the order in which they pay and bound',
    permission: 'member',
    query: z.strictObject({
      project: z.string().max(64).default('').describe('As if the request were for this project.'),
      model: z.string().max(256).default('').describe('As if the request asked for this model.'),
      department: z
        .string()
        .max(256)
        .optional()
        .describe(
          'From the top down, separated by commas; left out: the user’s own. For who runs the company.',
        ),
    }),
    reply: touched,
  },
  updateQuota: {
    method: 'patch',
    path: '/quotas/:user',
    tag: 'quota',
    summary: 'Change the limits of a user’s own bucket',
    permission: 'departmentAdmin',
    body: z.strictObject({ ...limitFields, period: period.optional() }),
    reply: personalQuota,
  },

  listBuckets: {
    method: 'get',
    path: '/buckets',
    tag: 'quota',
    summary: 'List buckets, grants among them, with how they stand',
    description: 'A page may have fewer rows than asked for, or none, and still name a next one.',
    permission: 'departmentAdmin',
    query: pageQuery.extend({
      scope: z.string().min(1).max(256).optional().describe('Only what concerns this scope.'),
    }),
    reply: pageOf(bucket),
  },
  getBucket: {
    method: 'get',
    path: '/buckets/:bucket',
    tag: 'quota',
    summary: 'Read a bucket and how it stands',
    permission: 'member',
    reply: bucket,
  },
  putBucket: {
    method: 'put',
    path: '/buckets/:bucket',
    tag: 'quota',
    summary: 'Make a bucket, or replace its terms: what is left out is unlimited',
    permission: 'departmentAdmin',
    body: z.strictObject({
      limits: limitsPatch.default({}),
      period: period.default(PERIOD_KINDS.month),
      note: note.default(''),
    }),
    reply: bucket,
  },
  updateBucket: {
    method: 'patch',
    path: '/buckets/:bucket',
    tag: 'quota',
    summary: 'Change the terms of a bucket; one that is closed opens again',
    permission: 'departmentAdmin',
    body: z.strictObject({
      limits: limitsPatch.default({}),
      period: period.optional(),
      note: note.optional(),
    }),
    reply: bucket,
  },
  closeBucket: {
    method: 'delete',
    path: '/buckets/:bucket',
    tag: 'quota',
    summary: 'Close a bucket: nothing more is admitted on it',
    permission: 'departmentAdmin',
    reply: bucket,
  },

  createGrant: {
    method: 'post',
    path: '/grants',
    tag: 'quota',
    summary: 'Give quota on top, for a time; the same again under its id gives nothing more',
    permission: 'departmentAdmin',
    body: z.strictObject({
      id: unitId.optional(),
      scope: z
        .string()
        .max(256)
        .regex(/^(company|(user|project|department):.+)$/, {
          error: 'it is `user:<user>`, `project:<id>`, `department:<id>` or `company`',
        }),
      limits: limitsPatch.refine((limits) => METERED_TYPES.some((type) => limits[type] != null), {
        error: 'name an amount of at least one type: what is left out pays nothing',
      }),
      validFrom: time.optional(),
      validUntil: time.nullable().describe('Null: without an end.'),
      note: note.default(''),
    }),
    creates: true,
    takesIdempotencyKey: true,
    reply: bucket,
  },
  updateGrant: {
    method: 'patch',
    path: '/grants/:grant',
    tag: 'quota',
    summary: 'Change a grant',
    permission: 'departmentAdmin',
    body: z.strictObject({
      limits: limitsPatch.default({}),
      validFrom: time.nullable().optional(),
      validUntil: time.nullable().optional(),
      note: note.optional(),
    }),
    reply: bucket,
  },
  closeGrant: {
    method: 'delete',
    path: '/grants/:grant',
    tag: 'quota',
    summary: 'End a grant',
    permission: 'departmentAdmin',
    reply: bucket,
  },

  listFundingOrders: {
    method: 'get',
    path: '/funding-orders',
    tag: 'quota',
    summary: 'List the orders in which tiers pay',
    permission: 'companyAdmin',
    query: pageQuery,
    reply: pageOf(fundingOrder),
  },
  getFundingOrder: {
    method: 'get',
    path: '/funding-orders/:scope',
    tag: 'quota',
    summary: 'Read the order that was set at a scope',
    permission: 'departmentAdmin',
    reply: fundingOrder,
  },
  putFundingOrder: {
    method: 'put',
    path: '/funding-orders/:scope',
    tag: 'quota',
    summary: 'Set which tier pays first at a scope; what is left out does not pay',
    permission: 'departmentAdmin',
    body: z.strictObject({
      tiers: z
        .array(fundingTier)
        .min(1)
        .max(3)
        .refine((tiers) => new Set(tiers).size === tiers.length, { error: 'a tier stands there twice' }),
    }),
    reply: fundingOrder,
  },
  removeFundingOrder: {
    method: 'delete',
    path: '/funding-orders/:scope',
    tag: 'quota',
    summary: 'Take the order of a scope away',
    permission: 'departmentAdmin',
    reply: fundingOrder,
  },

  getQuotaPolicy: {
    method: 'get',
    path: '/quota-policy',
    tag: 'quota',
    summary: 'Read the company’s rules for quota',
    permission: 'departmentAdmin',
    reply: policy,
  },
  updateQuotaPolicy: {
    method: 'patch',
    path: '/quota-policy',
    tag: 'quota',
    summary: 'Change the company’s rules for quota; what is left out stays',
    permission: 'companyAdmin',
    body: z.strictObject({
      timeZone: z.string().min(1).max(64).optional(),
      fiscalYearStartsInMonth: z.number().int().min(1).max(12).optional(),
      expiryCharge: z.enum(wordsOf(EXPIRY_CHARGES)).optional(),
      holdRule: z.enum(wordsOf(HOLD_RULES)).optional(),
      dryRule: z.enum(wordsOf(DRY_RULES)).optional(),
      outputTokensDefault: outputTokens.optional(),
      outputTokensMax: outputTokens.optional(),
    }),
    reply: policy,
  },

  getStatement: {
    method: 'get',
    path: '/statements/:bucket',
    tag: 'quota',
    summary: 'List what changed a bucket in a period, oldest first',
    permission: 'member',
    query: pageQuery.extend({
      period: z
        .string()
        .min(1)
        .max(32)
        .optional()
        .describe('One that a balance names; left out: the current one.'),
    }),
    reply: statement,
  },
  getReceipt: {
    method: 'get',
    path: '/receipts/:reservationId',
    tag: 'quota',
    summary: 'Tell what became of the quota of one request',
    permission: 'member',
    reply: receipt,
  },
  reverseReservation: {
    method: 'post',
    path: '/reservations/:reservationId/reverse',
    tag: 'quota',
    summary: 'Take the charge of a settled request back, once',
    permission: 'companyAdmin',
    body: z.strictObject({ reason: z.string().trim().min(1).max(200) }),
    reply: receipt,
  },
} as const satisfies Record<string, Route>;

export type QuotaRoutes = typeof quotaRoutes;
