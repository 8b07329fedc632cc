// https://platform.openai.com/docs/api-reference/chat/streaming

import type { ReplyContext, StreamWriter } from '../dialect.ts';
import { printFrame } from '../frames/sse.ts';
import type { JsonObject } from '../json/value.ts';
import type { Event, PartStart } from '../model/event.ts';
import type { Usage } from '../model/usage.ts';
import { writeFinishReason } from './stop.ts';
import { writeUsageObject } from './usage.ts';
import { writeStreamError } from './write-error.ts';
import { replyIdOf } from './write-reply.ts';

export const KEEP_ALIVE = ': keep-alive\n\n';

/** Calls are numbered among themselves, from 0; id, model and moment are alike in all chunks. */
export class ChatStreamWriter implements StreamWriter {
  readonly #context: ReplyContext;
  /** What every chunk begins with, up to the choices. */
  #head: string;
  #hasStarted = false;
  #usage: Usage | undefined;
  #callCount = 0;
  /** Calls by the index of their part. */
  readonly #calls = new Map<number, OpenCall>();

  constructor(context: ReplyContext) {
    this.#context = context;
    this.#head = headOf('', context);
  }

  write(event: Event): string {
    switch (event.type) {
      case 'start':
        this.#head = headOf(event.id, this.#context);
        this.#hasStarted = true;
        return this.#delta({ role: 'assistant', content: '' });
      case 'partStart':
        return this.#partStart(event.index, event.part);
      case 'textDelta':
        return this.#delta({ content: event.text });
      case 'thinkingDelta':
        return this.#delta({ reasoning_content: event.text });
      case 'argumentsDelta':
        return this.#arguments(event.index, event.text);
      case 'partStop': {
        const call = this.#calls.get(event.index);
        return call === undefined || call.hasArguments ? '' : this.#arguments(event.index, '{}');
      }
      case 'signature':
      case 'dropped':
        return '';
      case 'usage':
        this.#usage = event.usage;
        return '';
      case 'finish':
        return this.#finish(writeFinishReason(event.reason));
      case 'error':
        return writeStreamError({ ...event.error, requestId: this.#context.requestId });
      case 'ping':
        return KEEP_ALIVE;
    }
  }

  #partStart(index: number, part: PartStart): string {
    if (part.kind !== 'toolCall') return '';
    const ordinal = this.#callCount;
    this.#callCount += 1;
    const isCustom = part.form === 'custom';
    this.#calls.set(index, { ordinal, isCustom, hasArguments: isCustom });
    const called = isCustom
      ? { type: 'custom', custom: { name: part.name, input: '' } }
      : { type: 'function', function: { name: part.name, arguments: '' } };
    return this.#delta({ tool_calls: [{ index: ordinal, id: part.id, ...called }] });
  }

  #arguments(index: number, text: string): string {
    const call = this.#calls.get(index);
    if (call === undefined || text === '') return '';
    call.hasArguments = true;
    const called = call.isCustom ? { custom: { input: text } } : { function: { arguments: text } };
    return this.#delta({ tool_calls: [{ index: call.ordinal, ...called }] });
  }

  #finish(word: string): string {
    const first = this.#hasStarted ? '' : this.write({ type: 'start', id: '', model: '' });
    const last = this.#chunk(`[{"index":0,"delta":{},"finish_reason":"${word}"}]`);
    const counts = this.#context.isStreamUsageWanted ? this.#usage : undefined;
    const usage =
      counts === undefined ? '' : this.#chunk(`[],"usage":${JSON.stringify(writeUsageObject(counts))}`);
    return `${first}${last}${usage}${DONE}`;
  }

  #delta(delta: JsonObject): string {
    return this.#chunk(`[{"index":0,"delta":${JSON.stringify(delta)},"finish_reason":null}]`);
  }

  #chunk(choices: string): string {
    return `${this.#head}${choices}}\n\n`;
  }
}

interface OpenCall {
  readonly ordinal: number;
  readonly isCustom: boolean;
  hasArguments: boolean;
}

export const DONE = printFrame('', '[DONE]');

function headOf(id: string, context: ReplyContext): string {
  const fields = {
    id: replyIdOf(id, context),
    object: 'chat.completion.chunk',
    created: Math.floor(context.createdAtMs / 1000),
    model: context.model,
  };
  return `data: ${JSON.stringify(fields).slice(0, -1)},"choices":`;
}
