// Content blocks as parts. The published form sends one block after another; some back ends let them overlap.
// Invariant: events leave here with one part open at a time, indexes from 0 without gaps, and every call under an id of its
// own. What comes for a later block waits until those before it are closed. Blocks that only this dialect has, like a
// search that the provider ran itself, have no part and are named.

import { listOf, objectOf, stringOf } from '../json/narrow.ts';
import type { JsonObject } from '../json/value.ts';
import { digest } from '../model/digest.ts';
import type { Event, PartStart } from '../model/event.ts';

interface Block {
  readonly part: PartStart;
  /** A tool's input that came whole at the start; the published form streams it. */
  readonly wholeInput: string;
  hasArguments: boolean;
  isStopped: boolean;
  /** Events that wait for their turn, without their index. */
  waiting: WaitingEvent[];
}

type WaitingEvent =
  | { readonly type: 'textDelta' | 'thinkingDelta' | 'argumentsDelta'; readonly text: string }
  | { readonly type: 'signature'; readonly signature: string };

export class BlockSequence {
  readonly #blocks: Block[] = [];
  /** The open block of each wire index; an index that is used again is a new block. */
  readonly #byIndex = new Map<number, Block>();
  readonly #callIds = new Set<string>();
  readonly #dropped = new Set<string>();
  #head = 0;
  #isHeadOpen = false;

  /** The id of the answer: calls that came without an id get theirs from it, the same each time. */
  replyId = '';

  get hasToolCall(): boolean {
    return this.#callIds.size > 0;
  }

  start(index: number, content: JsonObject, events: Event[]): void {
    this.stop(index, events);
    const part = this.#partOf(content);
    if (part === undefined) {
      this.#drop(stringOf(content.type) ?? 'content', events);
      return;
    }
    if (listOf(content.citations).length > 0) this.#drop('citations', events);
    const block: Block = {
      part,
      wholeInput: wholeInputOf(content),
      hasArguments: false,
      isStopped: false,
      waiting: [],
    };
    this.#blocks.push(block);
    this.#byIndex.set(index, block);
    this.#advance(events);
    const text = stringOf(content.text) ?? stringOf(content.thinking) ?? '';
    if (text !== '' && part.kind !== 'toolCall') this.#add(block, text, events);
    this.#sign(block, content, events);
  }

  delta(index: number, delta: JsonObject, events: Event[]): void {
    const block = this.#byIndex.get(index);
    if (block === undefined) return;
    if (delta.citation !== undefined) this.#drop('citations', events);
    this.#sign(block, delta, events);
    const text = stringOf(delta.text) ?? stringOf(delta.thinking) ?? stringOf(delta.partial_json) ?? '';
    if (text !== '') this.#add(block, text, events);
  }

  stop(index: number, events: Event[]): void {
    const block = this.#byIndex.get(index);
    if (block === undefined) return;
    this.#byIndex.delete(index);
    this.#close(block, events);
    this.#advance(events);
  }

  closeAll(events: Event[]): void {
    for (const index of [...this.#byIndex.keys()]) this.stop(index, events);
  }

  #partOf(content: JsonObject): PartStart | undefined {
    switch (content.type) {
      case 'text':
      case 'thinking':
        return { kind: content.type };
      case 'redacted_thinking':
        return { kind: 'redactedThinking', data: stringOf(content.data) ?? '' };
      case 'tool_use': {
        const name = stringOf(content.name) ?? '';
        return { kind: 'toolCall', id: this.#callId(stringOf(content.id) ?? '', name), name };
      }
      default:
        return undefined;
    }
  }

  /** Claude Code silently drops one of two calls with the same id, and does not run one without. */
  #callId(sentId: string, name: string): string {
    const first = sentId || `toolu_${digest(`${this.replyId}\n${this.#blocks.length}\n${name}`)}`;
    let id = first;
    for (let copy = 2; this.#callIds.has(id); copy += 1) id = `${first}_${copy}`;
    this.#callIds.add(id);
    return id;
  }

  /** What the hub cannot hold is named, once each. */
  #drop(name: string, events: Event[]): void {
    if (this.#dropped.has(name)) return;
    this.#dropped.add(name);
    events.push({ type: 'dropped', name });
  }

  #sign(block: Block, content: JsonObject, events: Event[]): void {
    const signature = stringOf(content.signature);
    if (signature && block.part.kind === 'thinking')
      this.#put(block, { type: 'signature', signature }, events);
  }

  #add(block: Block, text: string, events: Event[]): void {
    if (block.part.kind === 'redactedThinking') return;
    if (block.part.kind === 'toolCall') block.hasArguments = true;
    this.#put(block, textEvent(block.part, text), events);
  }

  #put(block: Block, event: WaitingEvent, events: Event[]): void {
    if (block === this.#blocks[this.#head]) events.push({ ...event, index: this.#head });
    else block.waiting.push(event);
  }

  #close(block: Block, events: Event[]): void {
    if (block.part.kind === 'toolCall' && !block.hasArguments) {
      this.#put(block, { type: 'argumentsDelta', text: block.wholeInput }, events);
    }
    block.isStopped = true;
  }

  #advance(events: Event[]): void {
    for (let block = this.#blocks[this.#head]; block !== undefined; block = this.#blocks[this.#head]) {
      if (!this.#isHeadOpen) {
        this.#isHeadOpen = true;
        events.push({ type: 'partStart', index: this.#head, part: block.part });
        for (const event of block.waiting.splice(0)) events.push({ ...event, index: this.#head });
      }
      if (!block.isStopped) return;
      events.push({ type: 'partStop', index: this.#head });
      this.#head += 1;
      this.#isHeadOpen = false;
    }
  }
}

function wholeInputOf(content: JsonObject): string {
  const input = objectOf(content.input);
  return input === undefined ? '{}' : JSON.stringify(input);
}

function textEvent(part: PartStart, text: string): WaitingEvent {
  if (part.kind === 'toolCall') return { type: 'argumentsDelta', text };
  return { type: part.kind === 'thinking' ? 'thinkingDelta' : 'textDelta', text };
}
