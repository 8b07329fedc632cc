import type { Request, Tool } from './request.ts';

/**
 * The request with some tools only. A choice that can no longer be met goes with them: one of a tool that is gone, and
 * any at all when none is left.
 */
export function withoutTools(request: Request, isKept: (tool: Tool) => boolean): Request {
  const tools = request.tools.filter(isKept);
  if (tools.length === request.tools.length) return request;
  const { toolChoice, isParallelToolCalls, ...rest } = request;
  if (tools.length === 0) return { ...rest, tools };
  const gone = request.tools.filter((tool) => !isKept(tool)).map(nameOf);
  const isChoiceGone = toolChoice?.kind === 'tool' && gone.includes(toolChoice.name);
  return {
    ...rest,
    tools,
    ...(toolChoice !== undefined && !isChoiceGone && { toolChoice }),
    ...(isParallelToolCalls !== undefined && { isParallelToolCalls }),
  };
}

/** A tool that the provider runs may have a name too. */
function nameOf(tool: Tool): unknown {
  return 'name' in tool ? tool.name : 'value' in tool ? tool.value.name : undefined;
}
