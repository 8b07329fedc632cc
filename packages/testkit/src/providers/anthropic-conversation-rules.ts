// Which conversations Anthropic takes: https://docs.claude.com/en/api/messages and
// https://docs.claude.com/en/docs/build-with-claude/extended-thinking

import { REDACTED_DATA, thinkingSignature } from './anthropic-messages-seals.ts';
import { claudeVersion, isNewClaude } from './claude-version.ts';
import { isObject, type Json, objectOf, objectsOf, stringOf } from './json.ts';
import type { Complaints } from './problem.ts';

export function* conversationComplaints(body: Json, model: string): Complaints {
  const messages = objectsOf(body.messages);
  if (messages.length === 0) yield { message: 'messages: at least one message is required' };
  if (messages[0]?.role !== 'user') yield { message: 'messages: first message must use the "user" role' };
  if (messages.at(-1)?.role === 'assistant' && isNewClaude(model, 4.6)) {
    yield {
      message:
        'This model does not support assistant message prefill. The conversation must end with a user message.',
    };
  }
  for (const [at, message] of messages.entries()) {
    yield* roleRules(message, at, model);
    const isLast = at === messages.length - 1;
    yield* contentRules(message, `messages.${at}`, isLast);
  }
  yield* pairs(turnsOf(messages));
  if (objectOf(body.thinking).type === 'enabled') yield* thoughtFirst(messages);
}

function* roleRules({ role }: Json, at: number, model: string): Complaints {
  if (role === 'user' || role === 'assistant') return;
  const version = claudeVersion(model);
  const isSystemTaken = version === 0 || version >= 4.8;
  if (role === 'system' && isSystemTaken) return;
  yield {
    message: `messages: Unexpected role "${role}". The Messages API accepts a top-level \`system\` parameter, not "system" as an input message role.`,
  };
  yield { message: `messages.${at}.role: Input should be 'user' or 'assistant'` };
}

const BLOCKS: Readonly<Record<string, readonly string[]>> = {
  system: ['text'],
  user: ['text', 'image', 'document', 'search_result', 'tool_result', 'container_upload', 'mid_conv_system'],
  assistant: [
    'text',
    'thinking',
    'redacted_thinking',
    'tool_use',
    'server_tool_use',
    'web_search_tool_result',
    'web_fetch_tool_result',
    'code_execution_tool_result',
    'bash_code_execution_tool_result',
    'text_editor_code_execution_tool_result',
    'tool_search_tool_result',
    'mcp_tool_use',
    'mcp_tool_result',
  ],
};

function* contentRules({ role, content }: Json, place: string, isLast: boolean): Complaints {
  if (typeof content === 'string') {
    yield* textRules(content);
    if (isLast && role === 'assistant' && content !== content.trimEnd()) {
      yield { message: 'messages: final assistant content cannot end with trailing whitespace' };
    }
    return;
  }
  if (!Array.isArray(content)) yield { message: `${place}.content: Field required` };
  const blocks = objectsOf(content);
  if (blocks.length === 0 && !(isLast && role === 'assistant')) {
    yield {
      message: `${place}: all messages must have non-empty content except for the optional final assistant message`,
    };
  }
  for (const [at, block] of blocks.entries()) {
    const type = stringOf(block.type);
    if (!BLOCKS[stringOf(role)]?.includes(type)) {
      yield { message: `${place}: \`${type}\` blocks are not permitted in \`${role}\` messages` };
    }
    yield* blockRules(block, `${place}.content.${at}`);
  }
}

function* textRules(text: string): Complaints {
  if (text === '') yield { message: 'messages: text content blocks must be non-empty' };
  if (text.trim() === '') yield { message: 'messages: text content blocks must contain non-whitespace text' };
}

