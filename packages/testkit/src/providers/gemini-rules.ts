// What Gemini's generateContent refuses, in its own words as seen up to November 2026. Its servers read the JSON into
// messages of protocol buffers, so that any name that they do not know fails the whole request.

import { contentComplaints } from './gemini-content-rules.ts';
import { schemaComplaints, unknownName } from './gemini-schema-rules.ts';
import { type Json, listOf, objectOf, objectsOf, stringOf } from './json.ts';
import type { Complaints } from './problem.ts';
import type { Asked } from './wire.ts';

export function* geminiComplaints({ body, model }: Asked): Complaints {
  yield* unknownName(body, REQUEST, '');
  const system = objectOf(body.systemInstruction ?? body.system_instruction);
  for (const part of objectsOf(system.parts))
    yield* unknownName(part, ['text'], 'system_instruction.parts[0]');
  yield* generationConfig(objectOf(body.generationConfig ?? body.generation_config), model);
  yield* tools(body);
  yield* contentComplaints(objectsOf(body.contents), model);
}

const REQUEST = [
  'model',
  'contents',
  'systemInstruction',
  'tools',
  'toolConfig',
  'safetySettings',
  'generationConfig',
  'cachedContent',
  'serviceTier',
  'store',
  'labels',
];

const CONFIG = [
  'stopSequences',
  'responseMimeType',
  'responseSchema',
  'responseJsonSchema',
  '_responseJsonSchema',
  'responseModalities',
  'candidateCount',
  'maxOutputTokens',
  'temperature',
  'topP',
  'topK',
  'seed',
  'presencePenalty',
  'frequencyPenalty',
  'responseLogprobs',
  'logprobs',
  'enableEnhancedCivicAnswers',
  'speechConfig',
  'thinkingConfig',
  'imageConfig',
  'mediaResolution',
  'responseFormat',
];

function* generationConfig(config: Json, model: string): Complaints {
  yield* unknownName(config, CONFIG, 'generation_config');
  const thinking = objectOf(config.thinkingConfig ?? config.thinking_config);
  yield* unknownName(
    thinking,
    ['thinkingBudget', 'thinkingLevel', 'includeThoughts'],
    'generation_config.thinking_config',
  );
  const { thinkingBudget: budget, thinkingLevel: level } = thinking;
  if (budget !== undefined && level !== undefined) {
    yield { message: 'You can only set only one of thinking budget and thinking level.' };
  }
  if (level !== undefined && /gemini-2/.test(model)) {
    yield { message: 'Thinking level is not supported for this model.' };
  }
  if (
    typeof budget === 'number' &&
    /gemini-2\.5-pro/.test(model) &&
    budget !== -1 &&
    (budget < 128 || budget > 32_768)
  ) {
    yield {
      message: `The thinking budget ${budget} is invalid. Please choose a value between 128 and 32768.`,
    };
  }
  if (listOf(config.stopSequences).length > 5) {
    yield { message: 'The stop_sequences field must have at most 5 elements.' };
  }
  const { temperature } = config;
  if (typeof temperature === 'number' && (temperature < 0 || temperature > 2)) {
    yield {
      message: `* GenerateContentRequest.generation_config.temperature: temperature must be in the range [0.0, 2.0].`,
    };
  }
  const schema = config.responseSchema ?? config.response_schema;
  const hasSchema = schema !== undefined || config.responseJsonSchema !== undefined;
  if (hasSchema && config.responseMimeType !== 'application/json') {
    yield {
      message:
        '* GenerateContentRequest.generation_config.response_mime_type: must be set to application/json when a schema is given.',
    };
  }
  if (schema !== undefined) yield* schemaComplaints(schema, 'generation_config.response_schema');
}

const TOOLS = [
  'functionDeclarations',
  'googleSearch',
  'googleSearchRetrieval',
  'codeExecution',
  'computerUse',
  'urlContext',
  'fileSearch',
  'mcpServers',
  'googleMaps',
];

const DECLARATION = [
  'name',
  'description',
  'behavior',
  'parameters',
  'parametersJsonSchema',
  'response',
  'responseJsonSchema',
];

function* tools(body: Json): Complaints {
  const names: unknown[] = [];
  for (const [at, tool] of objectsOf(body.tools).entries()) {
    yield* unknownName(tool, TOOLS, `tools[${at}]`);
    const declared = objectsOf(tool.functionDeclarations ?? tool.function_declarations);
    for (const [index, declaration] of declared.entries()) {
      const place = `tools[${at}].function_declarations[${index}]`;
      yield* declarationRules(declaration, place);
      if (names.includes(declaration.name)) {
        yield { message: `Duplicate function declaration found: ${declaration.name}` };
      }
      names.push(declaration.name);
    }
  }
  const config = objectOf(body.toolConfig ?? body.tool_config);
  const calling = objectOf(config.functionCallingConfig ?? config.function_calling_config);
  const allowed = listOf(calling.allowedFunctionNames ?? calling.allowed_function_names);
  if (allowed.length > 0 && !['ANY', 'VALIDATED'].includes(stringOf(calling.mode))) {
    yield { message: 'Please set allowed_function_names only when function calling mode is ANY.' };
  }
  if (allowed.some((name) => !names.includes(name))) {
    yield {
      message:
        '* GenerateContentRequest.tool_config.function_calling_config.allowed_function_names: allowed_function_names should be a subset of the declared functions.',
    };
  }
  if (calling.mode === 'ANY' && names.length === 0) {
    yield { message: 'Function calling config is set without function_declarations.' };
  }
}

function* declarationRules(declaration: Json, place: string): Complaints {
  yield* unknownName(declaration, DECLARATION, place);
  if (!/^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$/.test(stringOf(declaration.name))) {
    yield {
      message: `* GenerateContentRequest.${place}.name: [Invalid function name. Must start with a letter or an underscore. Must be alphanumeric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 64.]`,
    };
  }
  const { parameters, parametersJsonSchema } = declaration;
  if (parameters !== undefined && parametersJsonSchema !== undefined) {
    yield {
      message: `* GenerateContentRequest.${place}: parameters and parameters_json_schema are mutually exclusive.`,
    };
  }
  if (parameters === undefined) return;
  const { type, properties } = objectOf(parameters);
  if (stringOf(type).toUpperCase() === 'OBJECT' && Object.keys(objectOf(properties)).length === 0) {
    yield {
      message: `* GenerateContentRequest.${place}.parameters.properties: should be non-empty for OBJECT type`,
    };
  }
  yield* schemaComplaints(parameters, `${place}.parameters`);
}
