// https://docs.claude.com/en/api/messages#response-content

import { InvalidReply } from '../dialect.ts';
import { isObject, objectOf, stringOf } from '../json/narrow.ts';
import type { JsonValue } from '../json/value.ts';
import type { Event } from '../model/event.ts';
import { errorIn } from '../model/provider-error.ts';
import { BlockSequence } from './block-sequence.ts';
import { readStopReason } from './stop.ts';
import { readUsageObject } from './usage.ts';

/**
 * A refusal with status 200 gives its `error` event.
 * @throws InvalidReply for a body without content
 */
export function readReply(body: JsonValue): readonly Event[] {
  const reply = objectOf(body);
  if (reply === undefined || !Array.isArray(reply.content)) {
    const error = errorIn(200, body, false);
    if (error !== undefined) return [{ type: 'error', error }];
    throw new InvalidReply('The provider sent an answer without content.');
  }
  const events: Event[] = [
    { type: 'start', id: stringOf(reply.id) ?? '', model: stringOf(reply.model) ?? '' },
  ];
  const blocks = new BlockSequence();
  blocks.replyId = stringOf(reply.id) ?? '';
  (reply.content as readonly JsonValue[]).filter(isObject).forEach((block, index) => {
    blocks.start(index, block, events);
    blocks.stop(index, events);
  });
  const reason = readStopReason(stringOf(reply.stop_reason) ?? '', blocks.hasToolCall);
  const usage = readUsageObject(reply.usage);
  if (usage !== undefined) events.push({ type: 'usage', usage });
  const stopSequence = stringOf(reply.stop_sequence);
  const isBySequence = reason === 'stopSequence' && stopSequence !== undefined;
  events.push({ type: 'finish', reason, ...(isBySequence && { stopSequence }) });
  return events;
}
