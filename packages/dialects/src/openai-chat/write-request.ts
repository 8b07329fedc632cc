// https://platform.openai.com/docs/api-reference/chat/create

import type { WrittenRequest } from '../dialect.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import type { Capabilities } from '../model/capabilities.ts';
import { digest } from '../model/digest.ts';
import { effortOfBudget } from '../model/effort.ts';
import type { DialectName, OutputFormat, Reasoning, Request } from '../model/request.ts';
import { isCacheKeyTaken, isOpenAi, isOpenAiReasoning, isReasoningRefused } from './model-family.ts';
import { writeMessages } from './write-messages.ts';
import { fitToolForms, writeStrict, writeTools } from './write-tools.ts';

export function writeRequest(asked: Request, model: string, capabilities: Capabilities = {}): WrittenRequest {
  const dropped = new Set<string>();
  const { request, restore } = fitToolForms(asked, dropped);
  const extra = request.extra['openai-chat'] ?? {};
  dropForeignExtra(request, dropped);
  const body: JsonObject = {
    ...extra,
    model,
    messages: writeMessages(request, { model, dropped, isCacheMarked: capabilities.cacheControl === true }),
    ...writeTools(request, dropped),
    ...(request.output !== undefined && { response_format: writeOutput(request.output, dropped) }),
    ...writeReasoning(request.reasoning, extra, model, dropped),
    ...writeTokensMax(request.outputTokensMax, model),
    ...writeSampling(request, extra, model, dropped),
    ...(request.answerCount > 1 && { n: request.answerCount }),
    ...writeOpenAiOnly(request, model, dropped),
    ...(request.user !== undefined && { user: userName(request.user) }),
    ...(request.isStreaming && { stream: true, stream_options: streamOptions(request) }),
  };
  return { body, dropped: [...dropped].sort(), ...(restore !== undefined && { restore }) };
}

/**
 * The model's name, and usage in the stream: it is metered by it whether or not the client wants to see it. Undefined for what
 * only our reader understands.
 */
export function passThroughEdits(
  request: Request,
  model: string,
): Readonly<Record<string, JsonValue>> | undefined {
  if (request.isForeignForm) return undefined;
  if (!request.isStreaming || request.isStreamUsageWanted) return { model };
  return { model, stream_options: streamOptions(request) };
}

/** What the client set beside usage stays. */
function streamOptions(request: Request): JsonObject {
  const given = request.extra['openai-chat']?.stream_options;
  return { ...(given as JsonObject | undefined), include_usage: true };
}

function dropForeignExtra(request: Request, dropped: Set<string>): void {
  for (const dialect of Object.keys(request.extra) as DialectName[]) {
    if (dialect === 'openai-chat') continue;
    for (const name of Object.keys(request.extra[dialect] ?? {})) dropped.add(name);
  }
}

function writeOutput(output: OutputFormat, dropped: Set<string>): JsonObject {
  if (output.kind !== 'schema') return { type: output.kind === 'json' ? 'json_object' : 'text' };
  const { schema, name = 'answer', isStrict } = output;
  const strict = writeStrict(isStrict, schema, 'response_format.strict', dropped);
  return { type: 'json_schema', json_schema: { name, schema, ...strict } };
}

/** Thinking that is switched off without an effort's name has no common word here. */
function writeReasoning(
  reasoning: Reasoning | undefined,
  extra: JsonObject,
  model: string,
  dropped: Set<string>,
): JsonObject {
  if (reasoning === undefined || 'thinking' in extra || 'reasoning' in extra) return {};
  if (reasoning.display !== undefined) dropped.add('thinking.display');
  const effort = effortOf(reasoning);
  if (effort !== undefined && !isReasoningRefused(model)) return { reasoning_effort: effort };
  if (effort !== undefined) dropped.add('reasoning_effort');
  else if (reasoning.mode === 'off') dropped.add('thinking');
  return {};
}

function effortOf({ mode, effort, budgetTokens }: Reasoning): string | undefined {
  if (effort !== undefined || mode !== 'budget' || budgetTokens === undefined) return effort;
  return effortOfBudget(budgetTokens);
}

export function outputMaxEdits(
  body: JsonObject,
  model: string,
  tokensMax: number,
): Record<string, JsonValue> {
  const isNewName = body.max_completion_tokens !== undefined || isOpenAiReasoning(model);
  if (isNewName && body.max_tokens === undefined) return { max_completion_tokens: tokensMax };
  return { max_tokens: tokensMax };
}

/** A maximum of 0 asks Anthropic to warm its cache; one token is the least that can be asked here. */
function writeTokensMax(tokensMax: number | undefined, model: string): JsonObject {
  if (tokensMax === undefined) return {};
  const most = Math.max(1, tokensMax);
  return isOpenAiReasoning(model) ? { max_completion_tokens: most } : { max_tokens: most };
}

/** Settings that other providers of this dialect do not know, some of whom refuse what they do not know. */
function writeOpenAiOnly(request: Request, model: string, dropped: Set<string>): JsonObject {
  const { verbosity, serviceTier, cacheKey } = request;
  const written: Record<string, string> = {};
  const write = (name: string, value: string | undefined, isTaken: boolean): void => {
    if (value !== undefined && isTaken) written[name] = value;
    else if (value !== undefined) dropped.add(name);
  };
  write('verbosity', verbosity, isOpenAi(model));
  write('service_tier', serviceTier, isOpenAi(model));
  write('prompt_cache_key', cacheKey, isCacheKeyTaken(model));
  return written;
}

const STOP_SEQUENCES_MAX = 4;
const REFUSED_BY_REASONING = [
  'temperature',
  'top_p',
  'presence_penalty',
  'frequency_penalty',
  'stop',
] as const;

function writeSampling(request: Request, extra: JsonObject, model: string, dropped: Set<string>): JsonObject {
  if (request.stop.length > STOP_SEQUENCES_MAX) dropped.add('stop');
  if (request.topK !== undefined && !('top_k' in extra)) dropped.add('top_k');
  const sampling: Record<string, JsonValue> = {
    ...(request.stop.length > 0 && { stop: request.stop.slice(0, STOP_SEQUENCES_MAX) }),
    ...(request.temperature !== undefined && { temperature: request.temperature }),
    ...(request.topP !== undefined && { top_p: request.topP }),
    ...(request.seed !== undefined && { seed: request.seed }),
    ...(request.presencePenalty !== undefined && { presence_penalty: request.presencePenalty }),
    ...(request.frequencyPenalty !== undefined && { frequency_penalty: request.frequencyPenalty }),
  };
  if (!isOpenAiReasoning(model)) return sampling;
  for (const name of REFUSED_BY_REASONING) {
    if (!(name in sampling)) continue;
    delete sampling[name];
    dropped.add(name);
  }
  return sampling;
}

const USER_CHARACTERS_MAX = 64;

/** OpenAI: "Invalid 'user': string too long. Expected a string with maximum length 64". Claude Code's is a JSON text. */
function userName(user: string): string {
  return user.length <= USER_CHARACTERS_MAX ? user : `user_${digest(user)}`;
}
