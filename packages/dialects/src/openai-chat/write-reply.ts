// https://platform.openai.com/docs/api-reference/chat/object

import type { ReplyContext } from '../dialect.ts';
import type { JsonObject } from '../json/value.ts';
import type { Reply } from '../model/reply.ts';
import type { ToolCallPart } from '../model/request.ts';
import { writeFinishReason } from './stop.ts';
import { writeUsageObject } from './usage.ts';

/** Content comes before calls whatever their order was: the form has no place for text after a call. */
export function writeReply(reply: Reply, context: ReplyContext): JsonObject {
  const texts = reply.parts.filter((part) => part.kind === 'text');
  const thinking = reply.parts.filter((part) => part.kind === 'thinking').map((part) => part.text);
  const calls = reply.parts.filter((part) => part.kind === 'toolCall');
  const message: JsonObject = {
    role: 'assistant',
    content: texts.length === 0 && calls.length > 0 ? null : texts.map((part) => part.text).join(''),
    refusal: null,
    ...(thinking.length > 0 && { reasoning_content: thinking.join('') }),
    ...(calls.length > 0 && {
      tool_calls: calls.map(writeCall),
    }),
  };
  return {
    id: replyIdOf(reply.id, context),
    object: 'chat.completion',
    created: Math.floor(context.createdAtMs / 1000),
    model: context.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: writeFinishReason(reply.finish) }],
    ...(reply.usage !== undefined && { usage: writeUsageObject(reply.usage) }),
  };
}

function writeCall({ id, name, form, argumentsText }: ToolCallPart): JsonObject {
  if (form === 'custom') return { id, type: 'custom', custom: { name, input: argumentsText } };
  return { id, type: 'function', function: { name, arguments: argumentsText === '' ? '{}' : argumentsText } };
}

export function replyIdOf(id: string, context: ReplyContext): string {
  return id === '' ? `chatcmpl-${context.requestId}` : id;
}
