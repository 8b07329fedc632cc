// https://docs.claude.com/en/api/messages#response-content

import type { ReplyContext } from '../dialect.ts';
import { objectOf, parseJson } from '../json/narrow.ts';
import type { JsonObject } from '../json/value.ts';
import type { Reply } from '../model/reply.ts';
import { noUsage } from '../model/usage.ts';
import { writeStopReason } from './stop.ts';
import { writeUsageObject } from './usage.ts';

export function writeReply(reply: Reply, context: ReplyContext): JsonObject {
  return {
    id: replyIdOf(reply.id, context),
    type: 'message',
    role: 'assistant',
    model: context.model,
    content: spoken(reply.parts).flatMap(writePart),
    stop_reason: writeStopReason(reply.finish),
    stop_sequence: reply.stopSequence ?? null,
    usage: writeUsageObject(reply.usage ?? noUsage),
  };
}

export function replyIdOf(id: string, context: ReplyContext): string {
  return id === '' ? `msg_${context.requestId}` : id;
}

/** A thought without words is not the last block: Claude Code takes the last one for the result. */
function spoken(parts: Reply['parts']): Reply['parts'] {
  const last = parts.at(-1);
  const isMute = last?.kind === 'thinking' && last.text === '' && parts.length > 1;
  return isMute ? parts.slice(0, -1) : parts;
}

/** No text is empty here; arguments that were cut off are no object and are shown as they came. */
function writePart(part: Reply['parts'][number]): readonly JsonObject[] {
  switch (part.kind) {
    case 'text':
      return part.text === '' ? [] : [{ type: 'text', text: part.text }];
    case 'thinking':
      return [{ type: 'thinking', thinking: part.text, signature: part.signature ?? '' }];
    case 'redactedThinking':
      return [{ type: 'redacted_thinking', data: part.data }];
    case 'toolCall': {
      const input = objectOf(parseJson(part.argumentsText || '{}')) ?? { arguments: part.argumentsText };
      return [{ type: 'tool_use', id: part.id, name: part.name, input }];
    }
  }
}
