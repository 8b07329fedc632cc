import { z } from 'zod';
import { RULE_ACTIONS, RULE_MODES, SURFACES, wordsOf } from '../words.ts';
import type { Route } from './route.ts';
import {
  int64,
  networks,
  pageOf,
  pageQuery,
  queryTimeMs,
  reference,
  revision,
  timeMs,
  unitId,
} from './schemas.ts';

const RULES_MAX = 500;
const PATTERN_CHARACTERS_MAX = 512;
const MESSAGE_CHARACTERS_MAX = 500;
/** Of what a tester looks at. */
const TEXT_CHARACTERS_MAX = 200_000;

const bound = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0).describe('0: no bound.');
const rateLimitGiven = z.strictObject({
  requestsPerMinute: bound,
  tokensPerMinute: bound,
  concurrentRequests: bound,
});
const rateLimit = z
  .object({ requestsPerMinute: int64, tokensPerMinute: int64, concurrentRequests: int64 })
  .meta({ id: 'RateLimit', description: '0 is no bound.' });

const accessPolicy = z
  .object({
    scope: z.string(),
    models: z.array(z.string()).optional(),
    networks: z.array(z.string()).optional(),
    rateLimit: rateLimit.optional().describe('Of everything in the scope together.'),
    userRateLimit: rateLimit.optional().describe('Of each user, unless a nearer policy says otherwise.'),
    isCachingAllowed: z.boolean().optional(),
    ruleSets: z.array(z.string()).optional(),
    revision: revision.describe('0: none was set.'),
    updatedAtMs: timeMs,
  })
  .meta({ id: 'AccessPolicy', description: 'What is absent is not set here.' });

const policyTerms = z.strictObject({
  models: z
    .array(reference)
    .max(1_000)
    .optional()
    .describe('Aliases, with `*` for any characters. None of them: none.'),
  networks: networks.optional(),
  rateLimit: rateLimitGiven.optional(),
  userRateLimit: rateLimitGiven.optional(),
  isCachingAllowed: z.boolean().optional(),
  ruleSets: z.array(unitId).max(100).optional(),
});

const policyValue = z
  .object({
    field: z.string(),
    value: z.unknown().describe('What holds.'),
    sources: z
      .array(z.object({ scope: z.string(), value: z.unknown() }))
      .describe('Everything that had a part in it, nearest last; none: the default holds.'),
  })
  .meta({ id: 'PolicyValue' });

const rule = z
  .object({
    ruleId: z.string(),
    mode: z.enum(wordsOf(RULE_MODES)),
    pattern: z.string(),
    action: z.enum(wordsOf(RULE_ACTIONS)),
    surfaces: z.array(z.enum(wordsOf(SURFACES))).describe('None: every one.'),
    isCaseSensitive: z.boolean(),
    message: z.string().describe('What the client is told when it blocks.'),
  })
  .meta({ id: 'Rule' });

const ruleGiven = z.strictObject({
  ruleId: unitId.describe('Unique in its set.'),
  mode: z.enum(wordsOf(RULE_MODES)),
  pattern: z.string().min(1).max(PATTERN_CHARACTERS_MAX),
  action: z.enum(wordsOf(RULE_ACTIONS)),
  surfaces: z
    .array(z.enum(wordsOf(SURFACES)))
    .max(3)
    .default([]),
  isCaseSensitive: z.boolean().default(false),
  message: z.string().max(MESSAGE_CHARACTERS_MAX).default(''),
});

const ruleSetHead = {
  ruleSetId: z.string(),
  name: z.string(),
  departmentPath: z.string().describe('Whose it is; `/` for the company’s.'),
  revision,
  updatedAtMs: timeMs,
};
const ruleSet = z.object({ ...ruleSetHead, rules: z.array(rule) }).meta({ id: 'RuleSet' });

const ruleSetGiven = {
  name: z.string().min(1).max(128),
  departmentId: unitId
    .optional()
    .describe('Whose it is; left out: the company’s. It is not changed afterwards.'),
  rules: z.array(ruleGiven).max(RULES_MAX),
};

const hit = z
  .object({
    ruleSetId: z.string(),
    ruleId: z.string(),
    action: z.enum(wordsOf(RULE_ACTIONS)),
    mode: z.enum(wordsOf(RULE_MODES)),
    message: z.string(),
    start: z.number().int().describe('Where in the text, in UTF-16 units.'),
    end: z.number().int(),
    text: z.string().describe('What was met.'),
  })
  .meta({ id: 'RuleHit' });

