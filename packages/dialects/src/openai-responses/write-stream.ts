// https://platform.openai.com/docs/api-reference/responses-streaming
// Invariant: sequence numbers rise by one; the last frame is response.completed, response.incomplete or response.failed.

import type { ReplyContext, StreamWriter } from '../dialect.ts';
import { printFrame } from '../frames/sse.ts';
import type { JsonObject } from '../json/value.ts';
import type { Event, FinishReason, ProviderError } from '../model/event.ts';
import { ReplyFolder } from '../model/fold.ts';
import type { Usage } from '../model/usage.ts';
import { ItemPrinter, type PartEvent } from './item-printer.ts';
import { compactionOf, NO_SUMMARY, placeOf } from './items.ts';
import { incompleteReason, isByLength } from './stop.ts';
import { failedFrame } from './write-error.ts';
import { finishedResponse, replyIdOf, responseObject } from './write-reply.ts';

export const KEEP_ALIVE = ': keep-alive\n\n';

export class ResponsesStreamWriter implements StreamWriter {
  readonly #context: ReplyContext;
  readonly #items: ItemPrinter;
  #id: string;
  #hasStarted = false;
  #hasEnded = false;
  #sequenceNumber = 0;
  #usage: Usage | undefined;
  /** Of a summary, which goes out as one item at the end. */
  readonly #summary = new ReplyFolder();

  constructor(context: ReplyContext) {
    this.#context = context;
    this.#id = replyIdOf('', context);
    this.#items = new ItemPrinter(context, (type, fields) => this.#frame(type, fields));
  }

  write(event: Event): string {
    if (this.#hasEnded) return '';
    switch (event.type) {
      case 'start':
        this.#id = replyIdOf(event.id, this.#context);
        return this.#start();
      case 'usage':
        this.#usage = event.usage;
        return '';
      case 'finish':
        this.#hasEnded = true;
        return this.#start() + this.#items.close(isByLength(event.reason)) + this.#finish(event.reason);
      case 'error':
        this.#hasEnded = true;
        return this.#start() + this.#fail(event.error);
      case 'ping':
        return KEEP_ALIVE;
      case 'dropped':
        return '';
      default:
        return this.#start() + this.#writePart(event);
    }
  }

  #writePart(event: PartEvent): string {
    if (this.#context.isCompaction !== true) return this.#items.write(event);
    this.#summary.add(event);
    return '';
  }

  #start(): string {
    if (this.#hasStarted) return '';
    this.#hasStarted = true;
    this.#items.responseId = this.#id;
    const response = responseObject(this.#id, this.#context);
    return this.#frame('response.created', { response }) + this.#frame('response.in_progress', { response });
  }

  #finish(reason: FinishReason): string {
    if (this.#context.isCompaction === true) return this.#compact();
    const response = finishedResponse(this.#id, this.#context, this.#items.output, reason, this.#usage);
    const isIncomplete = incompleteReason(reason) !== undefined;
    return this.#frame(isIncomplete ? 'response.incomplete' : 'response.completed', { response });
  }

  /** A summary that the limit ended is better than none: clients take an incomplete response for a failure. */
  #compact(): string {
    this.#summary.add({ type: 'finish', reason: 'stop' });
    const item = compactionOf(this.#summary.reply().parts, placeOf(this.#id, 0));
    if (item === undefined) return this.#fail({ code: 'unavailable', message: NO_SUMMARY });
    const response = finishedResponse(this.#id, this.#context, [item], 'stop', this.#usage);
    return (
      this.#frame('response.output_item.added', { output_index: 0, item }) +
      this.#frame('response.output_item.done', { output_index: 0, item }) +
      this.#frame('response.completed', { response })
    );
  }

  #fail(error: ProviderError): string {
    const response = { ...responseObject(this.#id, this.#context), output: this.#items.output };
    return failedFrame({ ...error, requestId: this.#context.requestId }, response, this.#sequenceNumber);
  }

  #frame(type: string, fields: JsonObject): string {
    const sequence_number = this.#sequenceNumber;
    this.#sequenceNumber += 1;
    return printFrame(type, JSON.stringify({ type, sequence_number, ...fields }));
  }
}
