import type { Capabilities } from './capabilities.ts';
import { toolUseAsText } from './parts-as-text.ts';
import type { Request } from './request.ts';
import { tell } from './tell.ts';
import { withoutTools } from './without-tools.ts';

/** Tools, what they are chosen by, and how many may be called at once. */
export function fitTools(request: Request, capabilities: Capabilities, dropped: Set<string>): Request {
  const { tools, webSearch, toolChoice, parallelToolCalls } = capabilities;
  if (tools === false) return withoutToolUse(request, dropped);
  let fitted = request;
  if (webSearch === false) {
    fitted = withoutTools(fitted, (tool) => tool.kind !== 'webSearch');
    if (fitted !== request) dropped.add('tools.webSearch');
  }
  if (toolChoice === false) fitted = withoutChoice(fitted, dropped);
  if (parallelToolCalls === false && fitted.isParallelToolCalls !== undefined) {
    const { isParallelToolCalls, ...rest } = fitted;
    if (!isParallelToolCalls) dropped.add('parallel_tool_calls');
    fitted = rest;
  }
  return fitted;
}

function withoutToolUse(request: Request, dropped: Set<string>): Request {
  const told = toolUseAsText(request);
  const { toolChoice, isParallelToolCalls, ...rest } = told;
  if (told.tools.length > 0) dropped.add('tools');
  else if (toolChoice === undefined && isParallelToolCalls === undefined) return told;
  return { ...rest, tools: [] };
}

/** A model that no field can force is left no other tool and told in words. */
function withoutChoice(request: Request, dropped: Set<string>): Request {
  const { toolChoice, ...rest } = request;
  switch (toolChoice?.kind) {
    case undefined:
      return request;
    case 'auto':
      return rest;
    case 'none':
      return withoutTools(rest, () => false);
    case 'any':
      dropped.add('tool_choice');
      return tell(rest, 'Call at least one of the tools in this answer.');
    case 'tool': {
      dropped.add('tool_choice');
      const { name, namespace } = toolChoice;
      const isNamed = rest.tools.some((tool) => 'name' in tool && tool.name === name);
      const fitted = isNamed
        ? withoutTools(
            rest,
            (tool) =>
              'name' in tool &&
              tool.name === name &&
              ('namespace' in tool ? tool.namespace : undefined) === namespace,
          )
        : rest;
      return tell(fitted, `Call the tool ${name} in this answer.`);
    }
  }
}
