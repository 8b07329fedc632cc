// https://docs.claude.com/en/api/messages#body-tools

import * as fields from '../json/fields.ts';
import { isObject } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import type { Tool, Turn, WebSearchTool } from '../model/request.ts';
import { referredTool } from '../model/tool-reference.ts';
import { cacheControl } from './read-content.ts';

/**
 * A tool with `defer_loading` is hidden until a search found it. Claude Code searches by a tool of its own, so that a
 * tool which no result refers to is of no use yet: it is kept for this dialect only. Where the provider is to search,
 * another dialect must see them all.
 */
export function readTools(value: JsonValue | undefined, turns: readonly Turn[]): readonly Tool[] {
  const tools = fields.optionalList(value, 'tools');
  const found = tools.some(isSearchTool) ? undefined : referredTools(turns);
  return tools.map((item, at) => {
    const tool = readTool(fields.requiredObject(item, `tools.${at}`), `tools.${at}`);
    const isHidden = isObject(item) && item.defer_loading === true && tool.kind === 'function';
    if (!isHidden || found === undefined || found.has(tool.name)) return tool;
    return { kind: 'foreign', dialect: 'anthropic-messages', type: 'defer_loading', value: item };
  });
}

/** Fields that the hub holds; a tool may have others, like `eager_input_streaming`. */
const HUB_FIELDS = new Set(['type', 'name', 'description', 'input_schema', 'strict', 'cache_control']);

function readTool(tool: JsonObject, field: string): Tool {
  const type = fields.optionalString(tool.type, `${field}.type`) ?? 'custom';
  if (/^web_search_\d/.test(type)) return readWebSearch(tool, field);
  if (type !== 'custom') return { kind: 'foreign', dialect: 'anthropic-messages', type, value: tool };
  const description = fields.optionalString(tool.description, `${field}.description`);
  const isStrict = fields.optionalBoolean(tool.strict, `${field}.strict`);
  const others = Object.entries(tool).filter(([name]) => !HUB_FIELDS.has(name));
  return {
    kind: 'function',
    name: fields.requiredString(tool.name, `${field}.name`),
    schema: fields.optionalObject(tool.input_schema, `${field}.input_schema`) ?? { type: 'object' },
    ...fields.present({ description, isStrict }),
    ...cacheControl(tool),
    ...(others.length > 0 && { extra: { 'anthropic-messages': Object.fromEntries(others) } }),
  };
}

function readWebSearch(value: JsonObject, field: string): WebSearchTool {
  const domains = (name: string): readonly string[] =>
    fields
      .optionalList(value[name], `${field}.${name}`)
      .map((domain, at) => fields.requiredString(domain, `${field}.${name}.${at}`));
  const usesMax = fields.optionalPositiveInteger(value.max_uses, `${field}.max_uses`);
  const allowedDomains = domains('allowed_domains');
  const blockedDomains = domains('blocked_domains');
  return {
    kind: 'webSearch',
    dialect: 'anthropic-messages',
    value,
    ...(usesMax !== undefined && { usesMax }),
    ...(allowedDomains.length > 0 && { allowedDomains }),
    ...(blockedDomains.length > 0 && { blockedDomains }),
  };
}

function isSearchTool(tool: JsonValue): boolean {
  return isObject(tool) && typeof tool.type === 'string' && tool.type.startsWith('tool_search_tool');
}

/** The names in the `tool_reference` blocks of results. */
function referredTools(turns: readonly Turn[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const part of turns.flatMap((turn) => turn.parts)) {
    if (part.kind !== 'toolResult') continue;
    for (const inner of part.parts) {
      const name = inner.kind === 'foreign' ? referredTool(inner) : undefined;
      if (name !== undefined) names.add(name);
    }
  }
  return names;
}
