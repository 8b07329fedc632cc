// https://docs.claude.com/en/api/messages-streaming

import type { Frame, StreamReader } from '../dialect.ts';
import { numberOf, objectOf, parseJson, stringOf } from '../json/narrow.ts';
import type { JsonObject } from '../json/value.ts';
import type { Event, ProviderError } from '../model/event.ts';
import { errorIn } from '../model/provider-error.ts';
import type { Usage } from '../model/usage.ts';
import { BlockSequence } from './block-sequence.ts';
import { readStopReason } from './stop.ts';
import { readUsageObject } from './usage.ts';

/** `finish` is told last, at `message_stop` or when the bytes end after a stop reason. */
export class MessagesStreamReader implements StreamReader {
  readonly #blocks = new BlockSequence();
  #hasStarted = false;
  #usage: Usage | undefined;
  #stopWord = '';
  #stopSequence: string | undefined;
  #hasEnded = false;

  read(frame: Frame): readonly Event[] {
    const data = frame.data.trim();
    // Some gateways close this dialect with the mark of another.
    if (this.#hasEnded || data === '' || data === '[DONE]') return [];
    const events: Event[] = [];
    const body = objectOf(parseJson(data));
    if (body !== undefined) this.#readEvent(body, frame.event, events);
    else if (data.includes('\n')) {
      for (const line of data.split('\n')) events.push(...this.read({ event: frame.event, data: line }));
    } else this.#fail({ code: 'upstream', message: BROKEN_EVENT }, events);
    return events;
  }

  end(): readonly Event[] {
    if (this.#hasEnded) return [];
    const events: Event[] = [];
    if (this.#stopWord !== '') this.#finish(events);
    else {
      this.#blocks.closeAll(events);
      this.#fail(
        { code: 'upstream', message: 'The provider ended its answer before it was complete.' },
        events,
      );
    }
    return events;
  }

  #readEvent(body: JsonObject, name: string, events: Event[]): void {
    const type = stringOf(body.type) ?? name;
    switch (type) {
      case 'message_start':
        this.#start(objectOf(body.message) ?? {}, events);
        return;
      case 'content_block_start':
        this.#start({}, events);
        this.#blocks.start(numberOf(body.index) ?? 0, objectOf(body.content_block) ?? {}, events);
        return;
      case 'content_block_delta':
        this.#blocks.delta(numberOf(body.index) ?? 0, objectOf(body.delta) ?? {}, events);
        return;
      case 'content_block_stop':
        this.#blocks.stop(numberOf(body.index) ?? 0, events);
        return;
      case 'message_delta': {
        this.#start({}, events);
        const delta = objectOf(body.delta);
        this.#stopWord = stringOf(delta?.stop_reason) || this.#stopWord;
        this.#stopSequence = stringOf(delta?.stop_sequence) ?? this.#stopSequence;
        this.#count(readUsageObject(body.usage, this.#usage), events);
        return;
      }
      case 'message_stop':
        this.#finish(events);
        return;
      case 'ping':
        events.push({ type: 'ping' });
        return;
      default: {
        const error = errorIn(200, body, type === 'error');
        if (error !== undefined) this.#fail(error, events);
      }
    }
  }

  #start(message: JsonObject, events: Event[]): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    this.#blocks.replyId = stringOf(message.id) ?? '';
    events.push({ type: 'start', id: this.#blocks.replyId, model: stringOf(message.model) ?? '' });
    this.#count(readUsageObject(message.usage), events);
  }

  #count(usage: Usage | undefined, events: Event[]): void {
    if (usage === undefined || usage === this.#usage) return;
    this.#usage = usage;
    events.push({ type: 'usage', usage });
  }

  #finish(events: Event[]): void {
    this.#start({}, events);
    this.#blocks.closeAll(events);
    this.#hasEnded = true;
    const reason = readStopReason(this.#stopWord, this.#blocks.hasToolCall);
    const stopSequence = this.#stopSequence;
    const isBySequence = reason === 'stopSequence' && stopSequence !== undefined;
    events.push({ type: 'finish', reason, ...(isBySequence && { stopSequence }) });
  }

  #fail(error: ProviderError, events: Event[]): void {
    this.#hasEnded = true;
    events.push({ type: 'error', error });
  }
}

const BROKEN_EVENT = 'The provider broke off in the middle of an event, or sent one that is not JSON.';
