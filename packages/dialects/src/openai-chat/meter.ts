// Watches a stream that passes through. Every frame of every stream goes through here, so that only those are parsed in
// which usage or an error stands; the rest are searched for a few words. Inside a JSON string a quote is escaped, so
// that `"usage"` with bare quotes is never part of what the model said.

import type { Frame, StreamMeter } from '../dialect.ts';
import { listOf, objectOf, parseJson } from '../json/narrow.ts';
import type { JsonObject } from '../json/value.ts';
import type { ProviderError } from '../model/event.ts';
import type { Request } from '../model/request.ts';
import type { Usage } from '../model/usage.ts';
import { errorIn } from './error.ts';
import { readUsageObject } from './usage.ts';

export class ChatStreamMeter implements StreamMeter {
  readonly #isUsageWanted: boolean;
  /** Each of several answers has a finish of its own. */
  #finishesWanted: number;
  #usage: Usage | undefined;
  #outputCharacters = 0;
  #error: ProviderError | undefined;

  constructor(request: Request) {
    this.#isUsageWanted = request.isStreamUsageWanted;
    this.#finishesWanted = request.answerCount;
  }

  observe(frame: Frame): boolean {
    const data = frame.data;
    if (data === '') return true;
    if (data.startsWith('[DONE]')) {
      this.#finishesWanted = 0;
      return true;
    }
    this.#count(data);
    if (hasValue(data, '"finish_reason":')) this.#finishesWanted -= 1;
    const hasError = frame.event === 'error' || hasValue(data, '"error":') || !data.includes('"choices"');
    if (!hasError && !hasValue(data, '"usage":')) return true;
    return this.#observeParsed(data, frame.event === 'error');
  }

  get usage(): Usage | undefined {
    return this.#usage;
  }

  get outputCharacters(): number {
    return this.#outputCharacters;
  }

  /** Many providers leave `[DONE]` out; the finish of every answer is as good. */
  get isFinished(): boolean {
    return this.#finishesWanted <= 0;
  }

  get error(): ProviderError | undefined {
    return this.#error;
  }

  #count(data: string): void {
    let characters = spoken(data, '"content":') + spoken(data, '"arguments":') + spoken(data, '"refusal":');
    const reasoning = spoken(data, '"reasoning_content":');
    characters += reasoning > 0 ? reasoning : spoken(data, '"reasoning":');
    this.#outputCharacters += characters;
  }

  #observeParsed(data: string, isError: boolean): boolean {
    const body = parseJson(data);
    const error = errorIn(200, body, isError);
    if (error !== undefined) {
      this.#error = error;
      return true;
    }
    const chunk = objectOf(body);
    if (chunk === undefined) return true;
    const choices = listOf(chunk.choices).map(objectOf);
    const usage = readUsageObject(chunk.usage ?? choices[0]?.usage);
    if (usage === undefined) return true;
    this.#usage = usage;
    return this.#isUsageWanted || choices.some(saysMore);
  }
}

/** False for a choice that is there only because the form wants one. */
function saysMore(choice: JsonObject | undefined): boolean {
  if (choice === undefined) return false;
  const delta = objectOf(choice.delta) ?? {};
  const isSilent = Object.values(delta).every(
    (value) => value === null || value === '' || value === 'assistant',
  );
  return !isSilent || (choice.finish_reason !== undefined && choice.finish_reason !== null);
}

/** True when the field stands there with something else than null or an empty string. */
function hasValue(data: string, field: string): boolean {
  let at = data.indexOf(field);
  while (at !== -1) {
    let value = at + field.length;
    while (data.charCodeAt(value) === SPACE) value += 1;
    const first = data.charCodeAt(value);
    const isEmpty = first === SMALL_N || (first === QUOTE && data.charCodeAt(value + 1) === QUOTE);
    if (!isEmpty) return true;
    at = data.indexOf(field, value);
  }
  return false;
}

/** The characters of all string values of a field; an escape sequence counts as one. */
function spoken(data: string, field: string): number {
  let characters = 0;
  let at = data.indexOf(field);
  while (at !== -1) {
    at += field.length;
    while (data.charCodeAt(at) === SPACE) at += 1;
    if (data.charCodeAt(at) === QUOTE) {
      at += 1;
      for (let unit = data.charCodeAt(at); at < data.length && unit !== QUOTE; unit = data.charCodeAt(at)) {
        if (unit === BACKSLASH) at += data.charCodeAt(at + 1) === SMALL_U ? 6 : 2;
        else at += 1;
        characters += 1;
      }
    }
    at = data.indexOf(field, at);
  }
  return characters;
}

const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SMALL_N = 0x6e;
const SMALL_U = 0x75;
