// https://platform.openai.com/docs/api-reference/chat/create#chat-create-tools

import type { JsonObject, JsonValue } from '../json/value.ts';
import { lowerTools, type ToolForms } from '../model/lower-tools.ts';
import type { FunctionTool, Request, ToolChoice } from '../model/request.ts';
import { isStrictSchema } from '../model/strict-schema.ts';
import { typedSchema } from '../model/typed-schema.ts';
import { withoutTools } from '../model/without-tools.ts';

/** OpenAI: "Invalid 'tools[0].function.name': string does not match pattern." Others keep to the same one. */
const FORMS: ToolForms = {
  hasNamespaces: false,
  // OpenAI alone takes custom tools here; a function does as well.
  hasCustom: false,
  hasToolSearch: false,
  nameCharactersMax: 64,
  namePattern: /^[A-Za-z0-9_-]+$/,
};

/** Tools of the forms and the names that every provider of this dialect takes; those of other dialects' providers go. */
export function fitToolForms(request: Request, dropped: Set<string>): ReturnType<typeof lowerTools> {
  const fitted = withoutTools(request, (tool) => {
    if (!('dialect' in tool) || tool.dialect === 'openai-chat') return true;
    dropped.add(tool.kind === 'webSearch' ? 'tools.webSearch' : `tools.${tool.type}`);
    return false;
  });
  return lowerTools(fitted, FORMS);
}

export function writeTools(request: Request, dropped: Set<string>): JsonObject {
  const tools: JsonObject[] = [];
  let search: JsonObject | undefined;
  for (const tool of request.tools) {
    if (tool.kind === 'function') tools.push(writeFunction(tool, dropped));
    else if (tool.kind === 'foreign') tools.push(tool.value);
    else if (tool.kind === 'webSearch') search = tool.value;
  }
  return {
    ...(tools.length > 0 && { tools, ...writeToolUse(request) }),
    ...(search !== undefined && { web_search_options: search }),
  };
}

function writeFunction(tool: FunctionTool, dropped: Set<string>): JsonObject {
  if (tool.cacheControl !== undefined) dropped.add('cache_control');
  for (const name of Object.keys(tool.extra?.['anthropic-messages'] ?? {})) dropped.add(`tools.${name}`);
  return {
    type: 'function',
    function: {
      name: tool.name,
      ...(tool.description !== undefined && { description: tool.description }),
      parameters: typedSchema(tool.schema),
      ...writeStrict(tool.isStrict, tool.schema, 'tools.strict', dropped),
    },
  };
}

/** A schema is never rewritten to be strict: then it would be another. */
export function writeStrict(
  isStrict: boolean | undefined,
  schema: JsonObject,
  name: string,
  dropped: Set<string>,
): JsonObject {
  if (isStrict === undefined) return {};
  const strict = isStrict && isStrictSchema(schema);
  if (strict !== isStrict) dropped.add(name);
  return { strict };
}

function writeToolUse({ toolChoice, isParallelToolCalls }: Request): JsonObject {
  return {
    ...(toolChoice !== undefined && { tool_choice: writeToolChoice(toolChoice) }),
    ...(isParallelToolCalls !== undefined && { parallel_tool_calls: isParallelToolCalls }),
  };
}

function writeToolChoice(choice: ToolChoice): JsonValue {
  if (choice.kind === 'tool') return { type: 'function', function: { name: choice.name } };
  return choice.kind === 'any' ? 'required' : choice.kind;
}
