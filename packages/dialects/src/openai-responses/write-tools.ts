// https://platform.openai.com/docs/api-reference/responses/create#responses-create-tools

import type { JsonObject, JsonValue } from '../json/value.ts';
import { lowerTools, type ToolForms } from '../model/lower-tools.ts';
import type { CustomTool, FunctionTool, Request, Tool, ToolChoice, WebSearchTool } from '../model/request.ts';
import { withoutTools } from '../model/without-tools.ts';

const FORMS: ToolForms = {
  hasNamespaces: true,
  hasCustom: true,
  hasToolSearch: true,
  nameCharactersMax: 64,
  namePattern: /^[A-Za-z0-9_-]+$/,
};

/** Tools with names that the provider takes; those of other dialects' providers go. */
export function fitToolForms(request: Request, dropped: Set<string>): ReturnType<typeof lowerTools> {
  const fitted = withoutTools(request, (tool) => {
    if (tool.kind !== 'foreign' || tool.dialect === 'openai-responses') return true;
    dropped.add(`tools.${tool.type}`);
    return false;
  });
  return lowerTools(fitted, FORMS);
}

export function writeTools(request: Request, dropped: Set<string>): JsonObject {
  if (request.tools.length === 0) return {};
  const { toolChoice, isParallelToolCalls } = request;
  return {
    tools: grouped(request.tools, dropped),
    ...(toolChoice !== undefined && { tool_choice: writeToolChoice(toolChoice, request.tools) }),
    ...(isParallelToolCalls !== undefined && { parallel_tool_calls: isParallelToolCalls }),
  };
}

/** The tools of a namespace stand together, where the first of them stood. */
function grouped(tools: readonly Tool[], dropped: Set<string>): readonly JsonObject[] {
  const groups = new Map<string, JsonObject[]>();
  const written: JsonObject[] = [];
  for (const tool of tools) {
    const namespace = 'namespace' in tool ? tool.namespace : undefined;
    const list = namespace === undefined ? written : groups.get(namespace);
    if (list !== undefined) list.push(writeTool(tool, dropped));
    else if (namespace !== undefined) {
      const members = [writeTool(tool, dropped)];
      groups.set(namespace, members);
      written.push({ type: 'namespace', name: namespace, tools: members });
    }
  }
  return written;
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
  return {
    type: 'function',
    name: tool.name,
    ...(tool.description !== undefined && { description: tool.description }),
    parameters: tool.schema,
    strict: tool.isStrict ?? false,
    ...tool.extra?.['openai-responses'],
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
  const type = chosen?.kind === 'custom' ? 'custom' : 'function';
  return { type, name, ...(namespace !== undefined && { namespace }) };
}