const hitCount = z
  .object({
    ruleSetId: z.string(),
    ruleId: z.string(),
    action: z.string(),
    hits: z.number().int(),
    lastAtMs: timeMs,
  })
  .meta({ id: 'RuleHitCount' });

export const policyRoutes = {
  listAccessPolicies: {
    method: 'get',
    path: '/access-policies',
    tag: 'policies',
    summary: 'List the policies that were set, by scope',
    permission: 'member',
    query: pageQuery,
    reply: pageOf(accessPolicy),
  },
  getAccessPolicy: {
    method: 'get',
    path: '/access-policies/:scope',
    tag: 'policies',
    summary: 'Read what is set at one scope',
    permission: 'member',
    reply: accessPolicy,
    hasRevision: true,
  },
  putAccessPolicy: {
    method: 'put',
    path: '/access-policies/:scope',
    tag: 'policies',
    summary: 'Set what holds at a scope, whole; nearer scopes only narrow what those above allow',
    permission: 'departmentAdmin',
    body: policyTerms,
    reply: accessPolicy,
    hasRevision: true,
  },
  getEffectivePolicy: {
    method: 'get',
    path: '/users/:user/effective-policy',
    tag: 'policies',
    summary: 'Tell what holds for a user, a key of his and a project, and where each value came from',
    permission: 'member',
    query: z.strictObject({ key: reference.optional(), project: unitId.optional() }),
    reply: z.object({
      userId: z.string(),
      keyId: z.string(),
      projectId: z.string(),
      values: z.array(policyValue),
    }),
  },

  listRuleSets: {
    method: 'get',
    path: '/rule-sets',
    tag: 'rule sets',
    summary: 'List rule sets, without their rules',
    permission: 'departmentAdmin',
    query: pageQuery,
    reply: pageOf(z.object(ruleSetHead)),
  },
  createRuleSet: {
    method: 'post',
    path: '/rule-sets',
    tag: 'rule sets',
    summary: 'Make a rule set with an id of its own',
    permission: 'departmentAdmin',
    body: z.strictObject(ruleSetGiven),
    creates: true,
    takesIdempotencyKey: true,
    reply: ruleSet,
    hasRevision: true,
  },
  getRuleSet: {
    method: 'get',
    path: '/rule-sets/:ruleSet',
    tag: 'rule sets',
    summary: 'Read a rule set with its rules',
    permission: 'departmentAdmin',
    reply: ruleSet,
    hasRevision: true,
  },
  putRuleSet: {
    method: 'put',
    path: '/rule-sets/:ruleSet',
    tag: 'rule sets',
    summary: 'Make a rule set of this id, or replace its name and rules',
    permission: 'departmentAdmin',
    body: z.strictObject(ruleSetGiven),
    reply: ruleSet,
    hasRevision: true,
  },
  removeRuleSet: {
    method: 'delete',
    path: '/rule-sets/:ruleSet',
    tag: 'rule sets',
    summary: 'Remove a rule set that no policy names',
    permission: 'departmentAdmin',
    reply: z.object({ ruleSetId: z.string() }),
  },
  testRules: {
    method: 'post',
    path: '/rule-sets/test',
    tag: 'rule sets',
    summary: 'Tell which rules a text would meet, and where',
    permission: 'departmentAdmin',
    isRead: true,
    body: z.strictObject({
      text: z.string().max(TEXT_CHARACTERS_MAX),
      surface: z.enum(wordsOf(SURFACES)).default('prompt'),
      ruleSets: z.array(reference).max(20).default([]).describe('Stored ones, by id.'),
      rules: z.array(ruleGiven).max(RULES_MAX).default([]).describe('Besides: some that are not stored.'),
    }),
    reply: z.object({
      hits: z.array(hit),
      canonical: z.string().describe('What the text looks like to the rules, besides as it is.'),
    }),
  },
  countRuleHits: {
    method: 'get',
    path: '/rule-hits',
    tag: 'rule sets',
    summary: 'Count what rules met, most first',
    permission: 'departmentAdmin',
    query: z.strictObject({
      ruleSet: reference.optional(),
      fromMs: queryTimeMs.optional(),
      untilMs: queryTimeMs.optional(),
    }),
    reply: z.object({
      items: z.array(hitCount),
      isComplete: z.boolean().describe('False when there were more than are counted at once.'),
    }),
  },
} as const satisfies Record<string, Route>;

export type PolicyRoutes = typeof policyRoutes;
