// Answers of Chat Completions, made of their chunks.

import type { JsonObject, JsonValue } from '../src/json/value.ts';
import type { Event } from '../src/model/event.ts';
import { openaiChat } from '../src/openai-chat/index.ts';
import { eventsOf } from './streams.ts';

export const chunk = (delta: JsonValue, finish: string | null = null, more: JsonObject = {}): JsonObject => ({
  id: 'c',
  model: 'm',
  ...more,
  choices: [{ index: 0, delta, finish_reason: finish }],
});

/** Each item is a chunk; the stream ends with [DONE]. */
export function streamed(chunks: readonly JsonValue[]): Event[] {
  const text = chunks.map((item) => `data: ${JSON.stringify(item)}\n\n`).join('');
  return eventsOf(openaiChat, [Buffer.from(`${text}data: [DONE]\n\n`)]);
}

export function whole(
  message: JsonObject,
  finish: string | null = 'stop',
  more: JsonObject = {},
): readonly Event[] {
  return openaiChat.readReply({
    id: 'c',
    model: 'm',
    ...more,
    choices: [{ index: 0, message, finish_reason: finish }],
  });
}

export const calls = (...pieces: JsonObject[]): JsonObject => ({ tool_calls: pieces });
export const end = chunk({}, 'tool_calls');