function* blockRules(block: Json, place: string): Complaints {
  switch (block.type) {
    case 'text':
      yield* textRules(stringOf(block.text));
      return;
    case 'image':
      yield* imageRules(objectOf(block.source), `${place}.image.source`);
      return;
    case 'thinking':
      if (typeof block.signature !== 'string')
        yield { message: `${place}.thinking.signature: Field required` };
      if (block.signature !== thinkingSignature(stringOf(block.thinking))) {
        yield { message: `${place}: Invalid \`signature\` in \`thinking\` block` };
      }
      return;
    case 'redacted_thinking':
      if (block.data !== REDACTED_DATA)
        yield { message: `${place}: Invalid \`data\` in \`redacted_thinking\` block` };
      return;
    case 'tool_use':
      if (!/^[a-zA-Z0-9_-]+$/.test(stringOf(block.id))) {
        yield { message: `${place}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'` };
      }
      if (!/^[a-zA-Z0-9_-]{1,200}$/.test(stringOf(block.name))) {
        yield { message: `${place}.tool_use.name: String should match pattern '^[a-zA-Z0-9_-]{1,200}$'` };
      }
      if (!isObject(block.input))
        yield { message: `${place}.tool_use.input: Input should be a valid dictionary` };
      return;
    case 'tool_result':
      for (const [at, inner] of objectsOf(block.content).entries()) {
        if (
          !['text', 'image', 'document', 'search_result', 'tool_reference'].includes(stringOf(inner.type))
        ) {
          yield {
            message: `${place}.tool_result.content.${at}: Input tag '${inner.type}' does not match any of the expected tags`,
          };
        }
        if (inner.type === 'text') yield* textRules(stringOf(inner.text));
        if (inner.type === 'image')
          yield* imageRules(objectOf(inner.source), `${place}.tool_result.content.${at}`);
      }
  }
}

function* imageRules(source: Json, place: string): Complaints {
  if (source.type === 'url' || source.type === 'file') return;
  if (source.type !== 'base64')
    yield {
      message: `${place}: Input tag '${source.type}' does not match any of the expected tags: 'base64', 'url'`,
    };
  if (!/^image\/(?:jpeg|png|gif|webp)$/.test(stringOf(source.media_type))) {
    yield {
      message: `${place}.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'`,
    };
  }
  if (stringOf(source.data) === '') yield { message: `${place}.base64.data: image cannot be empty` };
}

interface Turn {
  readonly role: unknown;
  readonly blocks: readonly Json[];
}

/** Messages of one role in a row are one turn. */
function turnsOf(messages: readonly Json[]): readonly Turn[] {
  const turns: Turn[] = [];
  for (const { role, content } of messages) {
    const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : objectsOf(content);
    const last = turns.at(-1);
    if (last !== undefined && last.role === role)
      turns.splice(-1, 1, { role, blocks: [...last.blocks, ...blocks] });
    else turns.push({ role, blocks });
  }
  return turns;
}

/** All results of a turn's calls come first in the very next turn, and no other result stands anywhere. */
function* pairs(turns: readonly Turn[]): Complaints {
  const seen = new Set<unknown>();
  for (const [at, turn] of turns.entries()) {
    const calls = turn.blocks.filter(({ type }) => type === 'tool_use').map(({ id }) => id);
    for (const id of calls) {
      if (seen.has(id)) yield { message: `messages.${at}.content: \`tool_use\` ids must be unique` };
      seen.add(id);
    }
    const next = turns[at + 1];
    const firstOther = next?.blocks.findIndex(({ type }) => type !== 'tool_result') ?? -1;
    const leading = firstOther < 0 ? next?.blocks : next?.blocks.slice(0, firstOther);
    const answered = (leading ?? []).map((block) => block.tool_use_id);
    const open = calls.filter((id) => !answered.includes(id));
    // A conversation may end with calls only in theory: nobody asks then.
    if (open.length > 0) {
      yield {
        message: `messages.${at + 1}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open.join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
      };
    }
    const before = turns[at - 1]?.blocks.filter(({ type }) => type === 'tool_use').map(({ id }) => id) ?? [];
    const results = turn.blocks
      .filter(({ type }) => type === 'tool_result')
      .map((block) => block.tool_use_id);
    const lost = results.find((id) => !before.includes(id));
    if (lost !== undefined) {
      yield {
        message: `messages.${at}.content.0: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${lost}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
      };
    }
    if (results.some((id, index) => results.indexOf(id) !== index)) {
      yield {
        message: `messages.${at}.content: each tool_use must have a single result. Found multiple \`tool_result\` blocks with id: ${results[0]}`,
      };
    }
  }
}

/** With a budget to think, the step that is under way must show its thought. */
function* thoughtFirst(messages: readonly Json[]): Complaints {
  const lastUser = objectsOf(messages.at(-1)?.content);
  if (!lastUser.some(({ type }) => type === 'tool_result')) return;
  const at = messages.findLastIndex(({ role }) => role === 'assistant');
  const first = objectsOf(messages[at]?.content)[0];
  if (first?.type === 'thinking' || first?.type === 'redacted_thinking') return;
  yield {
    message: `messages.${at}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${first?.type}\`. When \`thinking\` is enabled, a final \`assistant\` message must start with a thinking block (preceeding the lastmost set of \`tool_use\` and \`tool_result\` blocks). We recommend you include thinking blocks from previous turns. To avoid this requirement, disable \`thinking\`.`,
  };
}
