// Parts as content blocks. Clients want one block closed before the next begins, and no gap in the numbers.
// Invariant: whatever the order of the events, the printed blocks do not overlap and count from 0; what comes for a
// later part waits until those before it are closed. Text that says nothing has no block: sent back by the client, it
// would be refused. A thought without words waits for what it belongs to: as the last block it would hide the answer, since
// Claude Code takes the last one for the result.

import { printFrame } from '../frames/sse.ts';
import type { JsonObject } from '../json/value.ts';
import type { Event, PartStart } from '../model/event.ts';

export type PartEvent = Extract<Event, { readonly index: number }>;

interface Block {
  readonly part: PartStart;
  /** Its number among the printed blocks; absent before it is begun. */
  number: number | undefined;
  waiting: JsonObject[];
  hasDelta: boolean;
  isStopped: boolean;
}

export class BlockPrinter {
  /** The open block first, then those that wait for it. */
  readonly #queue: Block[] = [];
  readonly #byIndex = new Map<number, Block>();
  #printed = 0;

  write(event: PartEvent): string {
    const block = this.#byIndex.get(event.index);
    if (event.type === 'partStart') {
      if (block !== undefined) block.isStopped = true;
      const begun = { part: event.part, number: undefined, waiting: [], hasDelta: false, isStopped: false };
      this.#queue.push(begun);
      this.#byIndex.set(event.index, begun);
      return this.#advance();
    }
    if (block === undefined) return '';
    if (event.type === 'partStop') {
      block.isStopped = true;
      this.#byIndex.delete(event.index);
    } else {
      const delta = deltaOf(event);
      if (delta === undefined) return '';
      block.waiting.push(delta);
    }
    return block === this.#queue[0] ? this.#advance() : '';
  }

  closeAll(): string {
    for (const block of this.#queue) block.isStopped = true;
    const last = this.#queue.at(-1);
    if (last !== undefined && isMute(last) && this.#printed + this.#queue.length > 1) this.#queue.pop();
    return this.#advance(true);
  }

  #advance(isEnd = false): string {
    let text = '';
    for (let block = this.#queue[0]; block !== undefined; block = this.#queue[0]) {
      if (!isEnd && this.#queue.length === 1 && isMute(block)) return text;
      text += this.#print(block);
      if (!block.isStopped) return text;
      if (block.number !== undefined) text += print({ type: 'content_block_stop', index: block.number });
      this.#queue.shift();
    }
    return text;
  }

  #print(block: Block): string {
    // A tool's input comes as deltas or not at all: what stands in the start is thrown away.
    if (block.isStopped && block.part.kind === 'toolCall' && !block.hasDelta && block.waiting.length === 0) {
      block.waiting.push({ type: 'input_json_delta', partial_json: '{}' });
    }
    if (block.waiting.length > 0) block.hasDelta = true;
    let text = '';
    if (block.number === undefined && (block.hasDelta || block.part.kind !== 'text')) {
      block.number = this.#printed;
      this.#printed += 1;
      text = print({ type: 'content_block_start', index: block.number, content_block: blockOf(block.part) });
    }
    for (const delta of block.waiting.splice(0)) {
      text += print({ type: 'content_block_delta', index: block.number ?? 0, delta });
    }
    return text;
  }
}

/** A thought of which there is nothing to read. */
function isMute({ part, hasDelta, waiting }: Block): boolean {
  return part.kind === 'thinking' && !hasDelta && waiting.every(({ type }) => type === 'signature_delta');
}

export function print(event: JsonObject & { readonly type: string }): string {
  return printFrame(event.type, JSON.stringify(event));
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

function deltaOf(event: Exclude<PartEvent, { type: 'partStart' | 'partStop' }>): JsonObject | undefined {
  if (event.type === 'signature') return { type: 'signature_delta', signature: event.signature };
  if (event.text === '') return undefined;
  switch (event.type) {
    case 'textDelta':
      return { type: 'text_delta', text: event.text };
    case 'thinkingDelta':
      return { type: 'thinking_delta', thinking: event.text };
    case 'argumentsDelta':
      return { type: 'input_json_delta', partial_json: event.text };
  }
}
