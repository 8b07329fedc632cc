// https://ai.google.dev/api/generate-content#method:-models.generatecontent

import { InvalidRequest, type RequestAddress } from '../dialect.ts';
import * as fields from '../json/fields.ts';
import { isObject, objectOf, stringOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import type { OutputFormat, Reasoning, Request, Tool, ToolChoice } from '../model/request.ts';
import { readContents, readSystem } from './read-messages.ts';
import { readSchema } from './read-schema.ts';
import { readTools } from './read-tools.ts';
import { camelCased, HUB_CONFIG_FIELDS, HUB_FIELDS } from './wire.ts';

/** @param address required: the body names neither the model nor whether to stream */
export function readRequest(value: JsonValue, address?: RequestAddress): Request {
  if (!isObject(value)) throw new InvalidRequest('', 'The body must be a JSON object.');
  if (address === undefined || address.model === '') {
    throw new InvalidRequest(
      'model',
      'The path must name the model: /v1beta/models/{model}:generateContent.',
    );
  }
  const body = camelCased(value);
  const config = camelCased(fields.optionalObject(body.generationConfig, 'generationConfig') ?? {});
  const optional = {
    toolChoice: readToolChoice(body.toolConfig),
    output: readOutput(config),
    reasoning: readReasoning(config.thinkingConfig),
    outputTokensMax: fields.optionalPositiveInteger(config.maxOutputTokens, at('maxOutputTokens')),
    temperature: fields.optionalNumber(config.temperature, at('temperature')),
    topP: fields.optionalNumber(config.topP, at('topP')),
    topK: fields.optionalNumber(config.topK, at('topK')),
    seed: fields.optionalNumber(config.seed, at('seed')),
    presencePenalty: fields.optionalNumber(config.presencePenalty, at('presencePenalty')),
    frequencyPenalty: fields.optionalNumber(config.frequencyPenalty, at('frequencyPenalty')),
    serviceTier: readServiceTier(body.serviceTier),
  };
  return {
    model: address.model,
    system: readSystem(body.systemInstruction),
    turns: readContents(body.contents),
    tools: allowedTools(readTools(body.tools), body.toolConfig),
    stop: fields
      .optionalList(config.stopSequences, at('stopSequences'))
      .map((text, index) => fields.requiredString(text, `${at('stopSequences')}.${index}`)),
    answerCount: fields.optionalPositiveInteger(config.candidateCount, at('candidateCount')) ?? 1,
    isStreaming: address.isStreaming,
    isStreamUsageWanted: true,
    extra: readExtra(body, config),
    ...fields.present(optional),
  };
}

function at(name: string): string {
  return `generationConfig.${name}`;
}

/** `VALIDATED` and a choice of several functions are more than the hub knows and ride in `extra` too. */
function readToolChoice(value: JsonValue | undefined): ToolChoice | undefined {
  const calling = callingConfig(value);
  if (calling === undefined) return undefined;
  const mode = fields.optionalString(calling.mode, 'toolConfig.functionCallingConfig.mode')?.toUpperCase();
  switch (mode) {
    case undefined:
    case 'MODE_UNSPECIFIED':
      return undefined;
    case 'AUTO':
    case 'VALIDATED':
      return { kind: 'auto' };
    case 'NONE':
      return { kind: 'none' };
    case 'ANY': {
      const names = allowedNames(calling);
      return names.length === 1 && names[0] !== undefined
        ? { kind: 'tool', name: names[0] }
        : { kind: 'any' };
    }
    default:
      throw new InvalidRequest(
        'toolConfig.functionCallingConfig.mode',
        'The field "toolConfig.functionCallingConfig.mode" must be AUTO, NONE, ANY or VALIDATED.',
      );
  }
}

/** Where a choice leaves some functions, no other may be called; a provider that knows no such choice is told of no other. */
function allowedTools(tools: readonly Tool[], toolConfig: JsonValue | undefined): readonly Tool[] {
  const names = allowedNames(callingConfig(toolConfig) ?? {});
  const isChosen = readToolChoice(toolConfig)?.kind === 'tool';
  if (isChosen || names.length === 0) return tools;
  return tools.filter((tool) => !('name' in tool) || names.includes(tool.name));
}

function callingConfig(toolConfig: JsonValue | undefined): JsonObject | undefined {
  const config = fields.optionalObject(toolConfig, 'toolConfig');
  const calling = camelCased(config ?? {}).functionCallingConfig;
  const found = fields.optionalObject(calling, 'toolConfig.functionCallingConfig');
  return found && camelCased(found);
}

function allowedNames(calling: JsonObject): readonly string[] {
  const field = 'toolConfig.functionCallingConfig.allowedFunctionNames';
  return fields
    .optionalList(calling.allowedFunctionNames, field)
    .map((name, index) => fields.requiredString(name, `${field}.${index}`));
}

function readOutput(config: JsonObject): OutputFormat | undefined {
  const mediaType = fields.optionalString(config.responseMimeType, at('responseMimeType'));
  const full = config.responseJsonSchema ?? config._responseJsonSchema ?? config.responseSchema;
  const schema = fields.optionalObject(full, at('responseJsonSchema'));
  if (mediaType === undefined ? schema === undefined : !KNOWN_OUTPUTS.has(mediaType)) return undefined;
  if (mediaType === 'text/plain') return { kind: 'text' };
  return schema === undefined ? { kind: 'json' } : { kind: 'schema', schema: readSchema(schema) };
}

/** One of a list of words as bare text, `text/x.enum`, is of this dialect alone. */
const KNOWN_OUTPUTS = new Set(['application/json', 'text/plain']);

/** Models of the generation 2.5 think by a budget, where -1 is the model's own measure; later ones by a level. */
function readReasoning(value: JsonValue | undefined): Reasoning | undefined {
  const field = at('thinkingConfig');
  const given = fields.optionalObject(value, field);
  if (given === undefined) return undefined;
  const config = camelCased(given);
  const budgetTokens = fields.optionalNumber(config.thinkingBudget, `${field}.thinkingBudget`);
  const level = fields.optionalString(config.thinkingLevel, `${field}.thinkingLevel`)?.toLowerCase();
  const display = config.includeThoughts === false ? { display: 'omitted' } : {};
  if (budgetTokens === 0) return { mode: 'off' };
  if (budgetTokens !== undefined && budgetTokens > 0) {
    return { mode: 'budget', budgetTokens: Math.trunc(budgetTokens), ...display };
  }
  const isNamed = level !== undefined && level !== 'thinking_level_unspecified';
  return { mode: 'adaptive', ...(isNamed && { effort: level }), ...display };
}

function readServiceTier(value: JsonValue | undefined): string | undefined {
  const tier = fields.optionalString(value, 'serviceTier')?.toLowerCase();
  return tier === 'standard' ? 'default' : tier;
}

function readExtra(body: JsonObject, config: JsonObject): Request['extra'] {
  const extra: Record<string, JsonValue | undefined> = {};
  for (const name of Object.keys(body)) if (!HUB_FIELDS.has(name)) extra[name] = body[name];
  const rest = Object.entries(config).filter(([name]) => !HUB_CONFIG_FIELDS.has(name));
  const mediaType = stringOf(config.responseMimeType);
  if (mediaType !== undefined && !KNOWN_OUTPUTS.has(mediaType)) {
    rest.push(['responseMimeType', mediaType], ['responseSchema', config.responseSchema]);
  }
  const left = rest.filter(([, value]) => value !== undefined);
  if (left.length > 0) extra.generationConfig = Object.fromEntries(left);
  const toolConfig = toolConfigBeyondHub(body.toolConfig);
  if (toolConfig !== undefined) extra.toolConfig = toolConfig;
  return Object.keys(extra).length === 0 ? {} : { gemini: extra };
}

function toolConfigBeyondHub(value: JsonValue | undefined): JsonObject | undefined {
  const config = objectOf(value);
  const calling = callingConfig(value);
  if (config === undefined) return undefined;
  const isMore =
    Object.keys(config).length > (calling === undefined ? 0 : 1) ||
    stringOf(calling?.mode)?.toUpperCase() === 'VALIDATED' ||
    (calling !== undefined && allowedNames(calling).length > 1);
  return isMore ? config : undefined;
}
