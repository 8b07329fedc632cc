// Frames here are bare data and nothing else: clients take `[DONE]` for broken JSON, lose the text of a frame with a name,
// and repeat the request at a comment.
// https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent

import type { ReplyContext, StreamWriter } from '../dialect.ts';
import { printFrame } from '../frames/sse.ts';
import type { JsonObject } from '../json/value.ts';
import type { Event, FinishReason } from '../model/event.ts';
import type { Usage } from '../model/usage.ts';
import { PartPrinter } from './part-printer.ts';
import { writeFinishReason } from './stop.ts';
import { writeUsageObject } from './usage.ts';
import { writeStreamError } from './write-error.ts';
import { finishOf, replyIdOf } from './write-reply.ts';

export const KEEP_ALIVE = printFrame('', '{}');

export class GeminiStreamWriter implements StreamWriter {
  readonly #context: ReplyContext;
  readonly #parts = new PartPrinter();
  /** What every chunk ends with. */
  #tail: string;
  #usage: Usage | undefined;
  #hasEnded = false;

  constructor(context: ReplyContext) {
    this.#context = context;
    this.#tail = tailOf('', context);
  }

  write(event: Event): string {
    if (this.#hasEnded) return '';
    switch (event.type) {
      case 'start':
        this.#tail = tailOf(event.id, this.#context);
        return '';
      case 'usage':
        this.#usage = event.usage;
        return '';
      case 'dropped':
        return '';
      // The chats of Google's SDK forget an answer in which any chunk had no parts: nothing is printed that need not be.
      case 'ping':
        return '';
      case 'error':
        this.#hasEnded = true;
        return writeStreamError({ ...event.error, requestId: this.#context.requestId });
      case 'finish':
        this.#hasEnded = true;
        return this.#finish(event.reason);
      default:
        return this.#parts
          .write(event)
          .map((part) => this.#chunk([part], {}, ''))
          .join('');
    }
  }

  /** Clients repeat a request whose stream ends without a reason. */
  #finish(reason: FinishReason): string {
    const held = this.#parts.end();
    const counts =
      this.#usage === undefined ? '' : `,"usageMetadata":${JSON.stringify(writeUsageObject(this.#usage))}`;
    const finish = finishOf(writeFinishReason(reason), this.#parts.malformedCall);
    return this.#chunk(held.length === 0 ? [{ text: '' }] : held, finish, counts);
  }

  #chunk(parts: readonly JsonObject[], finish: JsonObject, counts: string): string {
    const candidate = { content: { parts, role: 'model' }, ...finish, index: 0 };
    return `data: {"candidates":[${JSON.stringify(candidate)}]${counts}${this.#tail}`;
  }
}

function tailOf(id: string, context: ReplyContext): string {
  const fields = { modelVersion: context.model, responseId: replyIdOf(id, context) };
  return `,${JSON.stringify(fields).slice(1)}\n\n`;
}
