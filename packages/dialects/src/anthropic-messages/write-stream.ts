// https://docs.claude.com/en/api/messages-streaming: clients know an event by its name.

import type { ReplyContext, StreamWriter } from '../dialect.ts';
import { printFrame } from '../frames/sse.ts';
import type { Event } from '../model/event.ts';
import type { Usage } from '../model/usage.ts';
import { noUsage } from '../model/usage.ts';
import { BlockPrinter, print } from './block-printer.ts';
import { writeStopReason } from './stop.ts';
import { writeUsageObject } from './usage.ts';
import { writeStreamError } from './write-error.ts';
import { replyIdOf } from './write-reply.ts';

export const KEEP_ALIVE = printFrame('ping', '{"type":"ping"}');

export class MessagesStreamWriter implements StreamWriter {
  readonly #context: ReplyContext;
  readonly #blocks = new BlockPrinter();
  #replyId = '';
  /** `message_start` waits for the event after `start`, so that it can tell what the prompt costs. */
  #hasStarted = false;
  #hasEnded = false;
  #usage: Usage | undefined;

  constructor(context: ReplyContext) {
    this.#context = context;
  }

  write(event: Event): string {
    if (this.#hasEnded) return '';
    switch (event.type) {
      case 'start':
        this.#replyId = event.id;
        return '';
      case 'usage':
        this.#usage = event.usage;
        return '';
      case 'error':
        this.#hasEnded = true;
        return writeStreamError({ ...event.error, requestId: this.#context.requestId });
      case 'ping':
        return `${this.#start()}${KEEP_ALIVE}`;
      case 'dropped':
        return '';
      case 'finish':
        this.#hasEnded = true;
        return `${this.#start()}${this.#blocks.closeAll()}${this.#finish(event)}`;
      default:
        return `${this.#start()}${this.#blocks.write(event)}`;
    }
  }

  #start(): string {
    if (this.#hasStarted) return '';
    this.#hasStarted = true;
    const message = {
      id: replyIdOf(this.#replyId, this.#context),
      type: 'message',
      role: 'assistant',
      model: this.#context.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: writeUsageObject(this.#usage ?? noUsage),
    };
    return print({ type: 'message_start', message });
  }

  /** The counts again, whole: clients let them replace those of the start. */
  #finish({ reason, stopSequence }: Extract<Event, { type: 'finish' }>): string {
    const delta = { stop_reason: writeStopReason(reason), stop_sequence: stopSequence ?? null };
    const usage = writeUsageObject(this.#usage ?? noUsage);
    return `${print({ type: 'message_delta', delta, usage })}${print({ type: 'message_stop' })}`;
  }
}
