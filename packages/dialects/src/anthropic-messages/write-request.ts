// https://docs.claude.com/en/api/messages

import { InvalidRequest, type WrittenRequest } from '../dialect.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import type { Capabilities } from '../model/capabilities.ts';
import type { DialectName, Part, Request, Turn } from '../model/request.ts';
import { isSealed } from '../model/seal.ts';
import { isMarkWanted, withMarks } from './cache-marks.ts';
import {
  isBudgetOnly,
  isClaude,
  isSamplingExclusive,
  isSamplingRefused,
  isSystemTurnRefused,
} from './model-family.ts';
import { writeReasoning } from './reasoning.ts';
import { closedSchema } from './tool-schema.ts';
import { cacheControl } from './write-content.ts';
import { writeMessages } from './write-messages.ts';
import { fitToolForms, writeTool, writeToolUse } from './write-tools.ts';

/** `max_tokens` is required here and not elsewhere. Every model takes this much, and few answers are longer. */
const OUTPUT_TOKENS_DEFAULT = 8_192;

/** @throws InvalidRequest when several answers are wanted, which this dialect has no word for */
export function writeRequest(asked: Request, model: string, capabilities: Capabilities = {}): WrittenRequest {
  if (asked.answerCount > 1)
    throw new InvalidRequest('n', 'The model gives one answer at a time: "n" must be 1.');
  const dropped = new Set<string>();
  const { request, restore } = fitToolForms(asked, dropped);
  dropForeign(request, dropped);
  const given = {
    system: writeSystem(request),
    messages: writeMessages(request, model, dropped),
    tools: request.tools.flatMap(writeTool),
  };
  const { system, messages, tools } = isMarkWanted(request, capabilities) ? withMarks(given) : given;
  const choice = tools.length === 0 ? {} : writeToolUse(request);
  const reasoning = writeReasoning(request, model, request.outputTokensMax ?? OUTPUT_TOKENS_DEFAULT, dropped);
  const body: JsonObject = {
    ...request.extra['anthropic-messages'],
    model,
    max_tokens: reasoning.tokensMax,
    ...(system.length > 0 && { system }),
    messages,
    ...(tools.length > 0 && { tools }),
    ...choice,
    ...writeOutputConfig(request, reasoning.effort, dropped),
    ...(reasoning.thinking !== undefined && { thinking: reasoning.thinking }),
    ...writeSampling(request, model, reasoning.thinking, dropped),
    ...writeStop(request.stop, dropped),
    ...(request.user !== undefined && { metadata: { ...metadataOf(request), user_id: request.user } }),
    ...writeServiceTier(request, dropped),
    ...(request.isStreaming && { stream: true }),
  };
  return { body, dropped: [...dropped].sort(), ...(restore !== undefined && { restore }) };
}

/** The field is required here, so that every body has one. */
export function outputMaxEdits(
  _body: JsonObject,
  _model: string,
  tokensMax: number,
): Record<string, JsonValue> {
  return { max_tokens: tokensMax };
}

/**
 * Undefined when a thought is of another model's and has to go, and when the client wrote for another model than it gets: names
 * tell clients what to send, and behind an alias stands any model.
 */
export function passThroughEdits(
  request: Request,
  model: string,
): Readonly<Record<string, JsonValue>> | undefined {
  const isStrange = (part: Part): boolean => {
    if (part.kind === 'redactedThinking') return isSealed(part.data);
    if (part.kind !== 'thinking') return false;
    return part.signature === undefined ? isClaude(model) : isSealed(part.signature);
  };
  const isStrangeTurn = ({ role, parts }: Turn): boolean =>
    (role === 'system' && isSystemTurnRefused(model)) || parts.some(isStrange);
  if (request.reasoning?.mode === 'adaptive' && isBudgetOnly(model)) return undefined;
  return request.turns.some(isStrangeTurn) ? undefined : { model };
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
  if (request.verbosity !== undefined) dropped.add('verbosity');
  if (request.cacheKey !== undefined) dropped.add('prompt_cache_key');
}

/** Fields that another dialect keeps for its own, although the hub has read them. */
function isCarried(name: string, { topK, reasoning }: Request): boolean {
  if (name === 'top_k') return topK !== undefined;
  return (name === 'thinking' || name === 'reasoning') && reasoning !== undefined;
}

function writeSystem(request: Request): readonly JsonObject[] {
  return request.system
    .filter((part) => part.text.trim() !== '')
    .map((part) => ({ type: 'text', text: part.text, ...cacheControl(part) }));
}

const SERVICE_TIERS: ReadonlyMap<string, string> = new Map([
  ['auto', 'auto'],
  ['default', 'standard_only'],
]);

function writeServiceTier({ serviceTier }: Request, dropped: Set<string>): JsonObject {
  if (serviceTier === undefined) return {};
  const tier = SERVICE_TIERS.get(serviceTier);
  if (tier === undefined) dropped.add('service_tier');
  return tier === undefined ? {} : { service_tier: tier };
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
