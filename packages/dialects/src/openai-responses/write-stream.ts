// https://platform.openai.com/docs/api-reference/responses-streaming
// Invariant: each item that was added is done, with the full item, before the next is added; sequence numbers rise by one;
// the last frame is response.completed, response.incomplete or response.failed.

import type { ReplyContext, StreamWriter } from '../dialect.ts';
import { printFrame } from '../frames/sse.ts';
import type { JsonObject } from '../json/value.ts';
import type { Event, FinishReason, PartStart, ProviderError } from '../model/event.ts';
import { ReplyFolder } from '../model/fold.ts';
import type { Usage } from '../model/usage.ts';
import { compactionOf, itemOf, NO_SUMMARY, placeOf, textContent } from './items.ts';
import { incompleteReason } from './stop.ts';
import { failedFrame } from './write-error.ts';
import { finishedResponse, replyIdOf, responseObject } from './write-reply.ts';

export const KEEP_ALIVE = ': keep-alive\n\n';

export class ResponsesStreamWriter implements StreamWriter {
  readonly #context: ReplyContext;
  #id: string;
  #hasStarted = false;
  #hasEnded = false;
  #sequenceNumber = 0;
  #usage: Usage | undefined;
  readonly #output: JsonObject[] = [];
  #open: OpenPart | undefined;
  /** Of a summary, which goes out as one item at the end. */
  readonly #summary = new ReplyFolder();

