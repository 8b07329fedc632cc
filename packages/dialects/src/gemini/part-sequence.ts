// Parts come whole or as pieces of one text, one after another.
// Invariant: events leave here with one part open at a time, indexes from 0 without gaps, and every call under an id of its
// own. A signature becomes that of the thought before its part, or of one without words.

import { objectOf, stringOf } from '../json/narrow.ts';
import type { JsonObject } from '../json/value.ts';
import { digest } from '../model/digest.ts';
import type { Event } from '../model/event.ts';
import { signatureOf } from './read-content.ts';

export class PartSequence {
  #next = 0;
  #open: { readonly kind: 'text' | 'thinking'; readonly index: number; isSigned: boolean } | undefined;
  readonly #callIds = new Set<string>();

  /** The id of the answer: calls that came without an id get theirs from it, the same each time. */
  replyId = '';

  get hasToolCall(): boolean {
    return this.#callIds.size > 0;
  }

  get isEmpty(): boolean {
    return this.#next === 0;
  }

  add(part: JsonObject, events: Event[]): void {
    const signature = signatureOf(part);
    const text = stringOf(part.text);
    if (text !== undefined && part.thought === true) {
      if (text !== '') this.#addText('thinking', text, events);
      if (signature !== undefined) this.#sign(signature, events);
      return;
    }
    if (signature !== undefined) this.#sign(signature, events);
    if (text !== undefined) this.#addText('text', text, events);
    else if (objectOf(part.functionCall) !== undefined) this.#call(objectOf(part.functionCall) ?? {}, events);
    else dropOthers(part, events);
  }

  close(events: Event[]): void {
    if (this.#open === undefined) return;
    events.push({ type: 'partStop', index: this.#open.index });
    this.#open = undefined;
  }

  #addText(kind: 'text' | 'thinking', text: string, events: Event[]): void {
    if (text === '') return;
    const index = this.#continue(kind, events);
    events.push(
      kind === 'text' ? { type: 'textDelta', index, text } : { type: 'thinkingDelta', index, text },
    );
  }

  /** The open part when it is of this kind and unsigned, else a new one. */
  #continue(kind: 'text' | 'thinking', events: Event[]): number {
    if (this.#open?.kind === kind && !this.#open.isSigned) return this.#open.index;
    this.close(events);
    const index = this.#next++;
    this.#open = { kind, index, isSigned: false };
    events.push({ type: 'partStart', index, part: { kind } });
    return index;
  }

  #sign(signature: string, events: Event[]): void {
    const index = this.#continue('thinking', events);
    events.push({ type: 'signature', index, signature });
    if (this.#open !== undefined) this.#open.isSigned = true;
  }

  #call(call: JsonObject, events: Event[]): void {
    this.close(events);
    const name = stringOf(call.name) ?? '';
    if (name === '') {
      events.push({ type: 'dropped', name: 'parts.functionCall' });
      return;
    }
    const index = this.#next++;
    const id = this.#callId(stringOf(call.id) ?? '', name);
    events.push(
      { type: 'partStart', index, part: { kind: 'toolCall', id, name } },
      { type: 'argumentsDelta', index, text: JSON.stringify(objectOf(call.args) ?? {}) },
      { type: 'partStop', index },
    );
  }

  #callId(sentId: string, name: string): string {
    const first = sentId || `call_${digest(`${this.replyId}\n${this.#next}\n${name}`)}`;
    let id = first;
    for (let copy = 2; this.#callIds.has(id); copy += 1) id = `${first}_${copy}`;
    this.#callIds.add(id);
    return id;
  }
}

/** Code that the provider ran itself, pictures and sound that it made. */
function dropOthers(part: JsonObject, events: Event[]): void {
  for (const name of Object.keys(part)) {
    if (!SIDE_FIELDS.has(name)) events.push({ type: 'dropped', name: `parts.${name}` });
  }
}

const SIDE_FIELDS = new Set([
  'thought',
  'thoughtSignature',
  'partMetadata',
  'videoMetadata',
  'mediaResolution',
]);
