// How many tokens a text has, by the tokenizer of OpenAI's current models, o200k_base. Other families cut texts
// a little differently; it stands in for all whose provider cannot be asked.
//
// The thread that counts starts with the first count. When it ends by itself, the counts that it was asked for fail as
// `unavailable`, and the next count starts another.

import { Worker } from 'node:worker_threads';
import { Fault } from '@ai-switch/kernel';
import type { TokensAsked, TokensCounted } from './token-worker.ts';

/** Of one count the thread has one piece at a time, so that a long prompt does not keep short ones waiting. */
const PIECE_CHARACTERS = 32 * 1024;
/** More than any model reads; what is beyond is taken to be as dense as what was counted. */
const COUNTED_CHARACTERS_MAX = 4 * 1024 * 1024;
const COUNTS_MAX = 1_024;

export class TokenCounter {
  #worker: Worker | undefined;
  #counts = 0;
  #lastId = 0;
  readonly #waiting = new Map<number, PromiseWithResolvers<readonly number[]>>();

  /** The tokens of all texts together. @throws Fault `overloaded`, `unavailable` */
  async count(texts: readonly string[]): Promise<number> {
    if (this.#counts >= COUNTS_MAX) {
      throw new Fault('overloaded', 'Too many prompts are being counted. Please try again in a moment.', {
        retryAfterMs: 1_000,
      });
    }
    this.#counts += 1;
    try {
      return await this.#countPieces(texts);
    } finally {
      this.#counts -= 1;
    }
  }

  /** The tokens of each text, in one message: for many short ones. @throws Fault `unavailable` */
  countEach(texts: readonly string[]): Promise<readonly number[]> {
    return this.#ask(texts);
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  async #countPieces(texts: readonly string[]): Promise<number> {
    const characters = texts.reduce((sum, text) => sum + text.length, 0);
    let counted = 0;
    let tokens = 0;
    for (const piece of piecesOf(texts)) {
      if (counted >= COUNTED_CHARACTERS_MAX) return Math.ceil((tokens * characters) / counted);
      for (const count of await this.#ask(piece)) tokens += count;
      for (const text of piece) counted += text.length;
    }
    return tokens;
  }

  #ask(texts: readonly string[]): Promise<readonly number[]> {
    this.#worker ??= this.#start();
    this.#lastId += 1;
    const asked: TokensAsked = [this.#lastId, texts];
    const answer = Promise.withResolvers<readonly number[]>();
    this.#waiting.set(this.#lastId, answer);
    this.#worker.postMessage(asked);
    return answer.promise;
  }

  #start(): Worker {
    const worker = new Worker(new URL('./token-worker.ts', import.meta.url));
    worker.on('message', ([id, tokens]: TokensCounted) => {
      this.#waiting.get(id)?.resolve(tokens);
      this.#waiting.delete(id);
    });
    let cause: unknown;
    worker.on('error', (error) => {
      cause = error;
    });
    worker.on('exit', () => {
      this.#worker = undefined;
      const waiting = [...this.#waiting.values()];
      this.#waiting.clear();
      const fault = new Fault('unavailable', 'The prompt could not be counted. Please try again.', { cause });
      for (const { reject } of waiting) reject(fault);
    });
    worker.unref();
    return worker;
  }
}

/** The texts in lists of no more characters than one piece may have; a longer text is cut before a space. */
function* piecesOf(texts: readonly string[]): Generator<readonly string[]> {
  let piece: string[] = [];
  let room = PIECE_CHARACTERS;
  for (const text of texts) {
    for (let from = 0; from < text.length; ) {
      const end = cutAt(text, from, from + PIECE_CHARACTERS);
      if (end - from > room) {
        yield piece;
        piece = [];
        room = PIECE_CHARACTERS;
      }
      piece.push(text.slice(from, end));
      room -= end - from;
      from = end;
    }
  }
  if (piece.length > 0) yield piece;
}

/** The last place up to `to` before which a word ends; `to` itself where none does. */
function cutAt(text: string, from: number, to: number): number {
  if (to >= text.length) return text.length;
  const space = Math.max(text.lastIndexOf(' ', to), text.lastIndexOf('\n', to));
  return space > from ? space : to;
}
