// https://platform.openai.com/docs/api-reference/responses/create

import { InvalidRequest } from '../dialect.ts';
import * as fields from '../json/fields.ts';
import { isObject, listOf, objectOf, stringOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import type { OutputFormat, Reasoning, Request } from '../model/request.ts';
import { readInput } from './read-input.ts';
import { allowedTools, readToolChoice } from './read-tool-choice.ts';
import { readTools } from './read-tools.ts';
import { ENCRYPTED } from './reasoning.ts';

/** Fields that the hub holds; `stream_options` says nothing here, but Cursor sends it. */
const HUB_FIELDS: ReadonlySet<string> = new Set([
  'model',
  'input',
  'instructions',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'text',
  'reasoning',
  'max_output_tokens',
  'temperature',
  'top_p',
  'include',
  'prompt_cache_key',
  'service_tier',
  'user',
  'stream',
  'stream_options',
]);

export function readRequest(body: JsonValue): Request {
  if (!isObject(body)) throw new InvalidRequest('', 'The body must be a JSON object.');
  const input = readInput(body.input, fields.optionalString(body.instructions, 'instructions'));
  const text = fields.optionalObject(body.text, 'text');
  const optional = {
    toolChoice: readToolChoice(body.tool_choice),
    isParallelToolCalls: fields.optionalBoolean(body.parallel_tool_calls, 'parallel_tool_calls'),
    output: readOutput(fields.optionalObject(text?.format, 'text.format')),
    reasoning: readReasoning(fields.optionalObject(body.reasoning, 'reasoning')),
    outputTokensMax: fields.optionalPositiveInteger(body.max_output_tokens, 'max_output_tokens'),
    temperature: fields.optionalNumber(body.temperature, 'temperature'),
    topP: fields.optionalNumber(body.top_p, 'top_p'),
    verbosity: fields.optionalString(text?.verbosity, 'text.verbosity'),
    serviceTier: fields.optionalString(body.service_tier, 'service_tier'),
    cacheKey: fields.optionalString(body.prompt_cache_key, 'prompt_cache_key'),
    user: fields.optionalString(body.user, 'user'),
    isCompaction: input.isCompaction || undefined,
    isEncryptedReasoningWanted: isEncryptedWanted(body.include) || undefined,
  };
  return {
    model: fields.requiredString(body.model, 'model'),
    system: input.system,
    turns: input.turns,
    tools: allowedTools([...readTools(body.tools, 'tools'), ...input.tools], body.tool_choice),
    stop: [],
    answerCount: 1,
    isStreaming: fields.optionalBoolean(body.stream, 'stream') ?? false,
    isStreamUsageWanted: true,
    extra: readExtra(body),
    ...fields.present(optional),
  };
}

function isEncryptedWanted(include: JsonValue | undefined): boolean {
  return listOf(include).includes(ENCRYPTED);
}

function readOutput(format: JsonObject | undefined): OutputFormat | undefined {
  if (format === undefined) return undefined;
  const type = fields.requiredString(format.type, 'text.format.type');
  if (type === 'text') return { kind: 'text' };
  if (type === 'json_object') return { kind: 'json' };
  if (type !== 'json_schema') {
    throw new InvalidRequest(
      'text.format.type',
      'The field "text.format.type" must be "text", "json_object" or "json_schema".',
    );
  }
  const name = fields.optionalString(format.name, 'text.format.name');
  const isStrict = fields.optionalBoolean(format.strict, 'text.format.strict');
  return {
    kind: 'schema',
    schema: fields.requiredObject(format.schema, 'text.format.schema'),
    ...fields.present({ name, isStrict }),
  };
}

/** `summary` asks that the thoughts be shown; `context` is the provider's own matter. */
function readReasoning(given: JsonObject | undefined): Reasoning | undefined {
  if (given === undefined) return undefined;
  const effort = fields.optionalString(given.effort, 'reasoning.effort');
  const summary = stringOf(given.summary) ?? stringOf(given.generate_summary);
  if (effort === undefined && summary === undefined) return undefined;
  return {
    mode: effort === 'none' ? 'off' : 'adaptive',
    ...fields.present({ effort, display: summary === undefined ? undefined : 'summarized' }),
  };
}

/** Of what the hub reads only a part, the rest stays. */
function readExtra(body: JsonObject): Request['extra'] {
  const entries = Object.entries(body).filter(
    ([name, value]) => !HUB_FIELDS.has(name) && value !== null && !isDefault(name, value),
  );
  const include = listOf(body.include).filter((item) => item !== ENCRYPTED);
  if (include.length > 0) entries.push(['include', include]);
  const context = objectOf(body.reasoning)?.context;
  if (context !== undefined && context !== null) entries.push(['reasoning.context', context]);
  return entries.length === 0 ? {} : { 'openai-responses': Object.fromEntries(entries) };
}

/** Nothing is stored anywhere unless it is asked for. */
function isDefault(name: string, value: JsonValue | undefined): boolean {
  return (name === 'store' || name === 'background') && value === false;
}
