// Clients as they really are: what each sends first, what it makes of an answer, and how it goes on from there. See the
// files of clients/ for whom; what they send was recorded from the real ones.

import type { Json } from './json.ts';

export interface Client {
  readonly name: string;
  /** One of the paths of gateway.ts. */
  readonly path: string;
  /** What its tools are called, whatever they become on their way. */
  readonly steps: readonly Step[];
  /** A conversation from its beginning. */
  begin(): Conversation;
}

export interface Step {
  /** The calls that the model makes at once; what they are given is free text for tools that take such. */
  readonly calls: readonly {
    readonly tool: string;
    readonly input: Json | string;
    /** The tool as the client names it when it hears of a call, where that is not `tool`. */
    readonly as?: string;
  }[];
}

export interface Conversation {
  /** The body of the next request. */
  ask(model: string, isStreaming: boolean): object;
  /** Takes an answer in as the client does. @throws for one that the client could not use */
  hear(raw: string): Heard;
  /** Runs the calls of the last answer, in order, with these results. */
  run(results: readonly string[]): void;
  /** The user speaks. */
  say(text: string): void;
}

export interface Heard {
  readonly text: string;
  readonly calls: readonly HeardCall[];
}

export interface HeardCall {
  /** '' where the client knows calls by their names alone. */
  readonly id: string;
  /** As it was declared, with what stands for its form: `namespace.name`, `custom name`, `search name`. */
  readonly tool: string;
  readonly input: unknown;
}
