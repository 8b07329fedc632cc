// Parts as the events of an item each.
// Invariant: each item that was added is done, with all of it, before the next is added; they count from 0. Only half of a
// call, where the length ended the answer, is never done: clients run what is done, whatever its status says (Codex).

import type { ReplyContext } from '../dialect.ts';
import { parseJson } from '../json/narrow.ts';
import type { JsonObject } from '../json/value.ts';
import type { Event, PartStart } from '../model/event.ts';
import { itemOf, placeOf, textContent } from './items.ts';

export type PartEvent = Extract<Event, { readonly index: number }>;

interface OpenPart {
  readonly start: PartStart;
  text: string;
  signature: string | undefined;
  /** Of its item; '' until that was added. */
  id: string;
}

export class ItemPrinter {
  readonly #context: ReplyContext;
  readonly #print: (type: string, fields: JsonObject) => string;
  #open: OpenPart | undefined;
  /** The items that are done. */
  readonly output: JsonObject[] = [];
  /** Items get their ids from that of the response. */
  responseId = '';

  /** @param print an event of the stream */
  constructor(context: ReplyContext, print: (type: string, fields: JsonObject) => string) {
    this.#context = context;
    this.#print = print;
  }

  write(event: PartEvent): string {
    switch (event.type) {
      case 'partStart':
        return this.close() + this.#begin(event.part);
      case 'signature':
        if (this.#open !== undefined) this.#open.signature = event.signature;
        return '';
      case 'partStop':
        // Whether all of it came is known with what follows.
        return this.#open !== undefined && mayBeCut(this.#open) ? '' : this.close();
      default:
        return this.#open === undefined || event.text === '' ? '' : this.#delta(this.#open, event.text);
    }
  }

  /** @param isCut by the length of the answer */
  close(isCut = false): string {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined || (isCut && mayBeCut(open))) return '';
    const item = this.#itemOf(open);
    if (item === undefined) return '';
    // A thought that has nothing but what is hidden in it comes whole.
    const added = open.id === '' ? this.#print('response.output_item.added', this.#placed({ item })) : '';
    const ended = this.#partDone(open, item);
    const done = this.#print('response.output_item.done', this.#placed({ item }));
    this.output.push(item);
    return added + ended + done;
  }

  /** A thought may turn out to have no words; it is added with the first one. */
  #begin(start: PartStart): string {
    const open: OpenPart = { start, text: '', signature: undefined, id: '' };
    this.#open = open;
    return start.kind === 'thinking' || start.kind === 'redactedThinking' ? '' : this.#add(open, '');
  }

  #delta(open: OpenPart, delta: string): string {
    const added = open.id === '' ? this.#add(open, delta) : '';
    open.text += delta;
    switch (open.start.kind) {
      case 'text':
        return (
          added + this.#piece('response.output_text.delta', open, { content_index: 0, delta, logprobs: [] })
        );
      case 'thinking':
        return (
          added + this.#piece('response.reasoning_summary_text.delta', open, { summary_index: 0, delta })
        );
      case 'toolCall': {
        const name = PIECES[open.start.form ?? 'function'];
        return name === undefined ? added : added + this.#piece(`${name}.delta`, open, { delta });
      }
      default:
        return added;
    }
  }

  /** @param first what it begins with: a thought without words has no item */
  #add(open: OpenPart, first: string): string {
    const item = this.#itemOf({ ...open, text: first });
    if (item === undefined) return '';
    open.id = String(item.id);
    const begun = { ...item, ...emptied(item) };
    const added = this.#print('response.output_item.added', this.#placed({ item: begun }));
    switch (open.start.kind) {
      case 'text': {
        const fields = { content_index: 0, part: textContent('') };
        return added + this.#piece('response.content_part.added', open, fields);
      }
      case 'thinking': {
        const fields = { summary_index: 0, part: summaryText('') };
        return added + this.#piece('response.reasoning_summary_part.added', open, fields);
      }
      default:
        return added;
    }
  }

  #partDone(open: OpenPart, item: JsonObject): string {
    const { start, text } = open;
    switch (start.kind) {
      case 'text': {
        const place = { content_index: 0 };
        return (
          this.#piece('response.output_text.done', open, { ...place, text, logprobs: [] }) +
          this.#piece('response.content_part.done', open, { ...place, part: textContent(text) })
        );
      }
      case 'thinking': {
        if (text === '') return '';
        const place = { summary_index: 0 };
        return (
          this.#piece('response.reasoning_summary_text.done', open, { ...place, text }) +
          this.#piece('response.reasoning_summary_part.done', open, { ...place, part: summaryText(text) })
        );
      }
      case 'toolCall': {
        const name = PIECES[start.form ?? 'function'];
        if (name === undefined) return '';
        const whole = start.form === 'custom' ? { input: item.input } : { arguments: item.arguments };
        return this.#piece(`${name}.done`, open, whole);
      }
      default:
        return '';
    }
  }

  #itemOf(open: OpenPart): JsonObject | undefined {
    return itemOf(partOf(open), placeOf(this.responseId, this.output.length), this.#context);
  }

  #placed(fields: JsonObject): JsonObject {
    return { output_index: this.output.length, ...fields };
  }

  #piece(type: string, { id }: OpenPart, fields: JsonObject): string {
    return this.#print(type, { item_id: id, ...this.#placed(fields) });
  }
}

/** Events in which the arguments of a call stream; a search's come whole. */
const PIECES: Readonly<Record<string, string | undefined>> = {
  function: 'response.function_call_arguments',
  custom: 'response.custom_tool_call_input',
};

/** Arguments say when they are whole; free text does not. */
function mayBeCut({ start, text }: OpenPart): boolean {
  if (start.kind !== 'toolCall') return false;
  return start.form === 'custom' || (text !== '' && parseJson(text) === undefined);
}

function summaryText(text: string): JsonObject {
  return { type: 'summary_text', text };
}

function partOf({ start, text, signature }: OpenPart): Parameters<typeof itemOf>[0] {
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
