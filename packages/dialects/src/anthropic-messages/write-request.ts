// https://docs.claude.com/en/api/messages

import type { WrittenRequest } from '../dialect.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import type { DialectName, Request, Tool, ToolChoice } from '../model/request.ts';
import { isSamplingExclusive, isSamplingRefused } from './model-family.ts';
import { writeReasoning } from './reasoning.ts';
import { closedSchema, objectSchema } from './tool-schema.ts';
import { cacheControl } from './write-content.ts';
import { writeMessages } from './write-messages.ts';

/** `max_tokens` is required here and not elsewhere. Every model takes this much, and few answers are longer. */
const OUTPUT_TOKENS_DEFAULT = 8_192;

export function writeRequest(request: Request, model: string): WrittenRequest {
  const dropped = new Set<string>();
  dropForeign(request, dropped);
  const tools = request.tools.flatMap((tool) => writeTool(tool, dropped));
  const choice = tools.length === 0 ? {} : writeToolUse(request);
  const reasoning = writeReasoning(request, model, request.outputTokensMax ?? OUTPUT_TOKENS_DEFAULT, dropped);
  const body: JsonObject = {
    ...request.extra['anthropic-messages'],
    model,
    max_tokens: reasoning.tokensMax,
    ...writeSystem(request),
    messages: writeMessages(request, model, dropped),
    ...(tools.length > 0 && { tools }),
    ...choice,
    ...writeOutputConfig(request, reasoning.effort, dropped),
    ...(reasoning.thinking !== undefined && { thinking: reasoning.thinking }),
    ...writeSampling(request, model, reasoning.thinking, dropped),
    ...writeStop(request.stop, dropped),
    ...(request.user !== undefined && { metadata: { ...metadataOf(request), user_id: request.user } }),
    ...(request.isStreaming && { stream: true }),
  };
  return { body, dropped: [...dropped].sort() };
}

export function passThroughEdits(_request: Request, model: string): Readonly<Record<string, JsonValue>> {
  return { model };
}

function dropForeign(request: Request, dropped: Set<string>): void {
  for (const dialect of Object.keys(request.extra) as DialectName[]) {
    if (dialect === 'anthropic-messages') continue;
    for (const name of Object.keys(request.extra[dialect] ?? {})) {
      if (!isCarried(name, request)) dropped.add(name);
    }
  }
  if (request.seed !== undefined) dropped.add('seed');
  if (request.presencePenalty !== undefined) dropped.add('presence_penalty');
  if (request.frequencyPenalty !== undefined) dropped.add('frequency_penalty');
  if (request.answerCount > 1) dropped.add('n');
}

/** Fields that another dialect keeps for its own, although the hub has read them. */
function isCarried(name: string, { topK, reasoning }: Request): boolean {
  if (name === 'top_k') return topK !== undefined;
  return (name === 'thinking' || name === 'reasoning') && reasoning !== undefined;
}

function writeSystem(request: Request): JsonObject {
  const blocks = request.system
    .filter((part) => part.text.trim() !== '')
    .map((part) => ({ type: 'text', text: part.text, ...cacheControl(part) }));
  return blocks.length === 0 ? {} : { system: blocks };
}

function writeTool(tool: Tool, dropped: Set<string>): readonly JsonObject[] {
  if (tool.kind !== 'function') {
    if ('dialect' in tool && tool.dialect === 'anthropic-messages') return [tool.value];
    dropped.add(`tools.${tool.kind === 'foreign' ? tool.type : tool.kind}`);
    return [];
  }
  return [
    {
      name: tool.name,
      ...(tool.description !== undefined && { description: tool.description }),
      input_schema: objectSchema(tool.schema),
      ...(tool.isStrict === true && { strict: true }),
      ...tool.extra?.['anthropic-messages'],
      ...cacheControl(tool),
    },
  ];
}

function writeToolUse({ toolChoice, isParallelToolCalls }: Request): JsonObject {
  const isSerial = isParallelToolCalls === false && toolChoice?.kind !== 'none';
  if (toolChoice === undefined && !isSerial) return {};
  return {
    tool_choice: {
      ...writeToolChoice(toolChoice ?? { kind: 'auto' }),
      ...(isSerial && { disable_parallel_tool_use: true }),
    },
  };
}

function writeToolChoice(choice: ToolChoice): JsonObject {
  return choice.kind === 'tool' ? { type: 'tool', name: choice.name } : { type: choice.kind };
}

function writeOutputConfig(request: Request, effort: string | undefined, dropped: Set<string>): JsonObject {
  const { output, extra } = request;
  const given = extra['anthropic-messages']?.output_config as JsonObject | undefined;
  if (output?.kind === 'json') dropped.add('response_format');
  const format =
    output?.kind === 'schema' ? { type: 'json_schema', schema: closedSchema(output.schema) } : undefined;
  if (format === undefined && effort === undefined) return {};
  return {
    output_config: {
      ...given,
      ...(effort !== undefined && { effort }),
      ...(format !== undefined && { format }),
    },
  };
}

/**
 * Opus 4.7 and all later models: "`temperature` is deprecated for this model". Older ones take a temperature of 1 only
 * beside thinking.
 */
function writeSampling(
  request: Request,
  model: string,
  thinking: JsonObject | undefined,
  dropped: Set<string>,
): JsonObject {
  const given: Record<string, number> = {
    ...(request.temperature !== undefined && { temperature: Math.min(1, Math.max(0, request.temperature)) }),
    ...(request.topP !== undefined && { top_p: request.topP }),
    ...(request.topK !== undefined && { top_k: request.topK }),
  };
  if (request.temperature !== undefined && given.temperature !== request.temperature) {
    dropped.add('temperature');
  }
  if (isSamplingExclusive(model) && 'temperature' in given && 'top_p' in given) {
    delete given.top_p;
    dropped.add('top_p');
  }
  const isThinking = thinking !== undefined && thinking.type !== 'disabled';
  if (!isThinking && !isSamplingRefused(model)) return given;
  for (const name of Object.keys(given)) dropped.add(name);
  return {};
}

/** "stop_sequences: each stop sequence must contain non-whitespace" */
function writeStop(stop: readonly string[], dropped: Set<string>): JsonObject {
  const kept = stop.filter((text) => text.trim() !== '');
  if (kept.length < stop.length) dropped.add('stop');
  return kept.length === 0 ? {} : { stop_sequences: kept };
}

function metadataOf(request: Request): JsonObject {
  return (request.extra['anthropic-messages']?.metadata as JsonObject | undefined) ?? {};
}
