import type { Frame } from '../dialect.ts';

/** What a model asks a tool to do, as its answer has it: before it is a part of the hub, which keeps less. */
export interface SpokenCall {
  readonly name: string;
  /** JSON text, as far as it came; of a tool whose input is free text, that text. */
  readonly argumentsText: string;
}

/**
 * Watches a stream that goes through untouched for tool calls, so that they can be held back whole. It errs on the side of
 * taking something for a call: whatever a client might run counts, under any number and of any kind.
 */
export interface CallWatch {
  /** @returns the calls that are whole with this frame, in the order they began */
  observe(frame: Frame): readonly SpokenCall[];
  /** Something of a call has come, and the rest of it not yet. */
  readonly isOpen: boolean;
  /** Call once when the frames end. @returns what is still open, as far as it came */
  end(): readonly SpokenCall[];
}

export const NO_CALLS: readonly SpokenCall[] = [];

/** A call whose pieces are still coming, or came: what comes late is put behind the rest and told once more. */
export class GatheredCall {
  name = '';
  text = '';
  /** Other wordings of the arguments that the stream has: at the start of the call, or at its end. */
  readonly #others = new Set<string>();
  isOpen = true;

  add(piece: string): void {
    this.isOpen = true;
    this.text += piece;
  }

  addWhole(text: string): void {
    this.isOpen = true;
    if (text !== '') this.#others.add(text);
  }

  /** Closes it. One for each wording, as clients differ in which they take. */
  told(): readonly SpokenCall[] {
    this.isOpen = false;
    const { name, text } = this;
    this.#others.delete(text);
    const texts = text === '' && this.#others.size > 0 ? [...this.#others] : [text, ...this.#others];
    return texts.map((argumentsText) => ({ name, argumentsText }));
  }
}

/** The calls of one stream, by what the stream knows them by. */
export class GatheredCalls {
  readonly #calls = new Map<string, GatheredCall>();
  #openCount = 0;

  get isOpen(): boolean {
    return this.#openCount > 0;
  }

  get(key: string): GatheredCall | undefined {
    return this.#calls.get(key);
  }

  /** The call of that key, which is open from here on. */
  open(key: string): GatheredCall {
    const known = this.#calls.get(key);
    if (known?.isOpen) return known;
    this.#openCount += 1;
    const call = known ?? new GatheredCall();
    call.isOpen = true;
    this.#calls.set(key, call);
    return call;
  }

  /** Forgets the call of that key, which is told, so that another may have it. */
  forget(key: string): void {
    this.#calls.delete(key);
  }

  /** Nothing for a call that is not open. */
  close(key: string): readonly SpokenCall[] {
    const call = this.#calls.get(key);
    if (call === undefined || !call.isOpen) return NO_CALLS;
    this.#openCount -= 1;
    return call.told();
  }

  closeAll(wanted: (key: string) => boolean = () => true): readonly SpokenCall[] {
    if (!this.isOpen) return NO_CALLS;
    return [...this.#calls.keys()].filter(wanted).flatMap((key) => this.close(key));
  }
}
