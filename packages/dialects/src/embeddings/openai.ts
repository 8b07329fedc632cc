// https://platform.openai.com/docs/api-reference/embeddings

import { InvalidReply, InvalidRequest } from '../dialect.ts';
import * as fields from '../json/fields.ts';
import { listOf, numberOf, objectOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { tokenCount } from '../model/usage.ts';
import {
  EMBEDDING_INPUTS_MAX,
  type EmbeddingDialect,
  type EmbeddingInput,
  type EmbeddingReply,
  type EmbeddingRequest,
  type VectorEncoding,
  type WrittenEmbeddings,
} from './embedding.ts';
import { encodeVector, readVector } from './vectors.ts';

export const openaiEmbeddings: EmbeddingDialect = {
  name: 'openai-chat',
  path: () => '/embeddings',
  readRequest,
  writeRequest,
  passThroughEdits: (model) => ({ model }),
  readReply,
  writeReply,
};

function readRequest(body: JsonObject): EmbeddingRequest {
  const optional = {
    dimensions: fields.optionalPositiveInteger(body.dimensions, 'dimensions'),
    user: fields.optionalString(body.user, 'user'),
  };
  return {
    model: fields.requiredString(body.model, 'model'),
    inputs: readInputs(body.input),
    encoding: readEncoding(body.encoding_format),
    isSingle: false,
    ...fields.present(optional),
  };
}

/** The SDK asks for base64 unless told otherwise; the API itself gives numbers. */
function readEncoding(value: JsonValue | undefined): VectorEncoding {
  if (value === undefined || value === null || value === 'float') return 'float';
  if (value === 'base64') return value;
  throw new InvalidRequest('encoding_format', 'The field "encoding_format" must be "float" or "base64".');
}

/** A text, a list of texts, one text as tokens, or a list of those. */
function readInputs(value: JsonValue | undefined): readonly EmbeddingInput[] {
  if (!Array.isArray(value)) return [readInput(value, 'input')];
  if (typeof value[0] === 'number') return [readInput(value, 'input')];
  if (value.length === 0 || value.length > EMBEDDING_INPUTS_MAX) {
    throw new InvalidRequest('input', `The field "input" must hold from 1 to ${EMBEDDING_INPUTS_MAX} texts.`);
  }
  return value.map((item, at) => readInput(item, `input.${at}`));
}

function readInput(value: JsonValue | undefined, field: string): EmbeddingInput {
  if (typeof value === 'string' && value !== '') return { kind: 'text', text: value };
  if (Array.isArray(value) && value.length > 0 && value.every(isToken)) {
    return { kind: 'tokens', tokens: value as readonly number[] };
  }
  throw new InvalidRequest(
    field,
    `The field "${field}" must be a text that is not empty, or a list of tokens.`,
  );
}

function isToken(value: JsonValue): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function writeRequest(request: EmbeddingRequest, model: string): WrittenEmbeddings {
  const dropped = new Set<string>();
  if (request.task !== undefined) dropped.add('taskType');
  const input = request.inputs.map((given, at): JsonValue => {
    if (given.kind === 'tokens') return given.tokens;
    if (given.kind === 'text') {
      if (given.title !== undefined) dropped.add('title');
      return given.text;
    }
    throw new InvalidRequest(
      `requests.${at}.content`,
      'The provider of this model embeds text only; send parts that are text.',
    );
  });
  const body = {
    model,
    input,
    encoding_format: request.encoding,
    ...fields.present({ dimensions: request.dimensions, user: request.user }),
  };
  return { bodies: [body], dropped: [...dropped].sort() };
}

function readReply(value: JsonValue): EmbeddingReply {
  const body = objectOf(value);
  const rows = listOf(body?.data).map(objectOf);
  if (body === undefined || rows.length === 0) throw new InvalidReply('no list of embeddings');
  // Providers list them in order, but only the index says so.
  const ordered = rows
    .map((row, at) => ({ place: numberOf(row?.index) ?? at, embedding: row?.embedding }))
    .sort((left, right) => left.place - right.place);
  const usage = objectOf(body.usage);
  const inputTokens = tokenCount(usage?.prompt_tokens) ?? tokenCount(usage?.total_tokens);
  return {
    vectors: ordered.map(({ embedding }) => readVector(embedding)),
    encoding: encodingOf(ordered.map(({ embedding }) => embedding)),
    ...(inputTokens !== undefined && { inputTokens }),
  };
}

function encodingOf(embeddings: readonly (JsonValue | undefined)[]): EmbeddingReply['encoding'] {
  const texts = embeddings.filter((embedding) => typeof embedding === 'string').length;
  if (texts === 0) return 'float';
  return texts === embeddings.length ? 'base64' : 'mixed';
}

function writeReply(reply: EmbeddingReply, request: EmbeddingRequest, inputTokens: number): JsonObject {
  const written = (vector: Float32Array): JsonValue =>
    request.encoding === 'base64' ? encodeVector(vector) : [...vector];
  return {
    object: 'list',
    data: reply.vectors.map((vector, index) => ({ object: 'embedding', index, embedding: written(vector) })),
    model: request.model,
    usage: { prompt_tokens: inputTokens, total_tokens: inputTokens },
  };
}
