// https://docs.claude.com/en/api/messages

import { InvalidRequest } from '../dialect.ts';
import * as fields from '../json/fields.ts';
import { messageList } from '../json/message-list.ts';
import { isObject, objectOf, stringOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import type { OutputFormat, Reasoning, Request, TextPart, ToolChoice, Turn } from '../model/request.ts';
import { listedChoice } from '../model/tool-choice.ts';
import { readContent, readMessageFields } from './read-content.ts';
import { readTools } from './read-tools.ts';

/** Fields that the hub holds whole; `metadata` and `output_config` may hold more than it knows. */
const HUB_FIELDS = new Set([
  'model',
  'messages',
  'system',
  'max_tokens',
  'stop_sequences',
  'stream',
  'temperature',
  'top_p',
  'top_k',
  'tools',
  'tool_choice',
  'thinking',
]);

export function readRequest(body: JsonValue): Request {
  if (!isObject(body)) throw new InvalidRequest('', 'The body must be a JSON object.');
  const toolChoice = objectOf(body.tool_choice);
  const turns = readMessages(body.messages);
  const tools = readTools(body.tools, turns);
  const optional = {
    toolChoice: listedChoice(readToolChoice(body.tool_choice), tools),
    isParallelToolCalls: toolChoice?.disable_parallel_tool_use === true ? false : undefined,
    output: readOutput(body),
    reasoning: readReasoning(body),
    temperature: fields.optionalNumber(body.temperature, 'temperature'),
    topP: fields.optionalNumber(body.top_p, 'top_p'),
    topK: fields.optionalNumber(body.top_k, 'top_k'),
    serviceTier: readServiceTier(body.service_tier),
    user: stringOf(fields.optionalObject(body.metadata, 'metadata')?.user_id),
  };
  return {
    model: fields.requiredString(body.model, 'model'),
    system: readSystem(body.system),
    turns,
    tools,
    stop: fields
      .optionalList(body.stop_sequences, 'stop_sequences')
      .map((text, at) => fields.requiredString(text, `stop_sequences.${at}`)),
    outputTokensMax: readMaxTokens(body.max_tokens),
    answerCount: 1,
    isCacheMarked: true,
    isStreaming: fields.optionalBoolean(body.stream, 'stream') ?? false,
    isStreamUsageWanted: true,
    extra: readExtra(body),
    ...fields.present(optional),
  };
}

/** 0 is legal: it warms the provider's cache. */
function readMaxTokens(value: JsonValue | undefined): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new InvalidRequest('max_tokens', 'The field "max_tokens" is required and must be a whole number.');
}

function readSystem(value: JsonValue | undefined): readonly TextPart[] {
  if (value === undefined || value === null) return [];
  return readTexts(value, 'system');
}

function readTexts(value: JsonValue | undefined, field: string): readonly TextPart[] {
  return readContent(value, field).map((part, at) => {
    if (part.kind === 'text') return part;
    throw new InvalidRequest(`${field}.${at}`, `The field "${field}.${at}" must be text.`);
  });
}

function readMessages(value: JsonValue | undefined): readonly Turn[] {
  return messageList(value).map((item, at): Turn => {
    const field = `messages.${at}`;
    const message = fields.requiredObject(item, field);
    const { role } = message;
    const own = readMessageFields(message);
    // Claude Code sends system messages inside the list to every model.
    if (role === 'system')
      return { role, parts: [...readTexts(message.content, `${field}.content`), ...own] };
    if (role === 'user' || role === 'assistant') {
      return { role, parts: [...readContent(message.content, `${field}.content`), ...own] };
    }
    throw new InvalidRequest(
      `${field}.role`,
      `The field "${field}.role" must be one of user, assistant, system.`,
    );
  });
}

function readToolChoice(value: JsonValue | undefined): ToolChoice | undefined {
  const choice = fields.optionalObject(value, 'tool_choice');
  if (choice === undefined) return undefined;
  switch (choice.type) {
    case 'auto':
    case 'none':
    case 'any':
      return { kind: choice.type };
    case 'tool':
      return { kind: 'tool', name: fields.requiredString(choice.name, 'tool_choice.name') };
    default:
      throw new InvalidRequest(
        'tool_choice.type',
        'The field "tool_choice.type" must be one of auto, any, none, tool.',
      );
  }
}

function readOutput(body: JsonObject): OutputFormat | undefined {
  const format =
    objectOf(fields.optionalObject(body.output_config, 'output_config')?.format) ??
    objectOf(body.output_format);
  if (format?.type !== 'json_schema') return undefined;
  return { kind: 'schema', schema: fields.requiredObject(format.schema, 'output_config.format.schema') };
}

/** `thinking` says whether, `output_config.effort` how hard. */
function readReasoning(body: JsonObject): Reasoning | undefined {
  const thinking = fields.optionalObject(body.thinking, 'thinking');
  const effort = stringOf(objectOf(body.output_config)?.effort);
  const display = stringOf(thinking?.display);
  const optional = fields.present({ effort, display });
  if (thinking?.type === 'disabled') return { mode: 'off', ...optional };
  const budgetTokens = fields.optionalPositiveInteger(thinking?.budget_tokens, 'thinking.budget_tokens');
  if (budgetTokens !== undefined) return { mode: 'budget', budgetTokens, ...optional };
  return thinking === undefined && effort === undefined ? undefined : { mode: 'adaptive', ...optional };
}

/** What this dialect calls the tiers that others have too. */
function readServiceTier(value: JsonValue | undefined): string | undefined {
  if (value === 'standard_only') return 'default';
  return value === 'auto' ? value : undefined;
}

function readExtra(body: JsonObject): Request['extra'] {
  const entries = Object.entries(body).flatMap(([name, value]): [string, JsonValue | undefined][] => {
    if (HUB_FIELDS.has(name)) return [];
    if (name === 'service_tier' && readServiceTier(value) !== undefined) return [];
    const known = KNOWN_INSIDE.get(name);
    if (known === undefined || !isObject(value)) return [[name, value]];
    const rest = Object.entries(value).filter(([inner]) => !known.has(inner));
    return rest.length === 0 ? [] : [[name, Object.fromEntries(rest)]];
  });
  return entries.length === 0 ? {} : { 'anthropic-messages': Object.fromEntries(entries) };
}

const KNOWN_INSIDE: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['metadata', new Set(['user_id'])],
  ['output_config', new Set(['effort', 'format'])],
  ['output_format', new Set(['type', 'schema'])],
]);
