import { isObject, listOf, withFields } from './body.ts';
import type { Quirk } from './quirk.ts';

/** 2025-06: "Invalid tool_choice type: 'object'. Supported string values: none, auto, required". */
export const lmStudioToolChoice: Quirk = (body) => {
  const { tool_choice: choice } = body;
  if (!isObject(choice)) return body;
  const wanted = isObject(choice.function) ? choice.function.name : undefined;
  const only = listOf(body.tools).filter(
    (tool) => isObject(tool) && isObject(tool.function) && tool.function.name === wanted,
  );
  return withFields(body, { tool_choice: 'required', ...(only.length > 0 && { tools: only }) });
};
