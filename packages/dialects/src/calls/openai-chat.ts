// https://platform.openai.com/docs/api-reference/chat/streaming: the pieces of parallel calls may come in any order, and
// nothing but the finish of an answer says that its calls are whole.

import type { Frame } from '../dialect.ts';
import { bodiesIn } from '../frames/frame-bodies.ts';
import { isObject, listOf, numberOf, objectOf, parseJson, stringOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { type CallWatch, GatheredCalls, NO_CALLS, type SpokenCall } from './call-watch.ts';

export class ChatCallWatch implements CallWatch {
  readonly #calls = new GatheredCalls();
  /** The call that each answer's last piece belonged to, and the id it was begun with. */
  readonly #last = new Map<number, string>();
  readonly #ids = new Map<string, string>();
  /** How often a number was used by another call before. */
  readonly #uses = new Map<string, number>();

  get isOpen(): boolean {
    return this.#calls.isOpen;
  }

  observe({ data }: Frame): readonly SpokenCall[] {
    if (data === '') return NO_CALLS;
    if (data.startsWith('[DONE]')) return this.end();
    // Within a text the quotes are escaped.
    if (!this.isOpen && !CALLS.test(data)) return NO_CALLS;
    return bodiesIn(data).flatMap((body) =>
      listOf(objectOf(body)?.choices)
        .filter(isObject)
        .flatMap((choice) => this.#observeChoice(choice)),
    );
  }

  end(): readonly SpokenCall[] {
    return this.#calls.closeAll();
  }

  #observeChoice(choice: JsonObject): readonly SpokenCall[] {
    const place = numberOf(choice.index) ?? 0;
    for (const said of [choice.delta, choice.message]) {
      for (const piece of piecesIn(objectOf(said) ?? {})) this.#add(place, piece);
    }
    if (!stringOf(choice.finish_reason)) return NO_CALLS;
    return this.#calls.closeAll((key) => key.startsWith(`${place}/`));
  }

  #add(place: number, { index, id, name, text }: Piece): void {
    const key = this.#keyOf(place, { index, id, name, text });
    this.#last.set(place, key);
    if (id !== '' && !this.#ids.has(key)) this.#ids.set(key, id);
    const call = this.#calls.open(key);
    call.name ||= name;
    call.add(text);
  }

  /** Some back ends leave the number or the id out, or give one number to all. */
  #keyOf(place: number, { index, id, name, text }: Piece): string {
    const last = this.#last.get(place);
    if (index === undefined && id === '' && last !== undefined && name === '') return last;
    const numbered = `${place}/${index ?? id}`;
    const key = `${numbered}/${this.#uses.get(numbered) ?? 0}`;
    const known = this.#calls.get(key);
    if (known === undefined) return key;
    const begun = this.#ids.get(key);
    const isOther =
      id !== '' && begun !== undefined
        ? id !== begun
        : name !== '' && text !== '' && parseJson(known.text) !== undefined;
    if (!isOther) return key;
    const uses = (this.#uses.get(numbered) ?? 0) + 1;
    this.#uses.set(numbered, uses);
    return `${numbered}/${uses}`;
  }
}

const CALLS = /"(?:tool_calls|function_call)"\s*:\s*[[{]/;

interface Piece {
  readonly index: number | undefined;
  readonly id: string;
  readonly name: string;
  readonly text: string;
}

/** The calls of a whole reply. */
export function callsOfCompletion(reply: JsonValue): readonly SpokenCall[] {
  return listOf(objectOf(reply)?.choices).flatMap((choice) =>
    piecesIn(objectOf(objectOf(choice)?.message) ?? {}).map(({ name, text }) => ({
      name,
      argumentsText: text,
    })),
  );
}

/** Of a delta, or of a whole message. */
function piecesIn(message: JsonObject): readonly Piece[] {
  const pieces = listOf(message.tool_calls).filter(isObject).map(pieceOf);
  const legacy = objectOf(message.function_call);
  return legacy === undefined ? pieces : [...pieces, pieceOf({ index: -1, function: legacy })];
}

function pieceOf(call: JsonObject): Piece {
  const called = objectOf(call.function) ?? objectOf(call.custom) ?? {};
  return {
    index: numberOf(call.index),
    id: stringOf(call.id) ?? '',
    name: stringOf(called.name) ?? '',
    text: textOf(called.arguments ?? called.input),
  };
}

function textOf(value: JsonValue | undefined): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}
