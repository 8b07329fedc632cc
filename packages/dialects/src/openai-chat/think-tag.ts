/**
 * Takes `<think>…</think>` at the very start of a text apart from what follows, however the tags are cut. Only there:
 * an answer may speak of the tag. An unclosed tag leaves everything thinking.
 *
 * Some models' templates end the prompt with the opening tag, so that the answer has only the closing one. From those a
 * text is held back until the closing tag comes or the text ends: before, nobody knows which of the two it is.
 */
export class ThinkTagSplitter {
  #state: 'start' | 'unopened' | 'thinking' | 'after' | 'text' = 'start';
  #held = '';
  /** The model may leave the opening tag out. Settable until the text begins. */
  isOpenedByTemplate = false;

  push(text: string): ThoughtAndText {
    if (this.#state === 'text') return { thinking: '', text };
    this.#held += text;
    if (this.#state === 'start') {
      const trimmed = this.#held.trimStart();
      if (trimmed.length < OPEN.length && OPEN.startsWith(trimmed)) return NOTHING;
      if (trimmed.startsWith(OPEN)) {
        this.#state = 'thinking';
        this.#held = trimmed.slice(OPEN.length);
      } else if (this.isOpenedByTemplate) this.#state = 'unopened';
      else return { thinking: '', text: this.#release() };
    }
    let thinking = '';
    if (this.#state === 'thinking' || this.#state === 'unopened') {
      const close = this.#held.indexOf(CLOSE);
      if (close === -1 && this.#state === 'unopened') return NOTHING;
      const cut = close === -1 ? this.#held.length - partialTagLength(this.#held) : close;
      thinking = this.#held.slice(0, cut);
      this.#held = this.#held.slice(close === -1 ? cut : close + CLOSE.length);
      if (close === -1) return { thinking, text: '' };
      this.#state = 'after';
    }
    // Line breaks between the tag and the answer belong to neither.
    this.#held = this.#held.trimStart();
    return { thinking, text: this.#held === '' ? '' : this.#release() };
  }

  /** Something else begins: what is held of a text without a tag is text. */
  settle(): ThoughtAndText {
    return this.#state === 'unopened' ? this.end() : NOTHING;
  }

  /** What was held back for a tag that never came whole. */
  end(): ThoughtAndText {
    const isThinking = this.#state === 'thinking';
    const held = this.#release();
    return isThinking ? { thinking: held, text: '' } : { thinking: '', text: held };
  }

  #release(): string {
    const held = this.#held;
    this.#held = '';
    this.#state = 'text';
    return held;
  }
}

export interface ThoughtAndText {
  readonly thinking: string;
  readonly text: string;
}

const OPEN = '<think>';
const CLOSE = '</think>';
const NOTHING: ThoughtAndText = { thinking: '', text: '' };

function partialTagLength(text: string): number {
  for (let length = Math.min(CLOSE.length - 1, text.length); length > 0; length -= 1) {
    if (text.endsWith(CLOSE.slice(0, length))) return length;
  }
  return 0;
}
