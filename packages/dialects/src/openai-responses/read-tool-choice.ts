// https://platform.openai.com/docs/api-reference/responses/create#responses-create-tool_choice

import { InvalidRequest } from '../dialect.ts';
import { isObject, listOf, objectOf, stringOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import type { Tool, ToolChoice } from '../model/request.ts';

export function readToolChoice(value: JsonValue | undefined): ToolChoice | undefined {
  if (value === undefined || value === null) return undefined;
  if (value === 'auto' || value === 'none') return { kind: value };
  if (value === 'required') return { kind: 'any' };
  const choice = objectOf(value);
  const name = stringOf(choice?.name) ?? stringOf(objectOf(choice?.function)?.name);
  const namespace = stringOf(choice?.namespace);
  if (name !== undefined) return { kind: 'tool', name, ...(namespace !== undefined && { namespace }) };
  if (choice?.type === 'allowed_tools') return { kind: choice.mode === 'required' ? 'any' : 'auto' };
  if (choice?.type === 'tool_search') return { kind: 'tool', name: 'tool_search' };
  // A tool that the provider runs is named by its type alone.
  if (typeof choice?.type === 'string') return { kind: 'any' };
  throw new InvalidRequest(
    'tool_choice',
    'The field "tool_choice" must be "auto", "none", "required" or name a tool.',
  );
}

/**
 * The tools that may be called. The others are there for the sake of OpenAI's prompt cache alone; a provider without such
 * a choice must not be shown them.
 */
export function allowedTools(tools: readonly Tool[], choice: JsonValue | undefined): readonly Tool[] {
  const named = objectOf(choice);
  if (named?.type !== 'allowed_tools') return tools;
  const allowed = listOf(named.tools).filter(isObject);
  return tools.filter((tool) => allowed.some((one) => isMeant(tool, one)));
}

function isMeant(tool: Tool, { type, name, namespace }: JsonObject): boolean {
  switch (tool.kind) {
    case 'function':
    case 'custom':
      return tool.name === name && (namespace === undefined || tool.namespace === namespace);
    case 'toolSearch':
      return type === 'tool_search';
    case 'webSearch':
      return tool.value.type === type;
    case 'foreign':
      return tool.type === type;
  }
}
