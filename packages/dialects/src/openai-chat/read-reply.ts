// https://platform.openai.com/docs/api-reference/chat/object

import { InvalidReply } from '../dialect.ts';
import { isObject, listOf, objectOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import type { Event } from '../model/event.ts';
import { errorIn } from '../model/provider-error.ts';
import { ChatStreamReader } from './read-stream.ts';

/**
 * A whole reply, read by the reader of streams as one chunk that holds everything. A refusal with status 200 gives its
 * `error` event.
 * @throws InvalidReply for a body without choices
 */
export function readReply(body: JsonValue): readonly Event[] {
  const error = errorIn(200, body, false);
  if (error !== undefined) return [{ type: 'error', error }];
  const reply = objectOf(body);
  const choices = listOf(reply?.choices).filter(isObject);
  const first = choices[0];
  if (reply === undefined || first === undefined) {
    throw new InvalidReply('The provider sent an answer without choices.');
  }
  const reader = new ChatStreamReader();
  const events: Event[] = [];
  const others = choices.slice(1).map((_, at) => ({ index: at + 1 }));
  const whole = { ...first, index: 0, delta: numbered(first) };
  reader.readChunk({ ...reply, choices: [whole, ...others] }, events);
  // The end of a reply is its closing brace, so that a missing finish reason is an ordinary end.
  events.push(...reader.read({ event: '', data: '[DONE]' }));
  return events;
}

/** A reply's calls carry no number: their order is one. */
function numbered(choice: JsonObject): JsonObject {
  const message = objectOf(choice.message) ?? {};
  const calls = listOf(message.tool_calls).filter(isObject);
  return calls.length === 0
    ? message
    : { ...message, tool_calls: calls.map((call, index) => ({ ...call, index })) };
}
