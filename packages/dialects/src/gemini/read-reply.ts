// https://ai.google.dev/api/generate-content#generatecontentresponse

import { InvalidReply } from '../dialect.ts';
import { listOf, objectOf } from '../json/narrow.ts';
import type { JsonValue } from '../json/value.ts';
import type { Event } from '../model/event.ts';
import { GeminiStreamReader } from './read-stream.ts';

/**
 * A whole reply, or the list of chunks that a stream without `alt=sse` is, read by the reader of streams. A refusal with
 * status 200 gives its `error` event, a prompt that was blocked the finish of a refusal.
 * @throws InvalidReply for a body without candidates
 */
export function readReply(body: JsonValue): readonly Event[] {
  const reader = new GeminiStreamReader();
  const events: Event[] = [];
  reader.readChunk(body, events);
  const chunks = Array.isArray(body) ? listOf(body) : [body];
  const isReply = chunks.some((chunk) => {
    const reply = objectOf(chunk);
    return listOf(reply?.candidates).length > 0 || objectOf(reply?.promptFeedback) !== undefined;
  });
  if (!isReply && !events.some((event) => event.type === 'error')) {
    throw new InvalidReply('The provider sent an answer without candidates.');
  }
  return [...events, ...reader.endWhole()];
}
