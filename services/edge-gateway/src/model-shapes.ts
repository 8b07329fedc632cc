// The three forms of a list of models.
// https://platform.openai.com/docs/api-reference/models, https://docs.claude.com/en/api/models-list,
// https://ai.google.dev/api/models

import type { IncomingMessage } from 'node:http';
import type { Model } from '@ai-switch/contracts';
import { anthropicMessages, type Dialect, gemini, InvalidRequest, openaiChat } from '@ai-switch/dialects';

export interface ModelShape {
  /** What the client's refusals are written in. */
  readonly dialect: Dialect;
  one(model: Model): object;
  /** @param models by name. @throws InvalidRequest for a page that cannot be */
  list(models: readonly Model[], query: URLSearchParams): object;
}

export function shapeFor({ headers, url = '' }: IncomingMessage): ModelShape {
  if (headers['anthropic-version'] !== undefined) return anthropicShape;
  const isGoogle = headers['x-goog-api-key'] !== undefined || headers['x-goog-api-client'] !== undefined;
  return isGoogle || url.startsWith('/v1beta/') ? geminiShape : openaiShape;
}

const openaiShape: ModelShape = {
  dialect: openaiChat,
  one: openaiModel,
  // Its clients know no pages.
  list: (models) => ({ object: 'list', data: models.map(openaiModel) }),
};

function openaiModel({ name, provider, updatedAtMs }: Model): object {
  return { id: name, object: 'model', created: Math.floor(Number(updatedAtMs) / 1_000), owned_by: provider };
}

const anthropicShape: ModelShape = {
  dialect: anthropicMessages,
  one: anthropicModel,
  list: (models, query) => {
    const limit = pageSize(query, 'limit');
    const beforeId = query.get('before_id');
    const { page, hasMore } =
      beforeId === null ? after(models, query.get('after_id'), limit) : before(models, beforeId, limit);
    return {
      data: page.map(anthropicModel),
      has_more: hasMore,
      first_id: page.at(0)?.name ?? null,
      last_id: page.at(-1)?.name ?? null,
    };
  },
};

function anthropicModel({ name, updatedAtMs }: Model): object {
  const createdAt = new Date(Number(updatedAtMs)).toISOString();
  return { type: 'model', id: name, display_name: name, created_at: createdAt };
}

const geminiShape: ModelShape = {
  dialect: gemini,
  one: geminiModel,
  list: (models, query) => {
    const token = query.get('pageToken') || query.get('page_token') || null;
    const name = token === null ? null : Buffer.from(token, 'base64url').toString();
    const limit = pageSize(query, query.has('page_size') ? 'page_size' : 'pageSize');
    const { page, hasMore } = after(models, name, limit);
    const last = page.at(-1)?.name;
    return {
      models: page.map(geminiModel),
      ...(hasMore && last !== undefined && { nextPageToken: Buffer.from(last).toString('base64url') }),
    };
  },
};

/** The gateway does not know how much a model reads, and a limit that is not true misleads: none is said. */
function geminiModel({ name, provider }: Model): object {
  const isForEmbedding = /embed/i.test(name);
  return {
    name: `models/${name}`,
    baseModelId: name,
    version: name,
    displayName: name,
    description: `Served by ${provider}.`,
    supportedGenerationMethods: isForEmbedding
      ? ['embedContent', 'batchEmbedContents']
      : ['generateContent', 'streamGenerateContent', 'countTokens'],
  };
}

/** As many as both APIs give at most; clients that name no number get them all at once. */
const PAGE_MAX = 1_000;

function pageSize(query: URLSearchParams, field: string): number {
  const text = query.get(field);
  if (text === null || text === '') return PAGE_MAX;
  const size = Number(text);
  if (Number.isSafeInteger(size) && size >= 0) return size === 0 ? PAGE_MAX : Math.min(size, PAGE_MAX);
  throw new InvalidRequest(field, `The field "${field}" must be a whole number of at least 1.`);
}

interface Page {
  readonly page: readonly Model[];
  readonly hasMore: boolean;
}

function after(models: readonly Model[], name: string | null, limit: number): Page {
  const rest = name === null ? models : models.filter((model) => model.name > name);
  return { page: rest.slice(0, limit), hasMore: rest.length > limit };
}

function before(models: readonly Model[], name: string, limit: number): Page {
  const rest = models.filter((model) => model.name < name);
  return { page: rest.slice(-limit), hasMore: rest.length > limit };
}
