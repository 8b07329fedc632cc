// https://ai.google.dev/api/caching#FunctionCall: a call comes whole in one part; where `streamFunctionCallArguments` was
// asked for, its arguments come in `partialArgs`, and `willContinue` says that there are more.
// https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling#streaming-fc (seen 2026-11-23)

import type { Frame } from '../dialect.ts';
import { bodiesIn } from '../frames/frame-bodies.ts';
import { isObject, listOf, numberOf, objectOf, stringOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { type CallWatch, NO_CALLS, type SpokenCall } from './call-watch.ts';

export class GeminiCallWatch implements CallWatch {
  /** The call of each candidate whose arguments are still coming. */
  readonly #open = new Map<number, PartialCall>();

  get isOpen(): boolean {
    return this.#open.size > 0;
  }

  observe({ data }: Frame): readonly SpokenCall[] {
    // Within a text the quotes are escaped.
    if (data === '' || (!this.isOpen && !CALLS.test(data))) return NO_CALLS;
    return bodiesIn(data).flatMap((body) => chunksIn(body).flatMap((chunk) => this.#observeChunk(chunk)));
  }

  end(): readonly SpokenCall[] {
    const calls = [...this.#open.values()].map(spoken);
    this.#open.clear();
    return calls;
  }

  #observeChunk(chunk: JsonObject): readonly SpokenCall[] {
    const calls: SpokenCall[] = [];
    for (const candidate of listOf(chunk.candidates).filter(isObject)) {
      const place = numberOf(candidate.index) ?? 0;
      for (const part of partsOf(candidate)) this.#observePart(place, part, calls);
      const open = this.#open.get(place);
      if (open === undefined || !stringOf(candidate.finishReason ?? candidate.finish_reason)) continue;
      this.#open.delete(place);
      calls.push(spoken(open));
    }
    return calls;
  }

  #observePart(place: number, part: JsonObject, calls: SpokenCall[]): void {
    const called = objectOf(part.functionCall ?? part.function_call);
    if (called === undefined) {
      calls.push(...callsOfPart(part));
      return;
    }
    const pieces = listOf(called.partialArgs ?? called.partial_args).filter(isObject);
    const isMoreToCome = (called.willContinue ?? called.will_continue) === true;
    const open = this.#open.get(place);
    if (open === undefined && pieces.length === 0 && !isMoreToCome) {
      calls.push(...callsOfPart(part));
      return;
    }
    const call = open ?? { name: '', fields: new Map(), whole: undefined };
    call.name ||= stringOf(called.name) ?? '';
    call.whole = called.args ?? call.whole;
    for (const piece of pieces) addPiece(call, piece);
    this.#open.set(place, call);
    if (isMoreToCome) return;
    this.#open.delete(place);
    calls.push(spoken(call));
  }
}

const CALLS = /"(?:functionCall|function_call|executableCode|executable_code|toolCall|tool_call)"/;

interface PartialCall {
  name: string;
  /** By their path: text in pieces, which belong together, and other values. */
  readonly fields: Map<string, JsonValue>;
  whole: JsonValue | undefined;
}

function addPiece({ fields }: PartialCall, piece: JsonObject): void {
  const path = stringOf(piece.jsonPath ?? piece.json_path) ?? '';
  const text = stringOf(piece.stringValue ?? piece.string_value);
  const before = fields.get(path);
  if (text !== undefined) fields.set(path, typeof before === 'string' ? before + text : text);
  else fields.set(path, piece.numberValue ?? piece.boolValue ?? piece.nullValue ?? null);
}

function spoken({ name, fields, whole }: PartialCall): SpokenCall {
  const given = Object.fromEntries(fields);
  return { name, argumentsText: JSON.stringify(whole === undefined ? given : { ...given, '': whole }) };
}

/** The calls of a whole reply. */
export function callsOfGeneration(reply: JsonValue): readonly SpokenCall[] {
  return chunksIn(reply)
    .flatMap((chunk) => listOf(chunk.candidates).filter(isObject))
    .flatMap(partsOf)
    .flatMap(callsOfPart);
}

function callsOfPart(part: JsonObject): readonly SpokenCall[] {
  const calls: SpokenCall[] = [];
  for (const name of CALL_FIELDS) {
    const called = objectOf(part[name]);
    if (called === undefined) continue;
    const { name: tool, args, ...more } = called;
    calls.push({ name: stringOf(tool) ?? name, argumentsText: JSON.stringify(args ?? more) });
  }
  return calls;
}

const CALL_FIELDS = [
  'functionCall',
  'function_call',
  'executableCode',
  'executable_code',
  'toolCall',
  'tool_call',
] as const;

function chunksIn(body: JsonValue | undefined): readonly JsonObject[] {
  if (Array.isArray(body)) return (body as readonly JsonValue[]).filter(isObject);
  return isObject(body) ? [body] : [];
}

function partsOf(candidate: JsonObject): readonly JsonObject[] {
  return listOf(objectOf(candidate.content)?.parts).filter(isObject);
}
