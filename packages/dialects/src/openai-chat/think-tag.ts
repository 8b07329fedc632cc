/**
 * Takes `<think>…</think>` at the very start of a text apart from what follows, however the tags are cut. Only there:
 * an answer may speak of the tag. An unclosed tag leaves everything thinking.
 */
export class ThinkTagSplitter {
  #state: 'start' | 'thinking' | 'after' | 'text' = 'start';
  #held = '';

  push(text: string): ThoughtAndText {
    if (this.#state === 'text') return { thinking: '', text };
    this.#held += text;
    let thinking = '';
    if (this.#state === 'start') {
      const trimmed = this.#held.trimStart();
      if (trimmed.length < OPEN.length && OPEN.startsWith(trimmed)) return { thinking, text: '' };
      if (!trimmed.startsWith(OPEN)) return { thinking, text: this.#release('text') };
      this.#state = 'thinking';
      this.#held = trimmed.slice(OPEN.length);
    }
    if (this.#state === 'thinking') {
      const close = this.#held.indexOf(CLOSE);
      const cut = close === -1 ? this.#held.length - partialTagLength(this.#held) : close;
      thinking = this.#held.slice(0, cut);
      this.#held = this.#held.slice(close === -1 ? cut : close + CLOSE.length);
      if (close === -1) return { thinking, text: '' };
      this.#state = 'after';
    }
    // Line breaks between the tag and the answer belong to neither.
    this.#held = this.#held.trimStart();
    return { thinking, text: this.#held === '' ? '' : this.#release('text') };
  }

  /** What was held back for a tag that never came whole. */
  end(): ThoughtAndText {
    const isThinking = this.#state === 'thinking';
    const held = this.#release('text');
    return isThinking ? { thinking: held, text: '' } : { thinking: '', text: held };
  }

  #release(state: 'text'): string {
    const held = this.#held;
    this.#held = '';
    this.#state = state;
    return held;
  }
}

export interface ThoughtAndText {
  readonly thinking: string;
  readonly text: string;
}

const OPEN = '<think>';
const CLOSE = '</think>';

function partialTagLength(text: string): number {
  for (let length = Math.min(CLOSE.length - 1, text.length); length > 0; length -= 1) {
    if (text.endsWith(CLOSE.slice(0, length))) return length;
  }
  return 0;
}
