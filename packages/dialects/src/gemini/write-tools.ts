// https://ai.google.dev/api/caching#Tool

import { objectOf } from '../json/narrow.ts';
import type { JsonObject } from '../json/value.ts';
import type { FunctionTool, Request, Tool, ToolChoice, WebSearchTool } from '../model/request.ts';
import { isJsonSchemaTaken } from './model-family.ts';
import { openApiSchema } from './open-api-schema.ts';
import { argumentsSchema } from './tool-schema.ts';

/** All functions in one entry, each tool of the provider's in an entry of its own. */
export function writeTools(request: Request, model: string, dropped: Set<string>): readonly JsonObject[] {
  const functions = request.tools.filter((tool) => tool.kind === 'function');
  const others = request.tools.flatMap((tool) => writeOwnTool(tool, functions.length > 0, dropped));
  const functionDeclarations = functions.map((tool) => writeFunction(tool, model, dropped));
  return functions.length === 0 ? others : [{ functionDeclarations }, ...others];
}

/** Only functions can be chosen. What the client set beyond the hub's words stays as it came. */
export function writeToolConfig({ tools, toolChoice, extra }: Request): JsonObject {
  const given = objectOf(extra.gemini?.toolConfig);
  if (given !== undefined) return { toolConfig: given };
  if (toolChoice === undefined || !tools.some((tool) => tool.kind === 'function')) return {};
  return { toolConfig: { functionCallingConfig: writeToolChoice(toolChoice) } };
}

function writeToolChoice(choice: ToolChoice): JsonObject {
  if (choice.kind === 'tool') return { mode: 'ANY', allowedFunctionNames: [choice.name] };
  return { mode: choice.kind.toUpperCase() };
}

function writeFunction(tool: FunctionTool, model: string, dropped: Set<string>): JsonObject {
  if (tool.cacheControl !== undefined) dropped.add('cache_control');
  if (tool.isStrict === true) dropped.add('tools.strict');
  for (const [dialect, extra] of Object.entries(tool.extra ?? {})) {
    if (dialect !== 'gemini') for (const name of Object.keys(extra ?? {})) dropped.add(`tools.${name}`);
  }
  return {
    name: tool.name,
    ...(tool.description !== undefined && { description: tool.description }),
    ...writeParameters(tool.schema, model),
    ...tool.extra?.gemini,
  };
}

function writeParameters(schema: JsonObject, model: string): JsonObject {
  if (isJsonSchemaTaken(model)) return { parametersJsonSchema: argumentsSchema(schema) };
  const parameters = openApiSchema(schema);
  // "parameters.properties: should be non-empty for OBJECT type"
  const isEmpty = Object.keys(objectOf(parameters.properties) ?? {}).length === 0;
  return isEmpty ? {} : { parameters };
}

function writeOwnTool(tool: Tool, hasFunctions: boolean, dropped: Set<string>): readonly JsonObject[] {
  switch (tool.kind) {
    case 'function':
      return [];
    case 'webSearch':
      return writeWebSearch(tool, hasFunctions, dropped);
    case 'foreign':
      if (tool.dialect === 'gemini') return [tool.value];
      dropped.add(`tools.${tool.type}`);
      return [];
    default:
      dropped.add(`tools.${tool.kind}`);
      return [];
  }
}

/** "Built-in tools ({google_search}) and Function Calling cannot be combined in the same request." */
function writeWebSearch(
  tool: WebSearchTool,
  hasFunctions: boolean,
  dropped: Set<string>,
): readonly JsonObject[] {
  if (tool.dialect === 'gemini') return [tool.value];
  if (hasFunctions) {
    dropped.add('tools.webSearch');
    return [];
  }
  if (tool.usesMax !== undefined) dropped.add('tools.webSearch.max_uses');
  if (tool.allowedDomains !== undefined) dropped.add('tools.webSearch.allowed_domains');
  if (tool.blockedDomains !== undefined) dropped.add('tools.webSearch.blocked_domains');
  return [{ googleSearch: {} }];
}
