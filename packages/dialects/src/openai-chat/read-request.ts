// https://platform.openai.com/docs/api-reference/chat/create

import { InvalidRequest } from '../dialect.ts';
import * as fields from '../json/fields.ts';
import { isObject, objectOf, stringOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import type { OutputFormat, Reasoning, Request } from '../model/request.ts';
import { listedChoice } from '../model/tool-choice.ts';
import { hasForeignForm } from './foreign-forms.ts';
import { readMessages } from './read-messages.ts';
import { allowedTools, readToolChoice, readTools } from './read-tools.ts';
import { HUB_FIELDS } from './wire.ts';

export function readRequest(body: JsonValue): Request {
  if (!isObject(body)) throw new InvalidRequest('', 'The body must be a JSON object.');
  const model = fields.requiredString(body.model, 'model');
  const { system, turns } = readMessages(body.messages);
  const streamOptions = fields.optionalObject(body.stream_options, 'stream_options');
  const stop = readStop(body.stop);
  const listed = readTools(body);
  const optional = {
    toolChoice: listedChoice(readToolChoice(body.tool_choice ?? body.function_call), listed),
    isParallelToolCalls: fields.optionalBoolean(body.parallel_tool_calls, 'parallel_tool_calls'),
    output: readOutput(body.response_format),
    reasoning: readReasoning(body),
    outputTokensMax:
      fields.optionalPositiveInteger(body.max_completion_tokens, 'max_completion_tokens') ??
      fields.optionalPositiveInteger(body.max_tokens, 'max_tokens'),
    temperature: fields.optionalNumber(body.temperature, 'temperature'),
    topP: fields.optionalNumber(body.top_p, 'top_p'),
    topK: fields.optionalNumber(body.top_k, 'top_k'),
    seed: fields.optionalNumber(body.seed, 'seed'),
    presencePenalty: fields.optionalNumber(body.presence_penalty, 'presence_penalty'),
    frequencyPenalty: fields.optionalNumber(body.frequency_penalty, 'frequency_penalty'),
    verbosity: fields.optionalString(body.verbosity, 'verbosity'),
    serviceTier: fields.optionalString(body.service_tier, 'service_tier'),
    cacheKey: fields.optionalString(body.prompt_cache_key, 'prompt_cache_key'),
    user: fields.optionalString(body.user, 'user'),
    isForeignForm: hasForeignForm(body) || undefined,
  };
  return {
    model,
    system,
    turns,
    tools: allowedTools(listed, body.tool_choice),
    stop,
    answerCount: fields.optionalPositiveInteger(body.n, 'n') ?? 1,
    isStreaming: fields.optionalBoolean(body.stream, 'stream') ?? false,
    isStreamUsageWanted:
      fields.optionalBoolean(streamOptions?.include_usage, 'stream_options.include_usage') ?? false,
    extra: readExtra(body),
    ...fields.present(optional),
  };
}

function readStop(value: JsonValue | undefined): readonly string[] {
  if (value === undefined || value === null) return [];
  const list = typeof value === 'string' ? [value] : fields.optionalList(value, 'stop');
  return list.map((text, at) => fields.requiredString(text, `stop.${at}`));
}

function readOutput(value: JsonValue | undefined): OutputFormat | undefined {
  const format = fields.optionalObject(value, 'response_format');
  if (format === undefined) return undefined;
  const type = fields.requiredString(format.type, 'response_format.type');
  if (type === 'text') return { kind: 'text' };
  if (type === 'json_object') return { kind: 'json' };
  if (type !== 'json_schema') {
    throw new InvalidRequest(
      'response_format.type',
      'The field "response_format.type" must be "text", "json_object" or "json_schema".',
    );
  }
  const named = fields.requiredObject(format.json_schema, 'response_format.json_schema');
  const name = fields.optionalString(named.name, 'response_format.json_schema.name');
  const isStrict = fields.optionalBoolean(named.strict, 'response_format.json_schema.strict');
  return {
    kind: 'schema',
    schema: fields.optionalObject(named.schema, 'response_format.json_schema.schema') ?? { type: 'object' },
    ...(name !== undefined && { name }),
    ...(isStrict !== undefined && { isStrict }),
  };
}

/** `reasoning_effort`, OpenRouter's `reasoning`, and the `thinking` of DeepSeek, GLM and MiniMax. */
function readReasoning(body: JsonObject): Reasoning | undefined {
  const nested = objectOf(body.reasoning);
  const effort = fields.optionalString(body.reasoning_effort, 'reasoning_effort') ?? stringOf(nested?.effort);
  if (effort !== undefined) return { mode: effort === 'none' ? 'off' : 'adaptive', effort };
  const thinking = objectOf(body.thinking);
  if (thinking?.type === 'disabled') return { mode: 'off' };
  const budgetTokens = thinking?.budget_tokens ?? nested?.max_tokens;
  if (typeof budgetTokens === 'number') return { mode: 'budget', budgetTokens };
  return thinking?.type === 'enabled' || thinking?.type === 'adaptive' ? { mode: 'adaptive' } : undefined;
}

/** `stream_options` is kept only when it holds more than the usage that the hub knows. */
function readExtra(body: JsonObject): Request['extra'] {
  const names = Object.keys(body).filter(
    (name) => !HUB_FIELDS.has(name) && !(name === 'stream_options' && isUsageOnly(body[name])),
  );
  if (names.length === 0) return {};
  return { 'openai-chat': Object.fromEntries(names.map((name) => [name, body[name]])) };
}

function isUsageOnly(streamOptions: JsonValue | undefined): boolean {
  return Object.keys(objectOf(streamOptions) ?? {}).every((key) => key === 'include_usage');
}
