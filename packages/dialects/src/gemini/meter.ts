// Watches a stream that passes through. A chunk of this dialect holds many tokens and nearly always the counts so far, so
// that each is parsed.

import type { Frame, StreamMeter } from '../dialect.ts';
import { bodiesIn } from '../frames/frame-bodies.ts';
import { isObject, listOf, objectOf, stringOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import type { ProviderError } from '../model/event.ts';
import { errorIn } from '../model/provider-error.ts';
import type { Request } from '../model/request.ts';
import type { Usage } from '../model/usage.ts';
import { readUsageObject } from './usage.ts';

export class GeminiStreamMeter implements StreamMeter {
  /** Each of several answers has a finish of its own. */
  #finishesWanted: number;
  usage: Usage | undefined;
  words = '';
  outputCharacters = 0;
  error: ProviderError | undefined;

  constructor(request: Request) {
    this.#finishesWanted = request.answerCount;
  }

  observe({ data }: Frame): boolean {
    this.words = '';
    for (const body of bodiesIn(data)) if (body !== undefined) this.#observeBody(body);
    this.outputCharacters += this.words.length;
    return true;
  }

  get isFinished(): boolean {
    return this.#finishesWanted <= 0;
  }

  #observeBody(body: JsonValue): void {
    this.error ??= errorIn(200, body, false);
    const chunk = objectOf(body);
    if (chunk === undefined) return;
    this.usage = readUsageObject(chunk.usageMetadata) ?? this.usage;
    if (stringOf(objectOf(chunk.promptFeedback)?.blockReason)) this.#finishesWanted = 0;
    for (const candidate of listOf(chunk.candidates).filter(isObject)) {
      if (stringOf(candidate.finishReason)) this.#finishesWanted -= 1;
      for (const part of listOf(objectOf(candidate.content)?.parts).filter(isObject)) {
        this.words += wordsOf(part);
      }
    }
  }
}

function wordsOf(part: JsonObject): string {
  const text = stringOf(part.text);
  if (text !== undefined) return text;
  const call = objectOf(part.functionCall);
  return call === undefined ? '' : JSON.stringify(objectOf(call.args) ?? {});
}
