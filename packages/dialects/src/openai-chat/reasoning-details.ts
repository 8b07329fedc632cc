import { listOf, objectOf, stringOf } from '../json/narrow.ts';
import type { JsonObject } from '../json/value.ts';

/** The thinking of a whole message. DeepSeek and most: `reasoning_content`; vLLM and OpenRouter: `reasoning`; MiniMax: `reasoning_details`. */
export function thinkingIn(message: JsonObject): string {
  return named(message) || detailsIn(message);
}

/**
 * The thinking of the deltas of one stream. Some versions of MiniMax send all of it again in each delta; which they do is
 * told by the second: it begins with the first or it does not.
 */
export class ThinkingDeltas {
  #sent = '';
  #isCumulative: boolean | undefined;

  /** What is new in this delta. */
  read(delta: JsonObject): string {
    const given = named(delta);
    if (given !== '') return given;
    const text = detailsIn(delta);
    if (text === '') return '';
    if (this.#sent !== '' && this.#isCumulative !== false) {
      const begins = text.startsWith(this.#sent);
      this.#isCumulative ??= begins && text.length > this.#sent.length;
      if (this.#isCumulative && begins) return this.#take(text.slice(this.#sent.length));
      if (this.#isCumulative && this.#sent.startsWith(text)) return '';
    }
    return this.#take(text);
  }

  #take(text: string): string {
    if (this.#isCumulative !== false) this.#sent += text;
    return text;
  }
}

function named(message: JsonObject): string {
  return stringOf(message.reasoning_content) || stringOf(message.reasoning) || '';
}

function detailsIn(message: JsonObject): string {
  return listOf(message.reasoning_details)
    .map(objectOf)
    .map((detail) => stringOf(detail?.text) ?? stringOf(detail?.summary) ?? '')
    .join('');
}
