// https://platform.openai.com/docs/api-reference/responses/create

import { InvalidRequest, type WrittenRequest } from '../dialect.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { digest } from '../model/digest.ts';
import type { DialectName, OutputFormat, Part, Request, Tool } from '../model/request.ts';
import { isSealed } from '../model/seal.ts';
import { isStrictSchema } from '../model/strict-schema.ts';
import { isOpenAi, isOpenAiReasoning } from '../openai-chat/model-family.ts';
import { isOurSummary } from './compaction.ts';
import { writeInclude, writeReasoning } from './reasoning.ts';
import { writeInput } from './write-input.ts';
import { fitToolForms, writeTools } from './write-tools.ts';

export function writeRequest(asked: Request, model: string): WrittenRequest {
  if (asked.answerCount > 1) {
    throw new InvalidRequest('n', `The model "${asked.model}" gives one answer at a time: leave "n" out.`);
  }
  const dropped = new Set<string>();
  const { request, restore } = fitToolForms(asked, model, dropped);
  dropForeign(request, dropped);
  const extra = ownExtra(request, model, dropped);
  const reasoning = writeReasoning(request, model, dropped);
  const body: JsonObject = {
    // Nothing of a conversation stays with the provider unless the client itself wants it there.
    store: false,
    ...extra,
    model,
    ...writeInput(request, model, dropped),
    ...writeTools(request, dropped),
    ...writeText(request, model, dropped),
    ...(reasoning !== undefined && { reasoning }),
    ...writeInclude(request, model),
    ...(request.outputTokensMax !== undefined && {
      max_output_tokens: Math.max(OUTPUT_TOKENS_MIN, request.outputTokensMax),
    }),
    ...writeSampling(request, model, dropped),
    ...(request.serviceTier !== undefined && { service_tier: request.serviceTier }),
    ...(request.cacheKey !== undefined && { prompt_cache_key: request.cacheKey }),
    ...(request.user !== undefined && { user: userName(request.user) }),
    ...(request.isStreaming && { stream: true }),
  };
  return { body, dropped: [...dropped].sort(), ...(restore !== undefined && { restore }) };
}

export function outputMaxEdits(
  _body: JsonObject,
  _model: string,
  tokensMax: number,
): Record<string, JsonValue> {
  return { max_output_tokens: Math.max(OUTPUT_TOKENS_MIN, tokensMax) };
}

/** "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16" */
const OUTPUT_TOKENS_MIN = 16;

/**
 * Undefined when the request must be written anew: it holds what another provider hid or what was summarized here, in
 * envelopes of ours, or asks a model that is not OpenAI's for what only those know.
 */
export function passThroughEdits(
  request: Request,
  model: string,
): Readonly<Record<string, JsonValue>> | undefined {
  if (request.turns.some(({ parts }) => parts.some(isOurs))) return undefined;
  const isOpenAiWanted = request.isCompaction === true || request.tools.some(isOpenAiForm);
  return isOpenAiWanted && !isOpenAi(model) ? undefined : { model };
}

function isOurs(part: Part): boolean {
  if (part.kind === 'text') return isOurSummary(part.text);
  return part.kind === 'thinking' && part.signature !== undefined && isSealed(part.signature);
}

/** Namespaces, custom tools and searches by the client. */
function isOpenAiForm(tool: Tool): boolean {
  return (
    tool.kind === 'custom' ||
    tool.kind === 'toolSearch' ||
    (tool.kind === 'function' && tool.namespace !== undefined)
  );
}

/**
 * What rides under a dotted name is put back where it came from. Codex's `client_metadata` is for OpenAI alone, and others
 * refuse what they do not know.
 */
function ownExtra({ extra }: Request, model: string, dropped: Set<string>): JsonObject {
  const {
    'reasoning.context': _context,
    include: _include,
    client_metadata,
    ...own
  } = extra['openai-responses'] ?? {};
  if (client_metadata === undefined) return own;
  if (isOpenAi(model)) return { ...own, client_metadata };
  dropped.add('client_metadata');
  return own;
}

function dropForeign(request: Request, dropped: Set<string>): void {
  for (const dialect of Object.keys(request.extra) as DialectName[]) {
    if (dialect === 'openai-responses') continue;
    for (const name of Object.keys(request.extra[dialect] ?? {})) {
      if (!isCarried(name, request)) dropped.add(name);
    }
  }
  if (request.stop.length > 0) dropped.add('stop');
  if (request.topK !== undefined) dropped.add('top_k');
  if (request.seed !== undefined) dropped.add('seed');
  if (request.presencePenalty !== undefined) dropped.add('presence_penalty');
  if (request.frequencyPenalty !== undefined) dropped.add('frequency_penalty');
}

/** Fields that another dialect keeps for its own, although the hub has read them. */
function isCarried(name: string, { topK, reasoning }: Request): boolean {
  if (name === 'top_k') return topK !== undefined;
  return (name === 'thinking' || name === 'reasoning') && reasoning !== undefined;
}

function writeText({ output, verbosity }: Request, model: string, dropped: Set<string>): JsonObject {
  const isVerbosityTaken = verbosity !== undefined && isOpenAi(model);
  if (verbosity !== undefined && !isVerbosityTaken) dropped.add('verbosity');
  if (output === undefined && !isVerbosityTaken) return {};
  return {
    text: {
      ...(output !== undefined && { format: writeFormat(output, dropped) }),
      ...(isVerbosityTaken && { verbosity }),
    },
  };
}

function writeFormat(output: OutputFormat, dropped: Set<string>): JsonObject {
  if (output.kind !== 'schema') return { type: output.kind === 'json' ? 'json_object' : 'text' };
  const { schema, name = 'answer', isStrict = false } = output;
  const strict = isStrict && isStrictSchema(schema);
  if (strict !== isStrict) dropped.add('response_format.strict');
  return { type: 'json_schema', name, schema, strict };
}

function writeSampling({ temperature, topP }: Request, model: string, dropped: Set<string>): JsonObject {
  const sampling = {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
  };
  if (!isOpenAiReasoning(model)) return sampling;
  for (const name of Object.keys(sampling)) dropped.add(name);
  return {};
}

const USER_CHARACTERS_MAX = 64;

/** "Invalid 'user': string too long. Expected a string with maximum length 64" */
function userName(user: string): string {
  return user.length <= USER_CHARACTERS_MAX ? user : `user_${digest(user)}`;
}
