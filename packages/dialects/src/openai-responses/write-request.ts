// https://platform.openai.com/docs/api-reference/responses/create

import { InvalidRequest, type WrittenRequest } from '../dialect.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { digest } from '../model/digest.ts';
import type { DialectName, OutputFormat, Request } from '../model/request.ts';
import { isSealed } from '../model/seal.ts';
import { isOpenAi, isOpenAiReasoning, isReasoningRefused } from '../openai-chat/model-family.ts';
import { writeInput } from './write-input.ts';
import { fitToolForms, writeTools } from './write-tools.ts';

export function writeRequest(asked: Request, model: string): WrittenRequest {
  if (asked.answerCount > 1) {
    throw new InvalidRequest('n', `The model "${asked.model}" gives one answer at a time: leave "n" out.`);
  }
  const dropped = new Set<string>();
  const { request, restore } = fitToolForms(asked, dropped);
  dropForeign(request, dropped);
  const extra = ownExtra(request);
  const reasoning = writeReasoning(request, model, dropped);
  const body: JsonObject = {
    // Nothing of a conversation stays with the provider unless the client itself wants it there.
    store: false,
    ...extra,
    model,
    ...writeInput(request, dropped),
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

/** "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16" */
const OUTPUT_TOKENS_MIN = 16;

/** Undefined when an item holds what another provider hid, in an envelope of ours. */
export function passThroughEdits(
  { turns }: Request,
  model: string,
): Readonly<Record<string, JsonValue>> | undefined {
  return turns.some(({ parts }) => parts.some(isOurs)) ? undefined : { model };
}

function isOurs(part: Request['turns'][number]['parts'][number]): boolean {
  return part.kind === 'thinking' && part.signature !== undefined && isSealed(part.signature);
}

/**
 * The field by which the provider is to remember earlier requests or to work on by itself; undefined when there is none.
 * Only a provider of this dialect can do either: for another, the request is to be refused by that field.
 */
export function statefulField({ extra }: Request): string | undefined {
  const own = extra['openai-responses'];
  return STATEFUL.find((name) => own?.[name] !== undefined && own[name] !== false);
}

const STATEFUL = ['previous_response_id', 'conversation', 'background'] as const;

/** What rides under a dotted name is put back where it came from. */
function ownExtra({ extra }: Request): JsonObject {
  const { 'reasoning.context': _context, include: _include, ...own } = extra['openai-responses'] ?? {};
  return own;
}

function dropForeign(request: Request, dropped: Set<string>): void {
  for (const dialect of Object.keys(request.extra) as DialectName[]) {
    if (dialect === 'openai-responses') continue;
    for (const name of Object.keys(request.extra[dialect] ?? {})) {
      if (!(name === 'top_k' && request.topK !== undefined)) dropped.add(name);
    }
  }
  if (request.stop.length > 0) dropped.add('stop');
  if (request.topK !== undefined) dropped.add('top_k');
  if (request.seed !== undefined) dropped.add('seed');
  if (request.presencePenalty !== undefined) dropped.add('presence_penalty');
  if (request.frequencyPenalty !== undefined) dropped.add('frequency_penalty');
}

function writeText({ output, verbosity }: Request, model: string, dropped: Set<string>): JsonObject {
  const isVerbosityTaken = verbosity !== undefined && isOpenAi(model);
  if (verbosity !== undefined && !isVerbosityTaken) dropped.add('verbosity');
  if (output === undefined && !isVerbosityTaken) return {};
  return {
    text: {
      ...(output !== undefined && { format: writeFormat(output) }),
      ...(isVerbosityTaken && { verbosity }),
    },
  };
}

function writeFormat(output: OutputFormat): JsonObject {
  if (output.kind !== 'schema') return { type: output.kind === 'json' ? 'json_object' : 'text' };
  const { schema, name = 'answer', isStrict = false } = output;
  return { type: 'json_schema', name, schema, strict: isStrict };
}

function writeReasoning(
  { reasoning, extra }: Request,
  model: string,
  dropped: Set<string>,
): JsonObject | undefined {
  const context = extra['openai-responses']?.['reasoning.context'];
  if (reasoning === undefined && context === undefined) return undefined;
  const effort = reasoning?.effort ?? effortOf(reasoning);
  if (isReasoningRefused(model)) {
    if (effort !== undefined && effort !== 'none') dropped.add('reasoning_effort');
    return undefined;
  }
  const isShown = reasoning !== undefined && reasoning.mode !== 'off' && reasoning.display !== 'omitted';
  return {
    ...(effort !== undefined && { effort }),
    // Without it nothing of the thoughts is shown, in whatever dialect the client reads them.
    ...(isShown && { summary: 'auto' }),
    ...(context !== undefined && { context }),
  };
}

function effortOf(reasoning: Request['reasoning']): string | undefined {
  if (reasoning?.mode === 'off') return 'none';
  const { budgetTokens } = reasoning ?? {};
  if (budgetTokens === undefined) return undefined;
  if (budgetTokens < 2_000) return 'low';
  return budgetTokens < 10_000 ? 'medium' : 'high';
}

/** With `store: false` the provider forgets its thoughts, so that they must come along to be sent back. */
function writeInclude({ extra }: Request, model: string): JsonObject {
  const given = extra['openai-responses']?.include;
  const wanted = isReasoningRefused(model) ? [] : ['reasoning.encrypted_content'];
  const include = [...wanted, ...(Array.isArray(given) ? given : [])];
  return include.length === 0 ? {} : { include };
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
