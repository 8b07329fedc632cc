// Parts of an answer as this dialect streams them. Clients run a call the moment they see it and never join two pieces of
// one, so that a call is shown once, when its arguments are whole.

import { objectOf, parseJson } from '../json/narrow.ts';
import type { JsonObject } from '../json/value.ts';
import type { Event, PartStart } from '../model/event.ts';
import { isSealed } from '../model/seal.ts';

type PartEvent = Extract<Event, { readonly index: number }>;
type ToolCallStart = Extract<PartStart, { kind: 'toolCall' }>;

export class PartPrinter {
  readonly #calls = new Map<number, { readonly call: ToolCallStart; text: string }>();
  /** Stands on the part that follows the thought. */
  #signature: string | undefined;
  #malformed: string | undefined;

  /** The name of a call whose arguments were no JSON object, and which was therefore not shown. */
  get malformedCall(): string | undefined {
    return this.#malformed;
  }

  write(event: PartEvent): readonly JsonObject[] {
    switch (event.type) {
      case 'partStart':
        return this.#start(event.index, event.part);
      case 'textDelta':
        return event.text === '' ? [] : [this.#signed({ text: event.text })];
      case 'thinkingDelta':
        return event.text === '' ? [] : [{ text: event.text, thought: true }];
      case 'signature':
        this.#signature = event.signature;
        return [];
      case 'argumentsDelta': {
        const open = this.#calls.get(event.index);
        if (open !== undefined) open.text += event.text;
        return [];
      }
      case 'partStop':
        return this.#stop(event.index);
    }
  }

  /** What is still held back, in the order it came. */
  end(): readonly JsonObject[] {
    return [...[...this.#calls.keys()].flatMap((index) => this.#stop(index)), ...this.#flush()];
  }

  #start(index: number, part: PartStart): readonly JsonObject[] {
    if (part.kind === 'text') return [];
    if (part.kind === 'toolCall') {
      this.#calls.set(index, { call: part, text: '' });
      return [];
    }
    const before = this.#flush();
    // A thought that is hidden whole travels as a signature; its envelope says what it is when it comes back.
    if (part.kind === 'redactedThinking' && isSealed(part.data)) this.#signature = part.data;
    return before;
  }

  #stop(index: number): readonly JsonObject[] {
    const open = this.#calls.get(index);
    if (open === undefined) return [];
    this.#calls.delete(index);
    const args = objectOf(parseJson(open.text.trim() === '' ? '{}' : open.text));
    if (args === undefined) {
      this.#malformed ??= open.call.name;
      return [];
    }
    const { id, name } = open.call;
    return [this.#signed({ functionCall: { id, name, args } })];
  }

  #signed(part: JsonObject): JsonObject {
    const signature = this.#signature;
    this.#signature = undefined;
    return signature === undefined ? part : { ...part, thoughtSignature: signature };
  }

  #flush(): readonly JsonObject[] {
    return this.#signature === undefined ? [] : [this.#signed({ text: '' })];
  }
}
