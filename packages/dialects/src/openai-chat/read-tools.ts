// https://platform.openai.com/docs/api-reference/chat/create#chat-create-tools

import { InvalidRequest } from '../dialect.ts';
import * as fields from '../json/fields.ts';
import { isObject, listOf, objectOf, stringOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import type { CustomTool, Tool, ToolChoice, WebSearchTool } from '../model/request.ts';

/** Tools in the published form, in the flat form of Responses that Cursor sends, and the older `functions`. */
export function readTools(body: JsonObject): readonly Tool[] {
  const tools = fields.optionalList(body.tools, 'tools').map((tool, at) => readTool(tool, `tools.${at}`));
  const functions = fields.optionalList(body.functions, 'functions');
  const search = fields.optionalObject(body.web_search_options, 'web_search_options');
  return [
    ...tools,
    ...functions.map((called, at) => readFunction(called, `functions.${at}`)),
    ...(search === undefined ? [] : [readWebSearch(search)]),
  ];
}

function readTool(value: JsonValue, field: string): Tool {
  const tool = fields.requiredObject(value, field);
  const type = fields.optionalString(tool.type, `${field}.type`) ?? 'function';
  if (type === 'custom') return readCustom(tool, field);
  if (type !== 'function') return { kind: 'foreign', dialect: 'openai-chat', type, value: tool };
  return isObject(tool.function) || !('name' in tool)
    ? readFunction(tool.function, `${field}.function`)
    : readFunction(tool, field);
}

/** The published form nests what is the tool's own, and its grammar once more; Cursor sends both flat. */
function readCustom(tool: JsonObject, field: string): CustomTool {
  const nested = objectOf(tool.custom);
  const custom = nested ?? tool;
  const path = nested === undefined ? field : `${field}.custom`;
  const description = fields.optionalString(custom.description, `${path}.description`);
  const { grammar, ...format } = fields.optionalObject(custom.format, `${path}.format`) ?? {};
  const flat = { ...format, ...objectOf(grammar) };
  return {
    kind: 'custom',
    name: fields.requiredString(custom.name, `${path}.name`),
    ...(description !== undefined && { description }),
    ...(Object.keys(flat).length > 0 && { format: flat }),
  };
}

function readWebSearch(value: JsonObject): WebSearchTool {
  const allowed = listOf(objectOf(value.filters)?.allowed_domains).filter(
    (domain) => typeof domain === 'string',
  );
  return {
    kind: 'webSearch',
    dialect: 'openai-chat',
    value,
    ...(allowed.length > 0 && { allowedDomains: allowed }),
  };
}

function readFunction(value: JsonValue | undefined, field: string): Tool {
  const called = fields.requiredObject(value, field);
  const description = fields.optionalString(called.description, `${field}.description`);
  const schema = fields.optionalObject(called.parameters ?? called.input_schema, `${field}.parameters`);
  const isStrict = fields.optionalBoolean(called.strict, `${field}.strict`);
  return {
    kind: 'function',
    name: fields.requiredString(called.name, `${field}.name`),
    schema: schema ?? { type: 'object', properties: {} },
    ...(description !== undefined && { description }),
    ...(isStrict !== undefined && { isStrict }),
  };
}

export function readToolChoice(value: JsonValue | undefined): ToolChoice | undefined {
  if (value === undefined || value === null) return undefined;
  if (value === 'auto' || value === 'none') return { kind: value };
  if (value === 'required' || value === 'any') return { kind: 'any' };
  const choice = objectOf(value);
  const name = nameIn(choice);
  if (name !== undefined) return { kind: 'tool', name };
  // Cursor's Anthropic form.
  if (choice?.type === 'auto' || choice?.type === 'none' || choice?.type === 'any')
    return { kind: choice.type };
  if (choice?.type === 'allowed_tools') {
    return { kind: allowanceIn(choice).mode === 'required' ? 'any' : 'auto' };
  }
  throw new InvalidRequest(
    'tool_choice',
    'The field "tool_choice" must be "auto", "none", "required" or name a function.',
  );
}

/**
 * The tools that may be called. The others are there for the sake of OpenAI's prompt cache alone; a provider without such
 * a choice must not be shown them.
 */
export function allowedTools(tools: readonly Tool[], choice: JsonValue | undefined): readonly Tool[] {
  const given = objectOf(choice);
  if (given?.type !== 'allowed_tools') return tools;
  const allowed = new Set(listOf(allowanceIn(given).tools).map((tool) => nameIn(objectOf(tool))));
  return tools.filter((tool) => !('name' in tool) || allowed.has(tool.name));
}

/** The published form nests it; that of Responses is flat. */
function allowanceIn(choice: JsonObject): JsonObject {
  return objectOf(choice.allowed_tools) ?? choice;
}

/** What a choice names, nested by the form of its tool or flat. */
function nameIn(choice: JsonObject | undefined): string | undefined {
  return [choice?.function, choice?.custom, choice]
    .map((called) => stringOf(objectOf(called)?.name))
    .find((called) => called !== undefined);
}
