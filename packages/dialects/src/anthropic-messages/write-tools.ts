// https://docs.claude.com/en/api/messages#body-tools

import type { JsonObject } from '../json/value.ts';
import { lowerTools, type ToolForms } from '../model/lower-tools.ts';
import type { Request, Tool, ToolChoice, WebSearchTool } from '../model/request.ts';
import { withoutTools } from '../model/without-tools.ts';
import { objectSchema } from './tool-schema.ts';
import { cacheControl } from './write-content.ts';

/** "tools.0.custom.name: String should match pattern"; others who speak this dialect keep to 64 characters. */
const FORMS: ToolForms = {
  hasNamespaces: false,
  hasCustom: false,
  hasToolSearch: false,
  nameCharactersMax: 64,
  namePattern: /^[a-zA-Z0-9_-]+$/,
};

/** Tools of the forms and names that this dialect has; a search of the web is the same in all that have one. */
export function fitToolForms(request: Request, dropped: Set<string>): ReturnType<typeof lowerTools> {
  const fitted = withoutTools(request, (tool) => {
    if (tool.kind !== 'foreign' || tool.dialect === 'anthropic-messages') return true;
    dropped.add(`tools.${tool.type}`);
    return false;
  });
  return lowerTools(fitted, FORMS);
}

/** Custom tools and searches of tools are functions by now. */
export function writeTool(tool: Tool): readonly JsonObject[] {
  switch (tool.kind) {
    case 'function':
      return [
        {
          name: tool.name,
          ...(tool.description !== undefined && { description: tool.description }),
          input_schema: objectSchema(tool.schema),
          ...(tool.isStrict === true && { strict: true }),
          ...tool.extra?.['anthropic-messages'],
          ...cacheControl(tool),
        },
      ];
    case 'foreign':
      return [tool.value];
    case 'webSearch':
      return [writeWebSearch(tool)];
    default:
      return [];
  }
}

/** https://docs.claude.com/en/docs/agents-and-tools/tool-use/web-search-tool: only one of the two lists is taken. */
function writeWebSearch({
  dialect,
  value,
  usesMax,
  allowedDomains,
  blockedDomains,
}: WebSearchTool): JsonObject {
  if (dialect === 'anthropic-messages') return value;
  return {
    type: 'web_search_20250305',
    name: 'web_search',
    ...(usesMax !== undefined && { max_uses: usesMax }),
    ...(allowedDomains !== undefined && { allowed_domains: allowedDomains }),
    ...(blockedDomains !== undefined && allowedDomains === undefined && { blocked_domains: blockedDomains }),
  };
}

export function writeToolUse({ toolChoice, isParallelToolCalls }: Request): JsonObject {
  const isSerial = isParallelToolCalls === false && toolChoice?.kind !== 'none';
  if (toolChoice === undefined && !isSerial) return {};
  return {
    tool_choice: {
      ...writeToolChoice(toolChoice ?? { kind: 'auto' }),
      ...(isSerial && { disable_parallel_tool_use: true }),
    },
  };
}

function writeToolChoice(choice: ToolChoice): JsonObject {
  return choice.kind === 'tool' ? { type: 'tool', name: choice.name } : { type: choice.kind };
}
