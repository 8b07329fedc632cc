// https://ai.google.dev/api/generate-content#FinishReason: "MAX_TOKENS: The maximum number of tokens as specified in the
// request was reached." Parts and calls come whole in this dialect, so that nothing of the answer is left open.

import type { Frame, ReplyContext, StreamStopper } from '../dialect.ts';
import { bodiesIn } from '../frames/frame-bodies.ts';
import { printFrame } from '../frames/sse.ts';
import { isObject, listOf, numberOf, objectOf, stringOf } from '../json/narrow.ts';
import type { JsonObject } from '../json/value.ts';
import type { Usage } from '../model/usage.ts';
import { writeUsageObject } from './usage.ts';

export class GeminiStreamStopper implements StreamStopper {
  readonly #context: ReplyContext;
  #model = '';
  #id = '';
  /** Each answer by its number: true while it is open. */
  readonly #candidates = new Map([[0, true]]);

  constructor(context: ReplyContext) {
    this.#context = context;
  }

  observe({ data }: Frame): void {
    if (this.#id !== '' && !BEGINS_OR_ENDS.test(data)) return;
    for (const body of bodiesIn(data)) if (isObject(body)) this.#observeParsed(body);
  }

  stop(usage: Usage): string {
    const open = [...this.#candidates].filter(([, isOpen]) => isOpen);
    this.#candidates.clear();
    if (open.length === 0) return '';
    const candidates = open.map(([index]) => ({
      // Chats of Google's SDK forget an answer in which a chunk has no parts.
      content: { parts: [{ text: '' }], role: 'model' },
      finishReason: 'MAX_TOKENS',
      index,
    }));
    const last = {
      candidates,
      usageMetadata: writeUsageObject(usage),
      modelVersion: this.#model || this.#context.model,
      responseId: this.#id || this.#context.requestId,
    };
    return printFrame('', JSON.stringify(last));
  }

  #observeParsed(chunk: JsonObject): void {
    this.#id ||= stringOf(chunk.responseId) ?? '';
    this.#model ||= stringOf(chunk.modelVersion) ?? '';
    if (stringOf(objectOf(chunk.promptFeedback)?.blockReason)) this.#candidates.set(0, false);
    for (const { index, finishReason } of listOf(chunk.candidates).filter(isObject)) {
      const place = numberOf(index) ?? 0;
      if (isFinish(stringOf(finishReason))) this.#candidates.set(place, false);
      else if (!this.#candidates.has(place)) this.#candidates.set(place, true);
    }
  }
}

function isFinish(word: string | undefined): boolean {
  return word !== undefined && word !== '' && word !== 'FINISH_REASON_UNSPECIFIED';
}

/** A finish, a prompt that was refused, or a candidate that is not the first. Within a text the quotes are escaped. */
const BEGINS_OR_ENDS = /"finishReason"|"blockReason"|"index"\s*:\s*[1-9]/;
