// The provider names the item of each piece, and pieces of several items may come in turns; every writer and most clients
// want one part after another. What an item says when it is done counts more than the pieces before it.
// Invariant: events leave here with one part open at a time, indexes from 0 without gaps, and every call under an id of its
// own. What comes for a later item waits until those before it are done.

import { isObject, listOf, objectOf, stringOf } from '../json/narrow.ts';
import type { JsonObject } from '../json/value.ts';
import { digest } from '../model/digest.ts';
import type { Event, PartStart } from '../model/event.ts';
import { readThought, signatureOf } from './reasoning-item.ts';

interface Item {
  readonly key: string;
  readonly start: PartStart;
  /** All that came for it. */
  text: string;
  /** How much of that went out. */
  sent: number;
  signature: string | undefined;
  isDone: boolean;
}

export class ItemSequence {
  readonly #items: Item[] = [];
  readonly #byKey = new Map<string, Item>();
  /** Items that have no part: told once. */
  readonly #passed = new Set<string>();
  readonly #callIds = new Set<string>();
  #head = 0;
  #isHeadOpen = false;
  /** Parts that went out. */
  #index = 0;

  /** The id of the answer: calls that came without an id get theirs from it, the same each time. */
  replyId = '';
  hasRefusal = false;

  get hasToolCall(): boolean {
    return this.#callIds.size > 0;
  }

  add(key: string, given: JsonObject, events: Event[]): void {
    if (!this.#byKey.has(key)) this.#begin(key, given, events);
  }

  delta(key: string, text: string, events: Event[]): void {
    const item = this.#byKey.get(key);
    if (item === undefined || item.isDone) return;
    item.text += text;
    this.#advance(events);
  }

  /** @param given the whole item */
  done(key: string, given: JsonObject, events: Event[]): void {
    const item = this.#byKey.get(key) ?? this.#begin(key, given, events);
    if (item === undefined || item.isDone) return;
    const whole = textOf(given, item.start);
    // What went out cannot be taken back; where it agrees with the whole, the whole is what counts.
    if (whole !== '' && whole.startsWith(item.text.slice(0, item.sent))) item.text = whole;
    item.signature = item.start.kind === 'thinking' ? signatureOf(given) : undefined;
    item.isDone = true;
    this.#note(given, events);
    this.#advance(events);
  }

  closeAll(events: Event[]): void {
    for (const item of this.#items) item.isDone = true;
    this.#advance(events);
  }

  #begin(key: string, given: JsonObject, events: Event[]): Item | undefined {
    const start = this.#startOf(given);
    if (start === undefined) {
      const type = stringOf(given.type) ?? 'item';
      if (!this.#passed.has(key)) events.push({ type: 'dropped', name: type });
      this.#passed.add(key);
      return undefined;
    }
    const item: Item = { key, start, text: '', sent: 0, signature: undefined, isDone: false };
    this.#items.push(item);
    this.#byKey.set(key, item);
    return item;
  }

  #startOf(given: JsonObject): PartStart | undefined {
    const namespace = stringOf(given.namespace);
    const call = () => ({
      kind: 'toolCall' as const,
      id: this.#callId(given),
      name: stringOf(given.name) ?? '',
      ...(namespace !== undefined && namespace !== '' && { namespace }),
    });
    switch (given.type) {
      case 'message':
        return { kind: 'text' };
      case 'reasoning':
        return { kind: 'thinking' };
      case 'function_call':
        return call();
      case 'custom_tool_call':
        return { ...call(), form: 'custom' };
      case 'tool_search_call':
        return given.execution === 'client' || given.execution === undefined
          ? { ...call(), name: 'tool_search', form: 'toolSearch' }
          : undefined;
      default:
        return undefined;
    }
  }

  #callId(given: JsonObject): string {
    const sent = stringOf(given.call_id) || stringOf(given.id) || '';
    const first = sent || `call_${digest(`${this.replyId}\n${this.#items.length}\n${stringOf(given.name)}`)}`;
    let id = first;
    for (let copy = 2; this.#callIds.has(id); copy += 1) id = `${first}_${copy}`;
    this.#callIds.add(id);
    return id;
  }

  /** Sources and probabilities have no place in the hub. */
  #note(given: JsonObject, events: Event[]): void {
    for (const part of listOf(given.content).filter(isObject)) {
      if (part.type === 'refusal') this.hasRefusal = true;
      for (const name of ['annotations', 'logprobs']) {
        if (listOf(part[name]).length > 0) events.push({ type: 'dropped', name });
      }
    }
  }

  #advance(events: Event[]): void {
    for (let item = this.#items[this.#head]; item !== undefined; item = this.#items[this.#head]) {
      this.#speak(item, events);
      if (!item.isDone) return;
      this.#close(item, events);
      this.#head += 1;
      this.#isHeadOpen = false;
    }
  }

  /** A thought that says nothing and hides nothing is no part, and so is a message without a word. */
  #speak(item: Item, events: Event[]): void {
    const { start } = item;
    const text = item.text.slice(item.sent);
    const isWorthIt =
      start.kind === 'toolCall' ? start.name !== '' : text !== '' || item.signature !== undefined;
    if (!this.#isHeadOpen && isWorthIt) {
      this.#isHeadOpen = true;
      events.push({ type: 'partStart', index: this.#index, part: start });
    }
    if (!this.#isHeadOpen || text === '') return;
    item.sent = item.text.length;
    events.push({ type: DELTAS[start.kind], index: this.#index, text });
  }

  #close(item: Item, events: Event[]): void {
    if (!this.#isHeadOpen) return;
    const index = this.#index;
    const isFunction = item.start.kind === 'toolCall' && item.start.form !== 'custom';
    if (isFunction && item.text.trim() === '') events.push({ type: 'argumentsDelta', index, text: '{}' });
    if (item.signature !== undefined) events.push({ type: 'signature', index, signature: item.signature });
    events.push({ type: 'partStop', index });
    this.#index += 1;
  }
}

const DELTAS = {
  text: 'textDelta',
  thinking: 'thinkingDelta',
  redactedThinking: 'thinkingDelta',
  toolCall: 'argumentsDelta',
} as const;

function textOf(given: JsonObject, start: PartStart): string {
  switch (start.kind) {
    case 'text':
      return listOf(given.content)
        .map(objectOf)
        .map((part) => stringOf(part?.text) ?? stringOf(part?.refusal) ?? '')
        .join('');
    case 'thinking':
      return readThought(given).text;
    case 'toolCall': {
      const whole = given.arguments ?? given.input;
      if (typeof whole === 'string') return whole;
      return isObject(whole) ? JSON.stringify(whole) : '';
    }
    default:
      return '';
  }
}
