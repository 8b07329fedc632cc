// Tools that the client looked up for the model stand in the item of that search and not in the list of tools, so that the
// list, with which the provider's prompt cache begins, stays as it was.

import { objectOf, stringOf } from '../json/narrow.ts';
import type { JsonObject } from '../json/value.ts';
import type { FunctionTool, Tool } from '../model/request.ts';

/** The tool, with a note of the search that found it. */
export function foundBy(tool: Tool, callId: string): Tool {
  if (tool.kind !== 'function') return tool;
  const own = { ...tool.extra?.['openai-responses'], [FOUND_BY]: callId };
  return { ...tool, extra: { ...tool.extra, 'openai-responses': own } };
}

/** The call that found the tool; undefined for one of the list. */
export function finderOf(tool: Tool): string | undefined {
  return tool.kind === 'function' ? stringOf(ownFields(tool)[FOUND_BY]) : undefined;
}

/** What a tool was sent with beside what the hub knows. */
export function sentFields(tool: FunctionTool): JsonObject {
  const { [FOUND_BY]: _, [GROUP_DESCRIPTION]: __, ...sent } = ownFields(tool);
  return sent;
}

/** Of the namespace that the tool stands in. */
export function groupDescriptionOf(tool: Tool): string | undefined {
  return tool.kind === 'function' ? stringOf(ownFields(tool)[GROUP_DESCRIPTION]) : undefined;
}

const FOUND_BY = 'found_by';
export const GROUP_DESCRIPTION = 'namespace_description';

function ownFields(tool: FunctionTool): JsonObject {
  return objectOf(tool.extra?.['openai-responses']) ?? {};
}
