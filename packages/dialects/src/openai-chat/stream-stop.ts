// https://platform.openai.com/docs/api-reference/chat/streaming: each of several answers ends by a finish reason of its own.

import type { Frame, ReplyContext, StreamStopper } from '../dialect.ts';
import { isObject, listOf, numberOf, objectOf, parseJson, stringOf } from '../json/narrow.ts';
import type { JsonObject } from '../json/value.ts';
import type { Usage } from '../model/usage.ts';
import { writeUsageObject } from './usage.ts';
import { ChatStreamWriter, DONE } from './write-stream.ts';

export class ChatStreamStopper implements StreamStopper {
  readonly #context: ReplyContext;
  /** What all chunks of the answer have in common; undefined before the first. */
  #head: JsonObject | undefined;
  /** Each answer by its number: true while it is open. */
  readonly #choices = new Map([[0, true]]);
  #hasEnded = false;

  constructor(context: ReplyContext) {
    this.#context = context;
  }

  observe({ data }: Frame): void {
    if (data === '') return;
    if (data.startsWith('[DONE]')) this.#hasEnded = true;
    else if (this.#head === undefined || BEGINS_OR_ENDS.test(data)) this.#observeParsed(data);
  }

  stop(usage: Usage): string {
    if (this.#hasEnded) return '';
    this.#hasEnded = true;
    const head = this.#head;
    if (head === undefined) return this.#whole(usage);
    const print = (more: JsonObject) => `data: ${JSON.stringify({ ...head, ...more })}\n\n`;
    const finishes = [...this.#choices]
      .filter(([, isOpen]) => isOpen)
      .map(([index]) => print({ choices: [{ index, delta: {}, finish_reason: 'length' }] }));
    const counts = { choices: [], usage: writeUsageObject(usage) };
    return `${finishes.join('')}${this.#context.isStreamUsageWanted ? print(counts) : ''}${DONE}`;
  }

  #whole(usage: Usage): string {
    const writer = new ChatStreamWriter(this.#context);
    return writer.write({ type: 'usage', usage }) + writer.write({ type: 'finish', reason: 'length' });
  }

  #observeParsed(data: string): void {
    const chunk = objectOf(parseJson(data));
    const choices = listOf(chunk?.choices).filter(isObject);
    // Azure begins with a chunk that has no answer in it, and no id either.
    if (chunk === undefined || choices.length === 0) return;
    this.#head ??= headOf(chunk, this.#context);
    for (const { index, finish_reason } of choices) {
      const place = numberOf(index) ?? 0;
      if (stringOf(finish_reason)) this.#choices.set(place, false);
      else if (!this.#choices.has(place)) this.#choices.set(place, true);
    }
  }
}

/** A finish, or a choice that is not the first. Within a text the quotes are escaped. */
const BEGINS_OR_ENDS = /"finish_reason"\s*:\s*"|"index"\s*:\s*[1-9]/;

function headOf(chunk: JsonObject, { createdAtMs, model, requestId }: ReplyContext): JsonObject {
  const { service_tier, system_fingerprint } = chunk;
  return {
    id: stringOf(chunk.id) || requestId,
    object: 'chat.completion.chunk',
    created: numberOf(chunk.created) ?? Math.floor(createdAtMs / 1000),
    model: stringOf(chunk.model) || model,
    ...(typeof service_tier === 'string' && { service_tier }),
    ...(typeof system_fingerprint === 'string' && { system_fingerprint }),
  };
}
