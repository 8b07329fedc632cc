import { z } from 'zod';
import { METERED_TYPES } from '../quota/metered-types.ts';
import { time } from '../quota/times.ts';
import { QUOTA_REQUEST_STATES, wordsOf } from '../words.ts';
import { limits, limitsPatch } from './quota-schemas.ts';
import type { Route } from './route.ts';
import { pageOf, pageQuery, timeMs, unitId } from './schemas.ts';

const TEXT_CHARACTERS_MAX = 500;

const state = z.enum(wordsOf(QUOTA_REQUEST_STATES));

const quotaRequest = z
  .object({
    quotaRequestId: z.string(),
    userId: z.string(),
    userName: z.string(),
    departmentPath: z.string().describe('Where he was when he asked.'),
    amounts: limits,
    until: z.string().describe('When the grant is to end: ISO 8601, in UTC.'),
    reason: z.string(),
    state,
    createdAtMs: timeMs,
    decidedAtMs: timeMs.optional(),
    decidedBy: z.string(),
    answer: z.string(),
    grant: z.string().optional().describe('The bucket that was made.'),
  })
  .meta({ id: 'QuotaRequest' });

const decision = z.strictObject({ answer: z.string().trim().max(TEXT_CHARACTERS_MAX).default('') });

export const quotaRequestRoutes = {
  listQuotaRequests: {
    method: 'get',
    path: '/quota-requests',
    tag: 'quota requests',
    summary: 'List one’s own requests, and those of the users that one runs',
    permission: 'member',
    query: pageQuery.extend({ state: state.optional() }),
    reply: pageOf(quotaRequest),
  },
  createQuotaRequest: {
    method: 'post',
    path: '/quota-requests',
    tag: 'quota requests',
    summary: 'Ask for quota for oneself, for a time',
    permission: 'member',
    body: z.strictObject({
      id: unitId.optional().describe('Chosen by the caller, who may send the same again.'),
      amounts: limitsPatch.refine((amounts) => METERED_TYPES.some((type) => amounts[type] != null), {
        error: 'name an amount of at least one type',
      }),
      until: time,
      reason: z.string().trim().max(TEXT_CHARACTERS_MAX).default(''),
    }),
    creates: true,
    takesIdempotencyKey: true,
    reply: quotaRequest,
  },
  getQuotaRequest: {
    method: 'get',
    path: '/quota-requests/:quotaRequest',
    tag: 'quota requests',
    summary: 'Read a request',
    permission: 'member',
    reply: quotaRequest,
  },
  approveQuotaRequest: {
    method: 'post',
    path: '/quota-requests/:quotaRequest/approve',
    tag: 'quota requests',
    summary: 'Approve a request and grant what it asks for, once',
    description: 'For who runs the department of the user and has as much to give, or runs the company.',
    permission: 'departmentAdmin',
    body: decision,
    reply: quotaRequest,
  },
  refuseQuotaRequest: {
    method: 'post',
    path: '/quota-requests/:quotaRequest/refuse',
    tag: 'quota requests',
    summary: 'Refuse a request',
    permission: 'departmentAdmin',
    body: decision,
    reply: quotaRequest,
  },
  withdrawQuotaRequest: {
    method: 'post',
    path: '/quota-requests/:quotaRequest/withdraw',
    tag: 'quota requests',
    summary: 'Withdraw one’s own request',
    permission: 'member',
    body: z.strictObject({}),
    reply: quotaRequest,
  },
} as const satisfies Record<string, Route>;

export type QuotaRequestRoutes = typeof quotaRequestRoutes;
