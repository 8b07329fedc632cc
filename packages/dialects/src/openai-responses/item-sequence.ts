// The provider names the item of each piece, and pieces of several items may come in turns; every writer and most clients
// want one part after another. What an item says when it is done counts more than the pieces before it.
// Invariant: events leave here with one part open at a time, indexes from 0 without gaps, and every call under an id of its
// own. What comes for a later item waits until those before it are done.

import { isObject, listOf, parseJson, stringOf } from '../json/narrow.ts';
import type { JsonObject } from '../json/value.ts';
import { digest } from '../model/digest.ts';
import type { Event, PartStart } from '../model/event.ts';
import { itemText } from './item-text.ts';
import { signatureOf } from './reasoning-item.ts';

interface Item {
  start: PartStart;
  /** What went out, and what came and waits for its turn. */
  sent: string;
  waiting: string;
  signature: string | undefined;
  isDone: boolean;
}

export class ItemSequence {
  readonly #items: Item[] = [];
  readonly #byKey = new Map<string, Item>();
  readonly #byId = new Map<string, Item>();
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
  /** The pieces of a call went out and are not what its item says at the end. */
  hasBrokenCall = false;

  get hasToolCall(): boolean {
    return this.#callIds.size > 0;
  }

  add(key: string, given: JsonObject, events: Event[]): void {
    if (!this.#byKey.has(key)) this.#begin(key, given, events);
  }

  /** @param type of the item, for servers that do not say when one begins */
  delta(key: string, type: string, text: string, events: Event[]): void {
    const item = this.#byKey.get(key) ?? this.#begin(key, { type }, events);
    if (item === undefined || item.isDone) return;
    item.waiting += text;
    this.#advance(events);
  }

  /** All of an item's text at once, without the item. */
  whole(key: string, text: string, events: Event[]): void {
    const item = this.#byKey.get(key);
    if (item === undefined || item.isDone) return;
    this.#replace(item, text);
    this.#advance(events);
  }

  /** @param given the whole item */
  done(key: string, given: JsonObject, events: Event[]): void {
    const known = this.#byKey.get(key) ?? this.#byId.get(stringOf(given.id) ?? '');
    const item = known ?? this.#begin(key, given, events);
    if (item === undefined || item.isDone) return;
    // A call without a name has not gone out yet.
    if (item.start.kind === 'toolCall' && item.start.name === '') {
      item.start = this.#startOf(given) ?? item.start;
    }
    this.#replace(item, itemText(given));
    if (this.hasBrokenCall) return;
    item.signature = item.start.kind === 'thinking' ? signatureOf(given) : undefined;
    item.isDone = true;
    this.#note(given, events);
    this.#advance(events);
  }

  closeAll(events: Event[]): void {
    for (const item of this.#items) item.isDone = true;
    this.#advance(events);
  }

  /** What went out cannot be taken back. A text goes on; a call that would be run as it never was meant is a failure. */
  #replace(item: Item, whole: string): void {
    if (whole === '') return;
    if (whole.startsWith(item.sent)) item.waiting = whole.slice(item.sent.length);
    else if (item.start.kind === 'toolCall' && !isSameJson(item.sent, whole)) this.hasBrokenCall = true;
  }

  #begin(key: string, given: JsonObject, events: Event[]): Item | undefined {
    const start = this.#startOf(given);
    if (start === undefined) {
      const type = stringOf(given.type) ?? 'item';
      if (!this.#passed.has(key)) events.push({ type: 'dropped', name: type });
      this.#passed.add(key);
      return undefined;
    }
    const item: Item = { start, sent: '', waiting: '', signature: undefined, isDone: false };
    this.#items.push(item);
    this.#byKey.set(key, item);
    const id = stringOf(given.id);
    if (id) this.#byId.set(id, item);
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
        // One that the provider runs itself is none of the client's.
        return given.execution === 'server'
          ? undefined
          : { ...call(), name: 'tool_search', form: 'toolSearch' };
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
    const text = item.waiting;
    const isWorthIt =
      start.kind === 'toolCall' ? start.name !== '' : text !== '' || item.signature !== undefined;
    if (!this.#isHeadOpen && isWorthIt) {
      this.#isHeadOpen = true;
      events.push({ type: 'partStart', index: this.#index, part: start });
    }
    if (!this.#isHeadOpen || text === '') return;
    item.sent += text;
    item.waiting = '';
    events.push({ type: DELTAS[start.kind], index: this.#index, text });
  }

  #close(item: Item, events: Event[]): void {
    if (!this.#isHeadOpen) return;
    const index = this.#index;
    const isFunction = item.start.kind === 'toolCall' && item.start.form !== 'custom';
    if (isFunction && item.sent.trim() === '') events.push({ type: 'argumentsDelta', index, text: '{}' });
    if (item.signature !== undefined) events.push({ type: 'signature', index, signature: item.signature });
    events.push({ type: 'partStop', index });
    this.#index += 1;
  }
}

function isSameJson(one: string, other: string): boolean {
  const [first, second] = [parseJson(one), parseJson(other)];
  return first !== undefined && JSON.stringify(first) === JSON.stringify(second);
}

const DELTAS = {
  text: 'textDelta',
  thinking: 'thinkingDelta',
  redactedThinking: 'thinkingDelta',
  toolCall: 'argumentsDelta',
} as const;
