import type { JsonObject, JsonValue } from '@ai-switch/dialects';
import { isObject, withFields, withList } from './body.ts';
import type { Quirk } from './quirk.ts';

/**
 * Marks of what to cache are Anthropic's; of those who speak OpenAI's chat, Qwen and OpenRouter take them, too. OpenAI,
 * 2026-03: "Unknown parameter: 'messages[0].content[0].cache_control'."
 */
export const withoutCacheControl: Quirk = (body, { dialect, drop }) => {
  if (dialect !== 'openai-chat') return body;
  let isFound = false;
  const unmarked = (object: JsonObject): JsonObject => {
    if (object.cache_control === undefined) return object;
    isFound = true;
    return withFields(object, { cache_control: undefined });
  };
  const withMessages = withList(body, 'messages', (message) =>
    withList(unmarked(message), 'content', unmarked),
  );
  const withTools = withList(withMessages, 'tools', (tool) => {
    const declaration: JsonValue | undefined = tool.function;
    const bare = unmarked(tool);
    return isObject(declaration) ? withFields(bare, { function: unmarked(declaration) }) : bare;
  });
  if (isFound) drop('cache_control');
  return withTools;
};
