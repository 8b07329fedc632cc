import type { Capabilities } from '@ai-switch/contracts';
import { z } from 'zod';
import type { Route } from './route.ts';
import { pageOf, pageQuery, reference, timeMs } from './schemas.ts';

const able = z.boolean().nullable().optional();
const limit = z.number().positive().max(1_000_000_000).nullable().optional();

export const capabilitiesPatch = z.strictObject({
  images: able,
  documents: able,
  tools: able,
  toolChoice: able,
  parallelToolCalls: able,
  outputSchema: able,
  jsonMode: able,
  reasoning: able,
  sampling: able,
  stop: able,
  systemTurns: able,
  cacheControl: able,
  webSearch: able,
  countTokens: able,
  isStreamOnly: able,
  outputTokensMax: z.number().int().positive().max(1_000_000_000).nullable().optional(),
  temperatureMax: limit,
} satisfies Record<keyof Capabilities, z.ZodType>);

export const modelCapabilitiesPatch = z.record(z.string().min(1).max(128), capabilitiesPatch.nullable());

const capabilities = z
  .object({
    images: z.boolean().optional(),
    documents: z.boolean().optional(),
    tools: z.boolean().optional(),
    toolChoice: z.boolean().optional(),
    parallelToolCalls: z.boolean().optional(),
    outputSchema: z.boolean().optional(),
    jsonMode: z.boolean().optional(),
    reasoning: z.boolean().optional(),
    sampling: z.boolean().optional(),
    stop: z.boolean().optional(),
    systemTurns: z.boolean().optional(),
    cacheControl: z.boolean().optional(),
    webSearch: z.boolean().optional(),
    countTokens: z.boolean().optional(),
    isStreamOnly: z.boolean().optional(),
    outputTokensMax: z.number().optional(),
    temperatureMax: z.number().optional(),
  } satisfies Record<keyof Capabilities, z.ZodType>)
  .meta({ id: 'Capabilities', description: 'Only what somebody set.' });

const provider = z
  .object({
    name: z.string(),
    kind: z.string(),
    dialect: z.string(),
    baseUrl: z.string(),
    hasCredential: z.boolean().describe('There is no way to read it.'),
    origin: z.string().describe('`admin`, or `environment` for one found at start.'),
    models: z.array(z.string()),
    capabilities: capabilities.optional(),
    modelCapabilities: z.record(z.string(), capabilities).optional(),
    updatedAtMs: timeMs,
  })
  .meta({ id: 'Provider' });

const resource = z
  .object({
    provider: z.string(),
    model: z.string(),
    weight: z.number().int().describe('Share of the traffic among those of one priority.'),
    priority: z.number().int().describe('Lower ones are tried first.'),
  })
  .meta({ id: 'Resource' });

const alias = z
  .object({ name: z.string(), resources: z.array(resource), updatedAtMs: timeMs })
  .meta({ id: 'Alias' });

const removed = z.object({ name: z.string() });

export const providerRoutes = {
  listProviders: {
    method: 'get',
    path: '/providers',
    tag: 'providers',
    summary: 'List the providers',
    permission: 'companyAdmin',
    query: pageQuery,
    reply: pageOf(provider),
  },
  getProvider: {
    method: 'get',
    path: '/providers/:provider',
    tag: 'providers',
    summary: 'Read a provider',
    permission: 'companyAdmin',
    reply: provider,
  },
  putProvider: {
    method: 'put',
    path: '/providers/:provider',
    tag: 'providers',
    summary: 'Make a provider or change one; what is left out is filled from its kind',
    permission: 'companyAdmin',
    body: z.strictObject({
      kind: reference.optional().describe('Default: the provider’s name, if there is a kind of that name.'),
      dialect: reference.optional(),
      baseUrl: z.string().min(1).max(2_048).optional(),
      credential: z
        .string()
        .max(8_192)
        .optional()
        .describe('Left out: what is stored stays. Empty: none is needed. It is in no reply.'),
      models: z.array(reference).max(1_000).optional().describe('Left out: what the provider lists.'),
      capabilities: capabilitiesPatch.optional(),
      modelCapabilities: modelCapabilitiesPatch.optional(),
    }),
    reply: provider.extend({
      modelsNote: z.string().optional().describe('Why the provider’s own list could not be read.'),
    }),
  },
  removeProvider: {
    method: 'delete',
    path: '/providers/:provider',
    tag: 'providers',
    summary: 'Remove a provider, its credential and the resources that use it',
    permission: 'companyAdmin',
    reply: removed,
  },
  refreshModels: {
    method: 'post',
    path: '/providers/:provider/models',
    tag: 'providers',
    summary: 'Ask a provider anew which models it serves; again, it is asked again',
    permission: 'companyAdmin',
    body: z.strictObject({}),
    reply: provider,
  },

  listAliases: {
    method: 'get',
    path: '/aliases',
    tag: 'aliases',
    summary: 'List the aliases',
    permission: 'departmentAdmin',
    query: pageQuery,
    reply: pageOf(alias),
  },
  getAlias: {
    method: 'get',
    path: '/aliases/:alias',
    tag: 'aliases',
    summary: 'Read an alias',
    permission: 'departmentAdmin',
    reply: alias,
  },
  putAlias: {
    method: 'put',
    path: '/aliases/:alias',
    tag: 'aliases',
    summary: 'Make an alias or replace its resources',
    permission: 'companyAdmin',
    body: z.strictObject({
      resources: z
        .array(
          z.strictObject({
            provider: reference,
            model: reference,
            weight: z.number().int().min(1).max(1_000).default(1),
            priority: z.number().int().min(0).max(1_000).default(0),
          }),
        )
        .min(1)
        .max(32),
    }),
    reply: alias,
  },
  removeAlias: {
    method: 'delete',
    path: '/aliases/:alias',
    tag: 'aliases',
    summary: 'Remove an alias',
    permission: 'companyAdmin',
    reply: removed,
  },
} as const satisfies Record<string, Route>;

export type ProviderRoutes = typeof providerRoutes;