  constructor(context: ReplyContext) {
    this.#context = context;
    this.#id = replyIdOf('', context);
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
        return this.#start() + this.#end() + this.#finish(event.reason);
      case 'error':
        this.#hasEnded = true;
        return this.#start() + this.#fail(event.error);
      case 'ping':
        return KEEP_ALIVE;
      case 'dropped':
        return '';
      default:
        if (this.#context.isCompaction) {
          this.#summary.add(event);
          return this.#start();
        }
        return this.#start() + this.#writePart(event);
    }
  }

  #writePart(event: PartEvent): string {
    switch (event.type) {
      case 'partStart':
        return this.#end() + this.#begin(event.part);
      case 'textDelta':
      case 'thinkingDelta':
      case 'argumentsDelta':
        return this.#delta(event.text);
      case 'signature':
        if (this.#open !== undefined) this.#open.signature = event.signature;
        return '';
      case 'partStop':
        return this.#end();
    }
  }

  #start(): string {
    if (this.#hasStarted) return '';
    this.#hasStarted = true;
    const response = responseObject(this.#id, this.#context);
    return this.#frame('response.created', { response }) + this.#frame('response.in_progress', { response });
  }

  #begin(part: PartStart): string {
    this.#open = { start: part, text: '', signature: undefined, id: '' };
    // A thought may turn out to have no words; it is added with the first one.
    return part.kind === 'thinking' || part.kind === 'redactedThinking' ? '' : this.#add(this.#open);
  }

  #add(open: OpenPart): string {
    const place = placeOf(this.#id, this.#output.length);
    const item = itemOf(
      finishedPart({ ...open, text: open.start.kind === 'thinking' ? ' ' : '' }),
      place,
      this.#context,
    );
    if (item === undefined) return '';
    open.id = String(item.id);
    const begun = { ...item, ...emptied(item) };
    let frames = this.#frame('response.output_item.added', {
      output_index: this.#output.length,
      item: begun,
    });
    if (open.start.kind === 'text') {
      frames += this.#itemFrame('response.content_part.added', { content_index: 0, part: textContent('') });
    } else if (open.start.kind === 'thinking') {
      const part = { type: 'summary_text', text: '' };
      frames += this.#itemFrame('response.reasoning_summary_part.added', { summary_index: 0, part });
    }
    return frames;
  }

  #delta(delta: string): string {
    const open = this.#open;
    if (open === undefined || delta === '') return '';
    const added = open.id === '' ? this.#add(open) : '';
    open.text += delta;
    switch (open.start.kind) {
      case 'text':
        return (
          added + this.#itemFrame('response.output_text.delta', { content_index: 0, delta, logprobs: [] })
        );
      case 'thinking':
        return added + this.#itemFrame('response.reasoning_summary_text.delta', { summary_index: 0, delta });
      case 'toolCall': {
        const name = DELTA_NAMES[open.start.form ?? 'function'];
        return name === undefined ? added : added + this.#itemFrame(`${name}.delta`, { delta });
      }
      default:
        return added;
    }
  }

  #end(): string {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return '';
    const place = placeOf(this.#id, this.#output.length);
    const item = itemOf(finishedPart(open), place, this.#context);
    if (item === undefined) return '';
    this.#open = open;
    const added = open.id === '' ? this.#addWhole(open, item) : '';
    const done = added + this.#partDone(open, item);
    this.#open = undefined;
    const frame = this.#frame('response.output_item.done', { output_index: this.#output.length, item });
    this.#output.push(item);
    return done + frame;
  }

  /** For a thought that has nothing but what is hidden in it. */
  #addWhole(open: OpenPart, item: JsonObject): string {
    open.id = String(item.id);
    return this.#frame('response.output_item.added', { output_index: this.#output.length, item });
  }

  #partDone({ start, text }: OpenPart, item: JsonObject): string {
    switch (start.kind) {
      case 'text': {
        const part = textContent(text);
        return (
          this.#itemFrame('response.output_text.done', { content_index: 0, text, logprobs: [] }) +
          this.#itemFrame('response.content_part.done', { content_index: 0, part })
        );
      }
      case 'thinking': {
        if (text === '') return '';
        const part = { type: 'summary_text', text };
        return (
          this.#itemFrame('response.reasoning_summary_text.done', { summary_index: 0, text }) +
          this.#itemFrame('response.reasoning_summary_part.done', { summary_index: 0, part })
        );
      }
      case 'toolCall': {
        const name = DELTA_NAMES[start.form ?? 'function'];
        if (name === undefined) return '';
        const whole = start.form === 'custom' ? { input: item.input } : { arguments: item.arguments };
        return this.#itemFrame(`${name}.done`, whole);
      }
      default:
        return '';
    }
  }

  #finish(reason: FinishReason): string {
    if (this.#context.isCompaction) return this.#compact();
    const response = finishedResponse(this.#id, this.#context, this.#output, reason, this.#usage);
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
    const response = { ...responseObject(this.#id, this.#context), output: this.#output };
    return failedFrame({ ...error, requestId: this.#context.requestId }, response, this.#sequenceNumber);
  }

  #itemFrame(type: string, fields: JsonObject): string {
    const place = { item_id: this.#open?.id ?? '', output_index: this.#output.length };
    return this.#frame(type, { ...place, ...fields });
  }

  #frame(type: string, fields: JsonObject): string {
    const sequence_number = this.#sequenceNumber;
    this.#sequenceNumber += 1;
    return printFrame(type, JSON.stringify({ type, sequence_number, ...fields }));
  }
}

type PartEvent = Extract<Event, { readonly index: number }>;

interface OpenPart {
  readonly start: PartStart;
  text: string;
  signature: string | undefined;
  /** Of its item; '' until that was added. */
  id: string;
}

/** Frames in which the arguments of a call stream; a search's come whole. */
const DELTA_NAMES: Readonly<Record<string, string | undefined>> = {
  function: 'response.function_call_arguments',
  custom: 'response.custom_tool_call_input',
};

function finishedPart({ start, text, signature }: OpenPart): Parameters<typeof itemOf>[0] {
  switch (start.kind) {
    case 'text':
      return { kind: 'text', text };
    case 'thinking':
      return { kind: 'thinking', text, ...(signature !== undefined && { signature }) };
    case 'redactedThinking':
      return start;
    case 'toolCall':
      return { ...start, argumentsText: text };
  }
}

/** What an item does not have yet when it is added. */
function emptied(item: JsonObject): JsonObject {
  switch (item.type) {
    case 'message':
      return { status: 'in_progress', content: [] };
    case 'reasoning':
      return { summary: [] };
    case 'function_call':
      return { status: 'in_progress', arguments: '' };
    case 'custom_tool_call':
      return { status: 'in_progress', input: '' };
    default:
      return { status: 'in_progress' };
  }
}
