// https://ai.google.dev/api/embeddings
// Targets are always asked with batchEmbedContents: it takes one text as well as many.

import { InvalidReply, InvalidRequest } from '../dialect.ts';
import { methodPath, resourceName } from '../gemini/method-path.ts';
import * as fields from '../json/fields.ts';
import { listOf, objectOf, stringOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { tokenCount } from '../model/usage.ts';
import {
  EMBEDDING_INPUTS_MAX,
  type EmbeddingAddress,
  type EmbeddingDialect,
  type EmbeddingInput,
  type EmbeddingReply,
  type EmbeddingRequest,
  type WrittenEmbeddings,
} from './embedding.ts';
import { readVector } from './vectors.ts';

export const geminiEmbeddings: EmbeddingDialect = {
  name: 'gemini',
  path: (model) => methodPath(model, 'batchEmbedContents'),
  readRequest,
  writeRequest,
  passThroughEdits: () => undefined,
  readReply,
  writeReply,
};

/** "at most 100 requests can be in one batch" (seen November 2026). */
const BATCH_MAX = 100;

function readRequest(body: JsonObject, { model, isSingle }: EmbeddingAddress): EmbeddingRequest {
  const entries = isSingle ? [body] : readEntries(body.requests);
  const inputs = entries.map((entry, at) => readInput(entry, isSingle ? '' : `requests.${at}.`));
  const [first] = entries;
  const optional = {
    dimensions: fields.optionalPositiveInteger(
      setting(first, 'outputDimensionality', 'output_dimensionality'),
      'outputDimensionality',
    ),
    task: fields.optionalString(setting(first, 'taskType', 'task_type'), 'taskType'),
  };
  return { model, inputs, encoding: 'float', isSingle, ...fields.present(optional) };
}

function readEntries(value: JsonValue | undefined): readonly JsonObject[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > EMBEDDING_INPUTS_MAX) {
    throw new InvalidRequest(
      'requests',
      `The field "requests" must be a list of 1 to ${EMBEDDING_INPUTS_MAX} requests.`,
    );
  }
  return value.map((entry, at) => fields.requiredObject(entry, `requests.${at}`));
}

/** Newer clients group the settings, and Google takes both spellings of every name. */
function setting(entry: JsonObject | undefined, name: string, snakeName: string): JsonValue | undefined {
  const group = objectOf(entry?.embedContentConfig) ?? objectOf(entry?.embed_content_config);
  return entry?.[name] ?? entry?.[snakeName] ?? group?.[name] ?? group?.[snakeName];
}

function readInput(entry: JsonObject, prefix: string): EmbeddingInput {
  const field = `${prefix}content`;
  const content = fields.requiredObject(entry.content, field);
  const parts = listOf(content.parts).map(objectOf);
  if (parts.length === 0) {
    throw new InvalidRequest(`${field}.parts`, `The field "${field}.parts" must hold at least one part.`);
  }
  const source = { dialect: 'gemini', value: entry } as const;
  const texts = parts.map((part) => stringOf(part?.text));
  if (texts.some((text) => text === undefined)) return { kind: 'foreign', source };
  const title = fields.optionalString(setting(entry, 'title', 'title'), `${prefix}title`);
  return { kind: 'text', text: texts.join('\n'), source, ...fields.present({ title }) };
}

function writeRequest(request: EmbeddingRequest, model: string): WrittenEmbeddings {
  const name = resourceName(model);
  const common = fields.present({
    taskType: request.task,
    outputDimensionality: request.dimensions,
  });
  const entries = request.inputs.map((input, at): JsonObject => {
    if (input.kind === 'tokens') {
      throw new InvalidRequest(
        `input.${at}`,
        'The provider of this model takes text only and not lists of tokens. Send the texts themselves (in LangChain: ' +
          'check_embedding_ctx_length=False).',
      );
    }
    if (input.source?.dialect === 'gemini') return { ...input.source.value, model: name };
    if (input.kind === 'foreign') {
      throw new InvalidRequest(`input.${at}`, 'The provider of this model cannot embed this input.');
    }
    return { model: name, content: { parts: [{ text: input.text }] }, ...common };
  });
  const bodies: JsonObject[] = [];
  for (let start = 0; start < entries.length; start += BATCH_MAX) {
    bodies.push({ requests: entries.slice(start, start + BATCH_MAX) });
  }
  return { bodies, dropped: request.user === undefined ? [] : ['user'] };
}

function readReply(value: JsonValue): EmbeddingReply {
  const body = objectOf(value);
  const rows = listOf(body?.embeddings).map(objectOf);
  if (rows.length === 0) throw new InvalidReply('no list of embeddings');
  const inputTokens = tokenCount(objectOf(body?.usageMetadata)?.promptTokenCount);
  return {
    vectors: rows.map((row) => readVector(row?.values)),
    encoding: 'float',
    ...(inputTokens !== undefined && { inputTokens }),
  };
}

function writeReply(reply: EmbeddingReply, request: EmbeddingRequest, inputTokens: number): JsonObject {
  const embeddings = reply.vectors.map((vector) => ({ values: [...vector] }));
  const usageMetadata = { promptTokenCount: inputTokens, totalTokenCount: inputTokens };
  const [single] = embeddings;
  return request.isSingle && single !== undefined
    ? { embedding: single, usageMetadata }
    : { embeddings, usageMetadata };
}
