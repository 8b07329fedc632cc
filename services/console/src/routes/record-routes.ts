import { z } from 'zod';
import { USAGE_GROUPS, wordsOf } from '../words.ts';
import type { Route } from './route.ts';
import { int64, pageOf, pageQuery, queryTimeMs, reference, timeMs, unitId } from './schemas.ts';

const tokenCounts = z
  .object({ input: int64, output: int64, cacheRead: int64, cacheWrite: int64 })
  .meta({ id: 'TokenCounts', description: 'A token is counted in exactly one of the four.' });

const accessRecord = z
  .object({
    requestId: z.string(),
    userId: z.string(),
    keyId: z.string(),
    startedAtMs: timeMs,
    dialect: z.string().describe('Which the client spoke.'),
    alias: z.string(),
    provider: z.string().describe('Who answered; empty when nobody did.'),
    model: z.string(),
    streaming: z.boolean(),
    httpStatus: z.number().int(),
    outcome: z.string(),
    faultCode: z.string(),
    usage: tokenCounts.optional(),
    usageEstimated: z.boolean(),
    durationMs: z.number().int(),
    firstByteMs: z.number().int().optional(),
    attempts: z.number().int(),
    dropped: z.array(z.string()).describe('What the target’s dialect could not carry.'),
    clientAddress: z.string(),
    userAgent: z.string(),
    departmentPath: z.string(),
    projectId: z.string(),
  })
  .meta({ id: 'AccessRecord' });

const auditEvent = z
  .object({
    eventId: z.string(),
    actor: z.string(),
    action: z.string(),
    subject: z.string(),
    atMs: timeMs,
    details: z.record(z.string(), z.string()),
    requestId: z.string(),
    departmentPath: z.string(),
    userId: z.string(),
    clientAddress: z.string(),
  })
  .meta({ id: 'AuditEvent' });

const usageSum = z
  .object({
    key: z
      .string()
      .describe('A user id, a department path, a project id, an alias, or a day or an hour of UTC.'),
    requests: int64,
    usage: tokenCounts.optional(),
  })
  .meta({ id: 'UsageSum' });

const span = {
  fromMs: queryTimeMs.optional(),
  untilMs: queryTimeMs.optional(),
};

export const recordRoutes = {
  listAccess: {
    method: 'get',
    path: '/access-log',
    tag: 'records',
    summary: 'List requests, newest first; prompts and answers are not kept',
    permission: 'member',
    query: pageQuery.extend({
      ...span,
      user: reference.optional(),
      department: unitId.optional().describe('With all below it.'),
      project: unitId.optional(),
      key: reference.optional(),
      model: z.string().min(1).max(128).optional().describe('The alias that was asked for.'),
      outcome: z.string().min(1).max(64).optional(),
    }),
    reply: pageOf(accessRecord),
  },
  listEvents: {
    method: 'get',
    path: '/audit-events',
    tag: 'records',
    summary: 'List changes and decisions, newest first',
    permission: 'departmentAdmin',
    query: pageQuery.extend({
      ...span,
      actor: reference.optional().describe('A user: id or name.'),
      action: z.string().min(1).max(64).optional().describe('Whole, or its noun with a dot: `key.`.'),
      subject: z.string().min(1).max(300).optional(),
    }),
    reply: pageOf(auditEvent),
  },
  sumUsage: {
    method: 'get',
    path: '/usage',
    tag: 'records',
    summary: 'Add up what was used, by user, department, project, model, day or hour',
    permission: 'member',
    query: pageQuery.extend({
      by: z.enum(wordsOf(USAGE_GROUPS)),
      fromMs: queryTimeMs,
      untilMs: queryTimeMs,
    }),
    reply: pageOf(usageSum),
  },
} as const satisfies Record<string, Route>;

export type RecordRoutes = typeof recordRoutes;
