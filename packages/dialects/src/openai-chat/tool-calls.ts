// Which call a piece of `tool_calls` belongs to. The published form numbers the calls and names each once; back ends
// leave out the number or the id, repeat both, use one number for all, or start at 1.
//
// Invariant: every call of an answer has an id of its own, the same for the same stream.

import { numberOf, objectOf, parseJson, stringOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { digest } from '../model/digest.ts';
import type { Event, PartStart } from '../model/event.ts';
import type { PartSequence, SequencedPart } from './part-sequence.ts';

export class ToolCallAssembler {
  readonly #sequence: PartSequence;
  readonly #calls: Call[] = [];
  readonly #ids = new Set<string>();

  constructor(sequence: PartSequence) {
    this.#sequence = sequence;
  }

  get count(): number {
    return this.#calls.length;
  }

  read(delta: JsonObject, replyId: string, events: Event[]): void {
    const custom = objectOf(delta.custom);
    const called = objectOf(delta.function) ?? custom ?? {};
    const piece: Piece = {
      index: numberOf(delta.index),
      id: stringOf(delta.id) ?? '',
      name: stringOf(called.name) ?? '',
      text: argumentsText(called.arguments ?? called.input),
      isCustom: custom !== undefined,
    };
    const call = this.#find(piece) ?? this.#begin(piece, replyId);
    if (call === undefined) return;
    call.name ||= piece.name;
    if (call.part === undefined) {
      if (call.name === '') {
        // Without a name nothing can be called: what came waits for it.
        call.early += piece.text;
        return;
      }
      const start: PartStart = { kind: 'toolCall', id: call.id, name: call.name };
      call.part = this.#sequence.begin(piece.isCustom ? { ...start, form: 'custom' } : start, events);
      piece.text = call.early + piece.text;
    }
    if (piece.text !== '') this.#sequence.add(call.part, piece.text, events);
  }

  #find(piece: Piece): Call | undefined {
    const last = this.#calls.at(-1);
    if (piece.index === undefined) {
      if (piece.id !== '') return this.#calls.find((call) => call.sentId === piece.id);
      return last !== undefined && isNextCall(last, piece) ? undefined : last;
    }
    const call = this.#calls.findLast((candidate) => candidate.index === piece.index);
    return call !== undefined && isNextCall(call, piece) ? undefined : call;
  }

  #begin(piece: Piece, replyId: string): Call | undefined {
    if (piece.name === '' && piece.id === '' && piece.text.trim() === '') return undefined;
    const ordinal = this.#calls.length;
    let id = piece.id === '' ? `call_${digest(`${replyId}\n${ordinal}\n${piece.name}`)}` : piece.id;
    for (let copy = 2; this.#ids.has(id); copy += 1) id = `${piece.id || id}_${copy}`;
    this.#ids.add(id);
    const call: Call = { index: piece.index, sentId: piece.id, id, name: '', part: undefined, early: '' };
    this.#calls.push(call);
    return call;
  }
}

interface Piece {
  readonly index: number | undefined;
  readonly id: string;
  readonly name: string;
  text: string;
  /** Its text is free and no JSON. */
  readonly isCustom: boolean;
}

interface Call {
  readonly index: number | undefined;
  /** The id as the provider sent it, '' when it sent none. */
  readonly sentId: string;
  readonly id: string;
  name: string;
  part: SequencedPart | undefined;
  early: string;
}

/** True when a piece under the number of a call that began is another call. */
function isNextCall(call: Call, piece: Piece): boolean {
  if (piece.id !== '' && call.sentId !== '') return piece.id !== call.sentId;
  if (piece.name === '' || piece.text === '' || piece.isCustom) return false;
  return parseJson(call.part?.text ?? call.early) !== undefined;
}

function argumentsText(value: JsonValue | undefined): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}
