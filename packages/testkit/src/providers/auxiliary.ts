// What providers answer besides generation: lists of models, counts of tokens, embeddings.

import { createHash } from 'node:crypto';
import { anthropicPromptComplaints } from './anthropic-messages-rules.ts';
import { isObject, type Json, listOf, objectOf, objectsOf, stringOf } from './json.ts';
import type { Complaints } from './problem.ts';
import type { ScriptedDialect } from './wire.ts';

export interface AuxiliaryCall {
  readonly dialect: ScriptedDialect;
  answer(): object;
  complaints(): Complaints;
}

export interface AuxiliaryRequest {
  readonly method: string;
  readonly pathname: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Json;
  /** Names of the models that the provider has. */
  readonly models: readonly string[];
}

/** Undefined for an address that generates. */
export function auxiliaryCall(request: AuxiliaryRequest): AuxiliaryCall | undefined {
  const { method, pathname, body, headers, models } = request;
  if (method === 'GET' && /\/models$/.test(pathname)) return modelList(pathname, headers, models);
  if (/\/messages\/count_tokens$/.test(pathname)) {
    return {
      dialect: 'anthropic-messages',
      answer: () => ({ input_tokens: tokensIn(body) }),
      complaints: () => anthropicPromptComplaints(body, stringOf(body.model)),
    };
  }
  if (/\/responses\/input_tokens$/.test(pathname)) {
    const answer = () => ({ object: 'response.input_tokens', input_tokens: tokensIn(body) });
    return { dialect: 'openai-responses', answer, complaints: () => none() };
  }
  if (/\/embeddings$/.test(pathname)) return openaiEmbeddings(body);
  const [, model = '', action = ''] = /\/models\/([^/]+):(\w+)$/.exec(decodeURIComponent(pathname)) ?? [];
  return geminiCall(action, model, body);
}

function* none(): Complaints {}

function modelList(
  pathname: string,
  headers: AuxiliaryRequest['headers'],
  models: readonly string[],
): AuxiliaryCall {
  const complaints = () => none();
  if (headers['anthropic-version'] !== undefined) {
    const created_at = '2026-01-01T00:00:00Z';
    const data = models.map((id) => ({ type: 'model', id, display_name: id, created_at }));
    const page = { has_more: false, first_id: models[0] ?? null, last_id: models.at(-1) ?? null };
    return { dialect: 'anthropic-messages', answer: () => ({ data, ...page }), complaints };
  }
  if (headers['x-goog-api-key'] !== undefined || pathname.includes('/v1beta/')) {
    const listed = models.map((id) => ({
      name: `models/${id}`,
      version: '001',
      displayName: id,
      inputTokenLimit: 1_048_576,
      outputTokenLimit: 65_536,
      supportedGenerationMethods: ['generateContent', 'countTokens'],
    }));
    return { dialect: 'gemini', answer: () => ({ models: listed }), complaints };
  }
  const data = models.map((id) => ({ id, object: 'model', created: 1_760_000_000, owned_by: 'scripted' }));
  return { dialect: 'openai-chat', answer: () => ({ object: 'list', data }), complaints };
}

/** A quarter of the characters: no tokenizer, but more text is more tokens. */
function tokensIn(body: unknown): number {
  return Math.ceil(JSON.stringify(body).length / 4);
}

function openaiEmbeddings(body: Json): AuxiliaryCall {
  const { input, dimensions } = body;
  const isOne = typeof input === 'string' || typeof listOf(input)[0] === 'number';
  const texts = (isOne ? [input] : listOf(input)).map((text) =>
    Array.isArray(text) ? text.join(' ') : text,
  );
  return {
    dialect: 'openai-chat',
    answer: () => {
      const data = texts.map((text, index) => {
        const vector = scriptedVector(stringOf(text), Number(dimensions ?? DIMENSIONS));
        const embedding = body.encoding_format === 'base64' ? base64Of(vector) : vector;
        return { object: 'embedding', index, embedding };
      });
      const tokens = tokensIn(texts);
      const usage = { prompt_tokens: tokens, total_tokens: tokens };
      return { object: 'list', data, model: body.model, usage };
    },
    complaints: function* () {
      if (texts.length === 0 || texts.some((text) => typeof text !== 'string' || text === '')) {
        yield { message: "Invalid 'input': input cannot be an empty string.", param: 'input' };
      }
    },
  };
}

function geminiCall(action: string, model: string, body: Json): AuxiliaryCall | undefined {
  switch (action) {
    case 'countTokens':
      return {
        dialect: 'gemini',
        answer: () => ({ totalTokens: tokensIn(body) }),
        complaints: function* () {
          if (isObject(body.generateContentRequest) === Array.isArray(body.contents)) {
            yield { message: 'Exactly one of contents and generate_content_request must be set.' };
          }
        },
      };
    case 'embedContent':
      return {
        dialect: 'gemini',
        answer: () => ({ embedding: embeddingOf(body) }),
        complaints: () => embedRules(body),
      };
    case 'batchEmbedContents':
      return {
        dialect: 'gemini',
        answer: () => ({ embeddings: objectsOf(body.requests).map(embeddingOf) }),
        complaints: function* () {
          const requests = objectsOf(body.requests);
          if (requests.length > 100) {
            yield {
              message: '* BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch\n',
            };
          }
          for (const [at, request] of requests.entries()) {
            if (request.model !== `models/${model}`) {
              yield {
                message: `* BatchEmbedContentsRequest.requests[${at}].model: unexpected model name format\n`,
              };
            }
            yield* embedRules(request);
          }
        },
      };
    default:
      return undefined;
  }
}

function embeddingOf(request: Json): object {
  const texts = objectsOf(objectOf(request.content).parts).map(({ text }) => stringOf(text));
  return { values: scriptedVector(texts.join('\n'), Number(request.outputDimensionality ?? DIMENSIONS)) };
}

function* embedRules(request: Json): Complaints {
  if (objectsOf(objectOf(request.content).parts).length === 0) {
    yield { message: '* EmbedContentRequest.content: contents is not specified\n' };
  }
}

const DIMENSIONS = 8;

/** The same for the same text, whoever asks; each number is one that 32 bits hold exactly. */
export function scriptedVector(text: string, dimensions = DIMENSIONS): readonly number[] {
  const bytes: number[] = [];
  for (let block = 0; bytes.length < dimensions; block += 1) {
    bytes.push(...createHash('sha256').update(`${block}:${text}`).digest());
  }
  return bytes.slice(0, dimensions).map((byte) => (byte - 128) / 128);
}

function base64Of(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [at, value] of vector.entries()) bytes.writeFloatLE(value, at * 4);
  return bytes.toString('base64');
}
