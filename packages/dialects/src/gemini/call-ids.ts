// Calls may come without ids and results without the id of their call; the hub ties both by id.
// Invariant: the same history gives the same ids at every later turn, and they do not change when it is shortened at its
// start, as long as no call in it is repeated word for word.

import { digest } from '../model/digest.ts';

export class CallIds {
  /** Calls that no result was found for, by the turn they stand in, the oldest first. */
  readonly #unanswered: Call[] = [];
  readonly #copies = new Map<string, number>();
  #turn = 0;

  beginTurn(): void {
    this.#turn += 1;
  }

  /** The id of a call as it was sent, or one made of what it says. */
  ofCall(sentId: string, name: string, argumentsText: string): string {
    const id = sentId || this.#mint(`${name}\n${argumentsText}`);
    this.#unanswered.push({ id, name, turn: this.#turn });
    return id;
  }

  /**
   * The call that a result answers: by id where a call has it, else the first open one of the name in the latest turn that
   * has one. Gemini CLI makes ids of its own for calls that had none.
   */
  ofResult(sentId: string, name: string): string {
    const byId = sentId === '' ? -1 : this.#unanswered.findIndex((call) => call.id === sentId);
    const at = byId === -1 ? this.#byName(name) : byId;
    if (at === -1) return sentId || this.#mint(`result of ${name}`);
    const [call] = this.#unanswered.splice(at, 1);
    return call?.id ?? sentId;
  }

  #byName(name: string): number {
    const last = this.#unanswered.findLast((call) => call.name === name);
    if (last === undefined) return -1;
    return this.#unanswered.findIndex((call) => call.name === name && call.turn === last.turn);
  }

  #mint(said: string): string {
    const copy = this.#copies.get(said) ?? 0;
    this.#copies.set(said, copy + 1);
    return `call_${digest(`${said}\n${copy}`)}`;
  }
}

interface Call {
  readonly id: string;
  readonly name: string;
  readonly turn: number;
}
