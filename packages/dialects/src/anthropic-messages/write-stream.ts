// https://docs.claude.com/en/api/messages-streaming: clients know an event by its name, take a tool's input only as
// deltas, and want one block closed before the next begins.

import type { ReplyContext, StreamWriter } from '../dialect.ts';
import { printFrame } from '../frames/sse.ts';
import type { JsonObject } from '../json/value.ts';
import type { Event, PartStart } from '../model/event.ts';
import type { Usage } from '../model/usage.ts';
import { noUsage } from '../model/usage.ts';
import { writeStopReason } from './stop.ts';
import { writeUsageObject } from './usage.ts';
import { writeStreamError } from './write-error.ts';
import { replyIdOf } from './write-reply.ts';

export const KEEP_ALIVE = printFrame('ping', '{"type":"ping"}');
export const MESSAGE_STOP = printFrame('message_stop', '{"type":"message_stop"}');

export class MessagesStreamWriter implements StreamWriter {
  readonly #context: ReplyContext;
  #replyId = '';
  /** `message_start` waits for the event after `start`, so that it can tell what the prompt costs. */
  #hasStarted = false;
  #usage: Usage | undefined;
  /** Indexes of calls whose arguments have not begun. */
  readonly #callsWithoutArguments = new Set<number>();

  constructor(context: ReplyContext) {
    this.#context = context;
  }

  write(event: Event): string {
    switch (event.type) {
      case 'start':
        this.#replyId = event.id;
        return '';
      case 'usage':
        this.#usage = event.usage;
        return '';
      case 'error':
        return writeStreamError({ ...event.error, requestId: this.#context.requestId });
      case 'ping':
        return `${this.#start()}${KEEP_ALIVE}`;
      case 'finish':
        return `${this.#start()}${this.#finish(event)}`;
      default:
        return `${this.#start()}${this.#block(event)}`;
    }
  }

  #block(event: Exclude<Event, { type: 'start' | 'usage' | 'error' | 'ping' | 'finish' }>): string {
    const { index } = event;
    switch (event.type) {
      case 'partStart':
        if (event.part.kind === 'toolCall') this.#callsWithoutArguments.add(index);
        return print({ type: 'content_block_start', index, content_block: blockOf(event.part) });
      case 'textDelta':
        return print(deltaOf(index, { type: 'text_delta', text: event.text }));
      case 'thinkingDelta':
        return print(deltaOf(index, { type: 'thinking_delta', thinking: event.text }));
      case 'signature':
        return print(deltaOf(index, { type: 'signature_delta', signature: event.signature }));
      case 'argumentsDelta':
        if (event.text === '') return '';
        this.#callsWithoutArguments.delete(index);
        return print(deltaOf(index, { type: 'input_json_delta', partial_json: event.text }));
      case 'partStop': {
        const empty = this.#callsWithoutArguments.delete(index)
          ? print(deltaOf(index, { type: 'input_json_delta', partial_json: '{}' }))
          : '';
        return `${empty}${print({ type: 'content_block_stop', index })}`;
      }
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
    return `${print({ type: 'message_delta', delta, usage })}${MESSAGE_STOP}`;
  }
}

function blockOf(part: PartStart): JsonObject {
  switch (part.kind) {
    case 'text':
      return { type: 'text', text: '' };
    case 'thinking':
      return { type: 'thinking', thinking: '', signature: '' };
    case 'redactedThinking':
      return { type: 'redacted_thinking', data: part.data };
    case 'toolCall':
      return { type: 'tool_use', id: part.id, name: part.name, input: {} };
  }
}

function deltaOf(index: number, delta: JsonObject): JsonObject & { readonly type: string } {
  return { type: 'content_block_delta', index, delta };
}

function print(event: JsonObject & { readonly type: string }): string {
  return printFrame(event.type, JSON.stringify(event));
}
