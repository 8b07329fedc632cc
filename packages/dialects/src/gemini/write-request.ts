// https://ai.google.dev/api/generate-content#method:-models.generatecontent

import type { WrittenRequest } from '../dialect.ts';
import { objectOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { lowerTools, type ToolForms } from '../model/lower-tools.ts';
import type { DialectName, OutputFormat, Request } from '../model/request.ts';
import { isJsonSchemaTaken, isOutputBesideToolsTaken } from './model-family.ts';
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

export function writeRequest(asked: Request, model: string): WrittenRequest {
  const { request, restore } = lowerTools(asked, TOOL_FORMS);
  const dropped = new Set<string>();
  dropForeign(request, dropped);
  const { generationConfig: _, toolConfig: __, ...extra } = request.extra.gemini ?? {};
  const tools = writeTools(request, model, dropped);
  const hasFunctions = tools.some((tool) => 'functionDeclarations' in tool);
  const output = placeOutput(request.output, model, hasFunctions, dropped);
  const config = writeConfig(request, output.config, model, dropped);
  const body: JsonObject = {
    ...extra,
    ...writeSystem(request, output.instruction, dropped),
    contents: writeContents(request, model, dropped),
    ...(tools.length > 0 && { tools }),
    ...writeToolConfig(request, hasFunctions),
    ...(Object.keys(config).length > 0 && { generationConfig: config }),
    ...writeServiceTier(request.serviceTier),
  };
  return { body, dropped: [...dropped].sort(), ...(restore !== undefined && { restore }) };
}

/** Model and streaming stand in the path, and nothing of the body must change. */
export function passThroughEdits(): Readonly<Record<string, JsonValue>> {
  return {};
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
  // One answer is all that the hub passes on, so that others would be paid for and lost.
  if (request.answerCount > 1) dropped.add('n');
}

/** Fields that another dialect keeps for its own, although the hub has read them. */
function isCarried(name: string, { topK, reasoning }: Request): boolean {
  if (name === 'top_k') return topK !== undefined;
  return (name === 'thinking' || name === 'reasoning') && reasoning !== undefined;
}

interface PlacedOutput {
  readonly config: OutputFormat | undefined;
  /** What the model is told instead, where the setting is refused. */
  readonly instruction: string | undefined;
}

function placeOutput(
  output: OutputFormat | undefined,
  model: string,
  hasFunctions: boolean,
  dropped: Set<string>,
): PlacedOutput {
  const isRefused = hasFunctions && !isOutputBesideToolsTaken(model);
  if (!isRefused || output === undefined || output.kind === 'text') {
    return { config: output, instruction: undefined };
  }
  dropped.add('response_format');
  const form =
    output.kind === 'schema' ? ` that fits this JSON Schema: ${JSON.stringify(output.schema)}` : '';
  const instruction = `Give your final answer as one JSON value${form}. Write nothing around it, no code fence.`;
  return { config: undefined, instruction };
}

function writeConfig(
  request: Request,
  output: OutputFormat | undefined,
  model: string,
  dropped: Set<string>,
): JsonObject {
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

/** `auto` is what happens without the field. */
function writeServiceTier(tier: string | undefined): JsonObject {
  if (tier === undefined || tier === 'auto') return {};
  return { serviceTier: tier === 'default' ? 'standard' : tier };
}
