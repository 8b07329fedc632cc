// https://platform.openai.com/docs/api-reference/responses/object

import { InvalidReply } from '../dialect.ts';
import { objectOf } from '../json/narrow.ts';
import type { JsonValue } from '../json/value.ts';
import type { Event } from '../model/event.ts';
import { errorIn } from '../model/provider-error.ts';
import { failureIn, ResponsesStreamReader } from './read-stream.ts';

/**
 * A whole reply, read by the reader of streams as the event that ends one. A refusal with status 200 gives its `error`
 * event.
 * @throws InvalidReply for a body without output
 */
export function readReply(body: JsonValue): readonly Event[] {
  const reply = objectOf(body);
  if (reply?.status === 'failed') return [{ type: 'error', error: failureIn(reply) }];
  if (reply === undefined || !Array.isArray(reply.output)) {
    const error = errorIn(200, body, false);
    if (error !== undefined) return [{ type: 'error', error }];
    throw new InvalidReply('The provider sent an answer without output.');
  }
  const { status = 'completed' } = reply;
  if (status !== 'completed' && status !== 'incomplete') {
    throw new InvalidReply('The provider sent an answer that is not finished.');
  }
  const events: Event[] = [];
  new ResponsesStreamReader().readEvent({ type: `response.${status}`, response: reply }, events);
  return events;
}
