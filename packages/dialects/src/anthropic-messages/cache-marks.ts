// Anthropic keeps nothing of a prompt that is not marked, and others keep all of it by themselves. For a client of theirs
// marks are set here: where the system prompt ends, where the tools end, and where the user spoke last, so that the next
// turn finds all of this one. At most 4 are taken; these are 3.
// https://docs.claude.com/en/docs/build-with-claude/prompt-caching

import type { JsonObject } from '../json/value.ts';
import type { Capabilities } from '../model/capabilities.ts';
import type { Request } from '../model/request.ts';
import type { WrittenMessage } from './write-messages.ts';

export function isMarkWanted(request: Request, { cacheControl }: Capabilities): boolean {
  if (cacheControl === false || request.isCacheMarked === true) return false;
  const parts = [...request.system, ...request.tools, ...request.turns.flatMap((turn) => turn.parts)];
  return !parts.some((part) => 'cacheControl' in part);
}

interface Prompt {
  readonly system: readonly JsonObject[];
  readonly tools: readonly JsonObject[];
  readonly messages: readonly WrittenMessage[];
}

export function withMarks({ system, tools, messages }: Prompt): Prompt {
  const last = messages.findLastIndex(({ role }) => role === 'user');
  return {
    system: markLast(system),
    tools: markLast(tools),
    messages: messages.map((message, at) =>
      at === last ? { ...message, content: markLast(message.content) } : message,
    ),
  };
}

function markLast(blocks: readonly JsonObject[]): readonly JsonObject[] {
  const last = blocks.length - 1;
  return blocks.map((block, at) =>
    at === last ? { ...block, cache_control: { type: 'ephemeral' } } : block,
  );
}
