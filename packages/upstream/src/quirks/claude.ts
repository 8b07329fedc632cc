// What Claude models refuse is told by their names. The dialect knows it as well when it writes a request anew; here it is
// for the bytes of Anthropic's own clients, which go through untouched otherwise.

import type { JsonObject, JsonValue } from '@ai-switch/dialects';
import { isObject, listOf, withFields, withList, withoutFields } from './body.ts';
import { claudeVersion } from './model-names.ts';
import type { Quirk } from './quirk.ts';

/** From Opus 4.7 on, 2026-04: "`temperature` is deprecated for this model." 1 is taken; top_p and top_k never are. */
export const claudeSampling: Quirk = (body, { model, drop }) => {
  if (claudeVersion(model) < 4.7) return body;
  const names = ['top_p', 'top_k', ...(body.temperature === 1 ? [] : ['temperature'])];
  return withoutFields(body, names, drop);
};

/** From Opus 4.7 on, 2026-05: "Use thinking.type.adaptive and output_config.effort to control thinking behavior." */
export const claudeThinking: Quirk = (body, { model }) => {
  const { thinking, output_config: output } = body;
  if (claudeVersion(model) < 4.7 || !isObject(thinking) || thinking.type !== 'enabled') return body;
  const { budget_tokens: budget, ...rest } = thinking;
  const given: JsonObject = isObject(output) ? output : {};
  return withFields(body, {
    thinking: { ...rest, type: 'adaptive' },
    output_config: { effort: effortOfBudget(budget), ...given },
  });
};

function effortOfBudget(budget: JsonValue | undefined): string {
  if (typeof budget !== 'number') return 'high';
  if (budget < 2_000) return 'low';
  return budget < 10_000 ? 'medium' : 'high';
}

/**
 * Anthropic caches only what is marked. Clients of the other dialects cannot mark, so that the system prompt, the tools and the
 * conversation so far are marked for them: three of the four that are allowed.
 * https://platform.claude.com/docs/en/build-with-claude/prompt-caching
 */
export const claudeCacheMarks: Quirk = (body, { clientDialect }) => {
  if (clientDialect === 'anthropic-messages' || claudeMarks(body)) return body;
  return markMessages(markTools(markSystem(body)));
};

const MARK = { type: 'ephemeral' };

function claudeMarks(body: JsonObject): boolean {
  return body.cache_control !== undefined || JSON.stringify(body).includes('"cache_control"');
}

function markSystem(body: JsonObject): JsonObject {
  const blocks = blocksOf(body.system);
  return blocks.length === 0 ? body : { ...body, system: lastMarked(blocks) };
}

function markTools(body: JsonObject): JsonObject {
  const last = listOf(body.tools).length - 1;
  return withList(body, 'tools', (tool, index) => (index === last ? { ...tool, cache_control: MARK } : tool));
}

function markMessages(body: JsonObject): JsonObject {
  const last = listOf(body.messages).findLastIndex((message) => isObject(message) && message.role === 'user');
  return withList(body, 'messages', (message, index) => {
    const blocks = index === last ? blocksOf(message.content) : [];
    return blocks.length === 0 ? message : { ...message, content: lastMarked(blocks) };
  });
}

/** An empty text cannot be marked: "cache_control cannot be set for empty text blocks". */
function blocksOf(content: JsonValue | undefined): readonly JsonValue[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
  const blocks = listOf(content);
  const last = blocks.at(-1);
  return isObject(last) && last.text !== '' ? blocks : [];
}

function lastMarked(blocks: readonly JsonValue[]): readonly JsonValue[] {
  return blocks.map((block, index) =>
    index === blocks.length - 1 && isObject(block) ? { ...block, cache_control: MARK } : block,
  );
}
