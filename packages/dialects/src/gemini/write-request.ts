// https://ai.google.dev/api/generate-content#method:-models.generatecontent

import { InvalidRequest, type WrittenRequest } from '../dialect.ts';
import { isObject, objectOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { type FittedRequest, fitRequest } from '../model/fit-request.ts';
import { lowerTools, type ToolForms } from '../model/lower-tools.ts';
import type { DialectName, OutputFormat, Request, Turn } from '../model/request.ts';
import {
  budgetRangeOf,
  isJsonSchemaTaken,
  isLevelRefused,
  isOutputBesideToolsTaken,
  isSignatureWanted,
} from './model-family.ts';
import { openApiSchema } from './open-api-schema.ts';
import { writeReasoning } from './reasoning.ts';
import { answerSchema } from './tool-schema.ts';
import { writeContents, writeSystem } from './write-messages.ts';
import { writeToolConfig, writeTools } from './write-tools.ts';

/** "Invalid function name. Must start with a letter or an underscore", with at most 64 characters. */
const TOOL_FORMS: ToolForms = {
  hasNamespaces: false,
  hasCustom: false,
  hasToolSearch: false,
  nameCharactersMax: 64,
  namePattern: /^[A-Za-z_][A-Za-z0-9_.:-]*$/,
};

/** @throws InvalidRequest when several answers are wanted: one is passed on, and the others would be paid for and lost */
export function writeRequest(asked: Request, model: string): WrittenRequest {
  if (asked.answerCount > 1)
    throw new InvalidRequest('n', 'The model gives one answer at a time: "n" must be 1.');
  const lowered = lowerTools(asked, TOOL_FORMS);
  const fitted = fitOutput(lowered.request, model);
  const { request } = fitted;
  const dropped = new Set<string>(fitted.dropped);
  dropForeign(request, dropped);
  const { generationConfig: _, toolConfig: __, ...extra } = request.extra.gemini ?? {};
  const tools = writeTools(request, model, dropped);
  const config = writeConfig(request, model, dropped);
  const body: JsonObject = {
    ...extra,
    ...writeSystem(request, dropped),
    contents: writeContents(request, model, dropped),
    ...(tools.length > 0 && { tools }),
    ...writeToolConfig(request),
    ...(Object.keys(config).length > 0 && { generationConfig: config }),
    ...writeServiceTier(request.serviceTier, dropped),
  };
  const restore = joined(lowered.restore, fitted.restore);
  return { body, dropped: [...dropped].sort(), ...(restore !== undefined && { restore }) };
}

/** Google takes its fields in both spellings, and not both of one: what stands there decides. */
export function outputMaxEdits(
  body: JsonObject,
  _model: string,
  tokensMax: number,
): Record<string, JsonValue> {
  const name = isObject(body.generation_config) ? 'generation_config' : 'generationConfig';
  const config = isObject(body[name]) ? body[name] : {};
  const field = config.max_output_tokens === undefined ? 'maxOutputTokens' : 'max_output_tokens';
  return { [name]: { ...config, [field]: tokensMax } };
}

/**
 * Model and streaming stand in the path, and nothing of the body must change, unless a signature is missing, or the client
 * wrote for another model than stands behind the name that it knows.
 */
export function passThroughEdits(
  request: Request,
  model: string,
): Readonly<Record<string, JsonValue>> | undefined {
  const { mode, effort } = request.reasoning ?? {};
  if (isLevelRefused(model)) {
    const isRefused = mode === 'off' ? !budgetRangeOf(model).canBeOff : effort !== undefined;
    if (isRefused) return undefined;
  }
  return isSignatureWanted(model) && hasUnsignedCall(request.turns) ? undefined : {};
}

/** Of calls since the user last spoke: another model made them, and the client could not know what to put there. */
function hasUnsignedCall(turns: readonly Turn[]): boolean {
  const spoken = turns.findLastIndex(
    ({ role, parts }) => role === 'user' && !parts.some((part) => part.kind === 'toolResult'),
  );
  return turns.slice(spoken + 1).some(({ parts }) => {
    const at = parts.findIndex((part) => part.kind === 'toolCall');
    const before = parts[at - 1];
    return at >= 0 && !(before?.kind === 'thinking' && before.signature !== undefined);
  });
}

function dropForeign(request: Request, dropped: Set<string>): void {
  for (const dialect of Object.keys(request.extra) as DialectName[]) {
    if (dialect === 'gemini') continue;
    for (const name of Object.keys(request.extra[dialect] ?? {})) {
      if (!isCarried(name, request)) dropped.add(name);
    }
  }
  if (request.isParallelToolCalls === false) dropped.add('parallel_tool_calls');
  if (request.verbosity !== undefined) dropped.add('verbosity');
  if (request.cacheKey !== undefined) dropped.add('prompt_cache_key');
  if (request.user !== undefined) dropped.add('user');
}

/** Fields that another dialect keeps for its own, although the hub has read them. */
function isCarried(name: string, { topK, reasoning }: Request): boolean {
  if (name === 'top_k') return topK !== undefined;
  return (name === 'thinking' || name === 'reasoning') && reasoning !== undefined;
}

/** Where the answer's form cannot be set beside functions, the model is told of it in words. */
function fitOutput(request: Request, model: string): FittedRequest {
  const hasFunctions = request.tools.some((tool) => tool.kind === 'function');
  if (!hasFunctions || isOutputBesideToolsTaken(model)) return { request, dropped: [] };
  return fitRequest(request, { outputSchema: false, jsonMode: false });
}

type Restore = WrittenRequest['restore'];

function joined(first: Restore, second: Restore): Restore {
  if (first === undefined || second === undefined) return first ?? second;
  return () => {
    const [one, other] = [first(), second()];
    return (event) => one(event).flatMap((restored) => other(restored));
  };
}

function writeConfig(request: Request, model: string, dropped: Set<string>): JsonObject {
  const { output } = request;
  const thinkingConfig = writeReasoning(request.reasoning, model, dropped);
  return {
    ...objectOf(request.extra.gemini?.generationConfig),
    ...writeSampling(request, dropped),
    ...(request.outputTokensMax !== undefined && { maxOutputTokens: Math.max(1, request.outputTokensMax) }),
    ...(output !== undefined && writeOutput(output, model)),
    ...(thinkingConfig !== undefined && { thinkingConfig }),
  };
}

const STOP_SEQUENCES_MAX = 5;
const TEMPERATURE_MAX = 2;

function writeSampling(request: Request, dropped: Set<string>): JsonObject {
  const stop = request.stop.filter((text) => text !== '');
  if (stop.length > STOP_SEQUENCES_MAX) dropped.add('stop');
  const { temperature, topP, topK, seed, presencePenalty, frequencyPenalty } = request;
  if (temperature !== undefined && (temperature < 0 || temperature > TEMPERATURE_MAX)) {
    dropped.add('temperature');
  }
  return {
    ...(temperature !== undefined && { temperature: Math.min(TEMPERATURE_MAX, Math.max(0, temperature)) }),
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
    ...(seed !== undefined && { seed }),
    ...(presencePenalty !== undefined && { presencePenalty }),
    ...(frequencyPenalty !== undefined && { frequencyPenalty }),
    ...(stop.length > 0 && { stopSequences: stop.slice(0, STOP_SEQUENCES_MAX) }),
  };
}

function writeOutput(output: OutputFormat, model: string): JsonObject {
  if (output.kind !== 'schema') {
    return { responseMimeType: output.kind === 'json' ? 'application/json' : 'text/plain' };
  }
  const schema = isJsonSchemaTaken(model)
    ? { responseJsonSchema: answerSchema(output.schema) }
    : { responseSchema: openApiSchema(output.schema) };
  return { responseMimeType: 'application/json', ...schema };
}

/** `auto` and `default` are what happens without the field; others' classes are refused. */
function writeServiceTier(tier: string | undefined, dropped: Set<string>): JsonObject {
  if (tier === 'flex' || tier === 'priority') return { serviceTier: tier };
  if (tier !== undefined && tier !== 'auto' && tier !== 'default') dropped.add('service_tier');
  return {};
}
