// https://platform.openai.com/docs/api-reference/responses-streaming: a call is an item of its own, told of up to three
// times: in pieces, when it is done, and in the response at the end. Clients differ in which of them they run.

import type { Frame } from '../dialect.ts';
import { bodiesIn } from '../frames/frame-bodies.ts';
import { isObject, listOf, numberOf, objectOf, stringOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { type CallWatch, GatheredCalls, NO_CALLS, type SpokenCall } from './call-watch.ts';

export class ResponsesCallWatch implements CallWatch {
  readonly #items = new GatheredCalls();

  get isOpen(): boolean {
    return this.#items.isOpen;
  }

  observe({ event, data }: Frame): readonly SpokenCall[] {
    if (data === '' || data.startsWith('[DONE]')) return NO_CALLS;
    // Nearly all of a stream.
    if (WORDS.test(event || typeIn(data)) && !data.includes('\n')) return NO_CALLS;
    return bodiesIn(data).flatMap((body) => (isObject(body) ? this.#observeParsed(body, event) : NO_CALLS));
  }

  end(): readonly SpokenCall[] {
    return this.#items.closeAll();
  }

  #observeParsed(body: JsonObject, name: string): readonly SpokenCall[] {
    const type = stringOf(body.type) ?? name;
    if (!type.startsWith('response.')) return NO_CALLS;
    const response = objectOf(body.response);
    if (response !== undefined) {
      return ENDS.has(type)
        ? [...this.#items.closeAll(), ...callsOfResponse(response)]
        : callsOfResponse(response);
    }
    const item = objectOf(body.item);
    const key = String(numberOf(body.output_index) ?? stringOf(body.item_id) ?? stringOf(item?.id) ?? 0);
    if (item !== undefined) return this.#observeItem(key, item, type);
    this.#observePiece(key, body, type);
    return NO_CALLS;
  }

  #observeItem(key: string, item: JsonObject, type: string): readonly SpokenCall[] {
    const call = callOfItem(item);
    if (call !== undefined) {
      const known = this.#items.open(key);
      known.name ||= call.name;
      known.addWhole(call.argumentsText);
    }
    return type === 'response.output_item.done' ? this.#items.close(key) : NO_CALLS;
  }

  #observePiece(key: string, body: JsonObject, type: string): void {
    if (WORDS.test(type)) return;
    if (typeof body.delta === 'string') this.#items.open(key).add(body.delta);
    for (const whole of [body.arguments, body.input, body.code]) {
      if (typeof whole === 'string') this.#items.open(key).addWhole(whole);
    }
  }
}

/** What belongs to something said. */
const WORDS = /^response\.(?:output_text|refusal|content_part|reasoning|audio|image_generation)/;

const ENDS: ReadonlySet<string> = new Set([
  'response.completed',
  'response.incomplete',
  'response.done',
  'response.failed',
]);

/** The event's own type stands first in every known server. */
function typeIn(data: string): string {
  return /^\s*\{\s*"type"\s*:\s*"([\w.]+)"/.exec(data)?.[1] ?? '';
}

/** The calls of a whole reply. */
export function callsOfResponse(response: JsonValue): readonly SpokenCall[] {
  return listOf(objectOf(response)?.output).flatMap((item) => {
    const call = isObject(item) ? callOfItem(item) : undefined;
    return call === undefined ? NO_CALLS : [call];
  });
}

/** Undefined for what is said, drawn, or answered by a tool of the provider's own. */
function callOfItem(item: JsonObject): SpokenCall | undefined {
  const type = stringOf(item.type) ?? '';
  if (INERT.has(type) || type.endsWith('_output')) return undefined;
  const { id: _, type: __, status: ___, call_id: ____, name, arguments: given, input, code, ...more } = item;
  const said = given ?? input ?? code;
  const called = stringOf(name) ?? type.replace(/_call$/, '');
  if (typeof said === 'string') return { name: called, argumentsText: said };
  return { name: called, argumentsText: JSON.stringify(said ?? more) };
}

const INERT: ReadonlySet<string> = new Set(['message', 'reasoning', 'compaction', 'image_generation_call']);
