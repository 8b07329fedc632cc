// https://platform.openai.com/docs/api-reference/responses/object#responses/object-output
// A finished part as an item: alike in a stream's `output_item.done` and in a whole reply's `output`.

import type { ReplyContext } from '../dialect.ts';
import { objectOf, parseJson } from '../json/narrow.ts';
import type { JsonObject } from '../json/value.ts';
import { digest } from '../model/digest.ts';
import type { Reply } from '../model/reply.ts';
import type { TextPart, ToolCallPart } from '../model/request.ts';
import { compactionItem } from './compaction.ts';
import { reasoningItem } from './reasoning-item.ts';

type ReplyPart = Reply['parts'][number];

/** Undefined for a thought without words whose hidden form the client does not want. */
export function itemOf(
  part: ReplyPart,
  place: string,
  { isEncryptedReasoningWanted = false }: ReplyContext,
): JsonObject | undefined {
  switch (part.kind) {
    case 'text':
      return messageItem(part, place);
    case 'toolCall':
      return callItem(part, place);
    case 'thinking': {
      const encrypted = isEncryptedReasoningWanted ? part.signature : undefined;
      if (part.text === '' && encrypted === undefined) return undefined;
      return reasoningItem(itemId('rs', place), part.text, encrypted);
    }
    case 'redactedThinking':
      if (!isEncryptedReasoningWanted) return undefined;
      return reasoningItem(itemId('rs', place), '', part.data);
  }
}

/** All that was said, as the one item that replaces the conversation; undefined when nothing was. */
export function compactionOf(parts: readonly ReplyPart[], place: string): JsonObject | undefined {
  const texts = parts.filter((part) => part.kind === 'text').map((part) => part.text);
  const summary = texts.join('\n\n').trim();
  return summary === '' ? undefined : compactionItem(itemId('cmp', place), summary);
}

export const NO_SUMMARY = 'The model wrote no summary of the conversation.';

/** Providers check the beginning of an id, and that none is empty. */
function itemId(prefix: string, place: string): string {
  return `${prefix}_${digest(place)}${digest(`${place}\n`)}`;
}

/** Names an item within all answers. */
export function placeOf(responseId: string, outputIndex: number): string {
  return `${responseId}\n${outputIndex}`;
}

function messageItem({ text }: TextPart, place: string): JsonObject {
  return {
    id: itemId('msg', place),
    type: 'message',
    status: 'completed',
    role: 'assistant',
    content: [textContent(text)],
  };
}

export function textContent(text: string): JsonObject {
  return { type: 'output_text', annotations: [], logprobs: [], text };
}

function callItem({ id, name, namespace, form, argumentsText }: ToolCallPart, place: string): JsonObject {
  const group = namespace === undefined ? {} : { namespace };
  const call = { call_id: id, name, ...group };
  const status = 'completed';
  switch (form) {
    case 'custom':
      return { id: itemId('ctc', place), type: 'custom_tool_call', status, ...call, input: argumentsText };
    case 'toolSearch': {
      const given = objectOf(parseJson(argumentsText)) ?? {};
      const search = { status, call_id: id, execution: 'client', arguments: given };
      return { id: itemId('tsc', place), type: 'tool_search_call', ...search };
    }
    default: {
      const text = argumentsText === '' ? '{}' : argumentsText;
      return { id: itemId('fc', place), type: 'function_call', status, ...call, arguments: text };
    }
  }
}
