// https://docs.claude.com/en/api/messages#body-messages: a user speaks first, roles alternate, the results of an
// assistant's calls stand first in the very next user message, and no text is empty.

import { objectOf, parseJson } from '../json/narrow.ts';
import type { JsonObject } from '../json/value.ts';
import { arrangeToolResults } from '../model/call-legality.ts';
import { digest } from '../model/digest.ts';
import type { DocumentPart, ImagePart, Part, Request, ToolResultPart, Turn } from '../model/request.ts';

interface WireMessage extends JsonObject {
  readonly role: 'user' | 'assistant';
  readonly content: readonly JsonObject[];
}

export function writeMessages(request: Request, dropped: Set<string>): readonly WireMessage[] {
  const messages: { role: WireMessage['role']; content: JsonObject[] }[] = [];
  arrangeToolResults(request.turns).forEach((turn, at) => {
    const content = writeTurn(turn, `messages.${at}`, dropped);
    if (content.length === 0) return;
    const role = turn.role === 'assistant' ? 'assistant' : 'user';
    const last = messages.at(-1);
    if (last?.role === role) last.content.push(...content);
    else messages.push({ role, content });
  });
  if (messages[0]?.role !== 'user') {
    messages.unshift({ role: 'user', content: [{ type: 'text', text: '[The conversation goes on.]' }] });
  }
  trimPrefill(messages.at(-1));
  return messages;
}

/** "final assistant content cannot end with trailing whitespace" */
function trimPrefill(last: { role: string; content: JsonObject[] } | undefined): void {
  const block = last?.content.at(-1);
  if (last?.role !== 'assistant' || block?.type !== 'text' || typeof block.text !== 'string') return;
  const text = block.text.trimEnd();
  if (text === '') last.content.pop();
  else last.content[last.content.length - 1] = { ...block, text };
}

/**
 * System text in the middle is folded into the user's words: models before Opus 4.7 refuse the role there, and hoisting
 * it to the top would change the cached prefix at every turn.
 */
function writeTurn(turn: Turn, field: string, dropped: Set<string>): JsonObject[] {
  if (turn.role !== 'system') return turn.parts.flatMap((part) => writePart(part, field, dropped));
  const text = turn.parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('\n\n');
  return text === '' ? [] : [{ type: 'text', text: `<system-reminder>\n${text}\n</system-reminder>` }];
}

function writePart(part: Part, field: string, dropped: Set<string>): readonly JsonObject[] {
  switch (part.kind) {
    case 'text':
      return part.text.trim() === '' ? [] : [{ type: 'text', text: part.text, ...cacheControl(part) }];
    case 'image':
      return [writeImage(part)];
    case 'document':
      return [writeDocument(part)];
    case 'thinking':
      if (part.signature !== undefined) {
        return [{ type: 'thinking', thinking: part.text, signature: part.signature }];
      }
      // Without the signature of the model that thought it, a thought is refused.
      dropped.add(`${field}.thinking`);
      return [];
    case 'redactedThinking':
      return [{ type: 'redacted_thinking', data: part.data }];
    case 'toolCall': {
      const input = objectOf(parseJson(part.argumentsText)) ?? { arguments: part.argumentsText };
      return [{ type: 'tool_use', id: callId(part.id), name: part.name, input, ...cacheControl(part) }];
    }
    case 'toolResult':
      return [writeResult(part, field, dropped)];
    case 'foreign':
      if (part.dialect === 'anthropic-messages') return [part.value];
      dropped.add(`${field}.${part.type}`);
      return [];
  }
}

function writeResult(result: ToolResultPart, field: string, dropped: Set<string>): JsonObject {
  const content = result.parts.flatMap((part) => writePart(part, field, dropped));
  return {
    type: 'tool_result',
    tool_use_id: callId(result.callId),
    ...(content.length > 0 && { content }),
    ...(result.isError && { is_error: true }),
    ...cacheControl(result),
  };
}

function writeImage(part: ImagePart): JsonObject {
  return { type: 'image', source: writeSource(part.source), ...cacheControl(part) };
}

function writeDocument(part: DocumentPart): JsonObject {
  return {
    type: 'document',
    source: writeSource(part.source),
    ...(part.title !== undefined && { title: part.title }),
    ...cacheControl(part),
  };
}

function writeSource(source: DocumentPart['source']): JsonObject {
  switch (source.kind) {
    case 'base64':
      return { type: 'base64', media_type: source.mediaType, data: source.data };
    case 'url':
      return { type: 'url', url: source.url };
    case 'file':
      return { type: 'file', file_id: source.fileId };
    case 'text':
      return { type: 'text', media_type: 'text/plain', data: source.text };
  }
}

/** Anthropic: "tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'". */
function callId(id: string): string {
  return /^[a-zA-Z0-9_-]+$/.test(id)
    ? id
    : `${id.replaceAll(/[^a-zA-Z0-9_-]/g, '_')}_${digest(id).slice(0, 8)}`;
}

export function cacheControl(part: { readonly cacheControl?: JsonObject }): JsonObject {
  return part.cacheControl === undefined ? {} : { cache_control: part.cacheControl };
}
