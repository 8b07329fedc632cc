// https://platform.openai.com/docs/api-reference/responses/create#responses-create-tools

import type { JsonObject, JsonValue } from '../json/value.ts';
import { lowerTools, type ToolForms } from '../model/lower-tools.ts';
import type { CustomTool, FunctionTool, Request, Tool, ToolChoice, WebSearchTool } from '../model/request.ts';
import { isStrictSchema } from '../model/strict-schema.ts';
import { typedSchema } from '../model/typed-schema.ts';
import { withoutTools } from '../model/without-tools.ts';
import { isOpenAi } from '../openai-chat/model-family.ts';
import { finderOf, groupDescriptionOf, sentFields } from './found-tools.ts';

/** OpenAI's own models know every kind of tool; others that speak this dialect take functions. */
function formsOf(model: string): ToolForms {
  const isNative = isOpenAi(model);
  return {
    hasNamespaces: isNative,
    hasCustom: isNative,
    hasToolSearch: isNative,
    nameCharactersMax: 64,
    namePattern: /^[A-Za-z0-9_-]+$/,
  };
}

/** Tools of the forms and the names that the model takes; those of other dialects' providers go. */
export function fitToolForms(
  request: Request,
  model: string,
  dropped: Set<string>,
): ReturnType<typeof lowerTools> {
  const fitted = withoutTools(request, (tool) => {
    if (tool.kind !== 'foreign' || tool.dialect === 'openai-responses') return true;
    dropped.add(`tools.${tool.type}`);
    return false;
  });
  return lowerTools(fitted, formsOf(model));
}

/** @param request whose tools that a search found stand with that search in the input */
export function writeTools(request: Request, dropped: Set<string>): JsonObject {
  const searches = searchesIn(request);
  const listed = request.tools.filter((tool) => !searches.has(finderOf(tool) ?? ''));
  if (request.tools.length === 0) return {};
  const { toolChoice, isParallelToolCalls } = request;
  return {
    ...(listed.length > 0 && { tools: writeToolList(listed, dropped) }),
    ...(toolChoice !== undefined && { tool_choice: writeToolChoice(toolChoice, request.tools) }),
    ...(isParallelToolCalls !== undefined && { parallel_tool_calls: isParallelToolCalls }),
  };
}

/** The tools that a search found. */
export function writeFoundTools({ tools }: Request, callId: string): readonly JsonObject[] {
  const found = tools.filter((tool) => finderOf(tool) === callId);
  return writeToolList(found, new Set());
}

/** The calls of the conversation that are written as searches. */
function searchesIn({ turns }: Request): ReadonlySet<string> {
  const parts = turns.flatMap((turn) => turn.parts);
  return new Set(
    parts.flatMap((part) => (part.kind === 'toolCall' && part.form === 'toolSearch' ? [part.id] : [])),
  );
}

/** The tools of a namespace stand together, where the first of them stood. */
function writeToolList(tools: readonly Tool[], dropped: Set<string>): readonly JsonObject[] {
  const written: JsonObject[] = [];
  const groups = new Map<string, JsonObject[]>();
  for (const tool of tools) {
    const name = namespaceOf(tool);
    const group = name === undefined ? written : groups.get(name);
    if (group !== undefined) group.push(writeTool(tool, dropped));
    else if (name !== undefined) {
      const members = [writeTool(tool, dropped)];
      groups.set(name, members);
      written.push({ type: 'namespace', name, description: descriptionOf(name, tools), tools: members });
    }
  }
  return written;
}

function namespaceOf(tool: Tool): string | undefined {
  return 'namespace' in tool ? tool.namespace : undefined;
}

/** It is required, and only functions keep it. */
function descriptionOf(namespace: string, tools: readonly Tool[]): string {
  const members = tools.filter((tool) => namespaceOf(tool) === namespace);
  const found = members.map(groupDescriptionOf).find((description) => description !== undefined);
  return found ?? `Tools of ${namespace}.`;
}

function writeTool(tool: Tool, dropped: Set<string>): JsonObject {
  switch (tool.kind) {
    case 'function':
      return writeFunction(tool, dropped);
    case 'custom':
      return writeCustom(tool);
    case 'toolSearch': {
      const { description, schema } = tool;
      return {
        type: 'tool_search',
        execution: 'client',
        ...(description !== undefined && { description }),
        parameters: schema,
      };
    }
    case 'webSearch':
      return writeWebSearch(tool, dropped);
    case 'foreign':
      return tool.value;
  }
}

/** Strict unless it is said otherwise: "strict: boolean, defaults to true". */
function writeFunction(tool: FunctionTool, dropped: Set<string>): JsonObject {
  if (tool.cacheControl !== undefined) dropped.add('cache_control');
  for (const [dialect, extra] of Object.entries(tool.extra ?? {})) {
    if (dialect !== 'openai-responses') for (const name of Object.keys(extra)) dropped.add(`tools.${name}`);
  }
  const strict = tool.isStrict === true && isStrictSchema(tool.schema);
  if (strict !== (tool.isStrict ?? false)) dropped.add('tools.strict');
  return {
    type: 'function',
    name: tool.name,
    ...(tool.description !== undefined && { description: tool.description }),
    parameters: typedSchema(tool.schema),
    strict,
    ...sentFields(tool),
  };
}

function writeCustom({ name, description, format }: CustomTool): JsonObject {
  return {
    type: 'custom',
    name,
    ...(description !== undefined && { description }),
    ...(format !== undefined && { format }),
  };
}

function writeWebSearch(tool: WebSearchTool, dropped: Set<string>): JsonObject {
  if (tool.dialect === 'openai-responses') return tool.value;
  if (tool.usesMax !== undefined) dropped.add('tools.webSearch.max_uses');
  if (tool.blockedDomains !== undefined) dropped.add('tools.webSearch.blocked_domains');
  const { allowedDomains } = tool;
  return {
    type: 'web_search',
    ...(allowedDomains !== undefined && { filters: { allowed_domains: allowedDomains } }),
  };
}

/** A choice names the tool in the form that it was declared in. */
function writeToolChoice(choice: ToolChoice, tools: readonly Tool[]): JsonValue {
  if (choice.kind === 'any') return 'required';
  if (choice.kind !== 'tool') return choice.kind;
  const { name, namespace } = choice;
  const isNamed = (tool: Tool) => 'name' in tool && tool.name === name && tool.namespace === namespace;
  const chosen = tools.find(isNamed);
  if (chosen === undefined && name === 'tool_search') return { type: 'tool_search' };
  const isSearch = tools.some((tool) => tool.kind === 'webSearch' && tool.value.name === name);
  if (chosen === undefined && isSearch) return { type: 'web_search' };
  const type = chosen?.kind === 'custom' ? 'custom' : 'function';
  return { type, name, ...(namespace !== undefined && { namespace }) };
}
