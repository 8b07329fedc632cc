// How many tokens of an answer have been delivered, for the hold that it lives on and for the charge of one that is cut: the
// provider's own count as far as it went, and from there on the tokenizer's.
//
// Streams only collect what was said; twice a second one message takes what came in all of them to the counting thread.
// Invariants: a word that was counted is not counted again, but for the last one, which may go on; what the provider has
// counted is not counted at all. While the thread is down, or for an answer younger than a round, the number is an
// estimate by the density of what was counted before, or by four characters a token.

import type { Usage } from '@ai-switch/dialects';
import { CHARACTERS_PER_TOKEN } from './estimate.ts';
import { type Enrolled, NOT_ENROLLED, Roster } from './roster.ts';
import type { TokenCounter } from './token-counter.ts';

const ROUND_MS = 500;
/** Of one answer, between two rounds; what is beyond is taken to be as dense as the rest. */
const FRESH_CHARACTERS_MAX = 1024 * 1024;
/** A run without a space is cut off behind this, at one token more at most. */
const TAIL_CHARACTERS_MAX = 1_024;

export class OutputTally implements Enrolled {
  rosterPlace = NOT_ENROLLED;
  /** Told when `tokens` became more exact without more having been said. */
  onCounted: (() => void) | undefined;
  readonly #counter: TokenCounter;
  /** What the provider said before the first word: no more than a floor. */
  #floor = 0;
  /** What the provider counted up to the words below. */
  #base = 0;
  #counted = 0;
  #countedCharacters = 0;
  /** The last word that was counted, which may go on, and its share. */
  #tail = '';
  #tailTokens = 0;
  /** On its way to the thread. */
  #taken = '';
  #fresh = '';
  #skippedCharacters = 0;
  #hasSpoken = false;
  #isSeasoned = false;
  /** A count that was asked for in an earlier era is of no use. */
  #era = 0;

  constructor(counter: TokenCounter) {
    this.#counter = counter;
  }

  /** @param words text, thinking or arguments that went to the client */
  add(words: string): void {
    if (words === '') return;
    this.#hasSpoken = true;
    if (this.#fresh.length + words.length > FRESH_CHARACTERS_MAX) this.#skippedCharacters += words.length;
    else this.#fresh += words;
  }

  /**
   * The provider's own count of all so far; call it after `add` for the words of the same frame. One that says no more than
   * before does not know of those words yet: Google leaves the answer out of its first counts.
   */
  provide({ output }: Usage): void {
    if (output <= Math.max(this.#floor, this.#base)) return;
    if (!this.#hasSpoken) {
      this.#floor = output;
      return;
    }
    this.#era += 1;
    this.#base = output;
    this.#counted = 0;
    this.#countedCharacters = 0;
    this.#tail = '';
    this.#tailTokens = 0;
    this.#taken = '';
    this.#fresh = '';
    this.#skippedCharacters = 0;
  }

  /** As well as it is known now. */
  get tokens(): number {
    const waiting = this.#taken.length + this.#fresh.length + this.#skippedCharacters;
    const said = this.#counted + this.#tailTokens + Math.ceil(waiting * this.#density);
    return Math.max(this.#floor, this.#base + said);
  }

  /** Counts what is left. Never rejects: without the thread it stays the estimate. */
  async settle(): Promise<number> {
    const rest = this.#taken + this.#fresh;
    if (rest === '') return this.tokens;
    this.#era += 1;
    const era = this.#era;
    try {
      const tokens = await this.#counter.count([this.#tail + rest]);
      if (era === this.#era) {
        this.#counted += tokens;
        this.#countedCharacters += this.#tail.length + rest.length;
        this.#tail = '';
        this.#tailTokens = 0;
        this.#taken = '';
        this.#fresh = '';
      }
    } catch {
      // As the estimate says.
    }
    return this.tokens;
  }

  /** What a round is to count; undefined for nothing. Of an answer shorter than a round nothing is, unless it is cut. */
  take(): Taken | undefined {
    const isCounted = this.#isSeasoned && this.#fresh !== '' && this.#taken === '';
    this.#isSeasoned = true;
    if (!isCounted) return undefined;
    this.#taken = this.#fresh;
    this.#fresh = '';
    const text = this.#tail + this.#taken;
    const end = lastWordAt(text);
    return { era: this.#era, text: text.slice(0, end), tail: text.slice(end) };
  }

  /** @param counts of the text and of the tail; without them they are to be counted again */
  give({ era, text, tail }: Taken, counts: readonly [number, number] | undefined): void {
    if (era !== this.#era) return;
    if (counts === undefined) {
      this.#fresh = this.#taken + this.#fresh;
      this.#taken = '';
      return;
    }
    this.#taken = '';
    this.#counted += counts[0];
    this.#countedCharacters += text.length;
    this.#tail = tail;
    this.#tailTokens = counts[1];
    this.onCounted?.();
  }

  get #density(): number {
    const characters = this.#countedCharacters + this.#tail.length;
    return characters === 0 ? 1 / CHARACTERS_PER_TOKEN : (this.#counted + this.#tailTokens) / characters;
  }
}

/** Words on their way to the thread, of which the last one may go on. */
interface Taken {
  readonly era: number;
  readonly text: string;
  readonly tail: string;
}

/** The answers that are under way in one edge. */
export class OutputTallies {
  readonly #counter: TokenCounter;
  readonly #tallies = new Roster<OutputTally>();
  readonly #timer: NodeJS.Timeout;
  #isCounting = false;

  constructor(counter: TokenCounter, roundMs = ROUND_MS) {
    this.#counter = counter;
    this.#timer = setInterval(() => void this.#round(), roundMs);
    this.#timer.unref();
  }

  add(tally: OutputTally): void {
    this.#tallies.add(tally);
  }

  /** It can still be settled. */
  delete(tally: OutputTally): void {
    this.#tallies.delete(tally);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** One message at a time: when the thread is behind, the next one has more in it. */
  async #round(): Promise<void> {
    if (this.#isCounting) return;
    const asked = this.#tallies.all().flatMap((tally) => {
      const taken = tally.take();
      return taken === undefined ? [] : [{ tally, taken }];
    });
    if (asked.length === 0) return;
    this.#isCounting = true;
    const counts = await this.#countEach(asked.flatMap(({ taken }) => [taken.text, taken.tail]));
    this.#isCounting = false;
    asked.forEach(({ tally, taken }, at) => {
      const [text, tail] = [counts?.[2 * at], counts?.[2 * at + 1]];
      tally.give(taken, text === undefined || tail === undefined ? undefined : [text, tail]);
    });
  }

  async #countEach(texts: readonly string[]): Promise<readonly number[] | undefined> {
    try {
      return await this.#counter.countEach(texts);
    } catch {
      return undefined;
    }
  }
}

/** Where the last word begins, with the space before it: the tokenizer never joins what stands on both sides. */
function lastWordAt(text: string): number {
  for (let at = text.length - 2; at > 0 && text.length - at <= TAIL_CHARACTERS_MAX; at -= 1) {
    if (text[at] === ' ' && !isSpace(text[at - 1]) && !isSpace(text[at + 1])) return at;
  }
  return text.length > TAIL_CHARACTERS_MAX ? text.length : 0;
}

function isSpace(character: string | undefined): boolean {
  return character === undefined || /\s/.test(character);
}
