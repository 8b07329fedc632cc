import type { ScriptedAnswer } from './answer.ts';
import type { Json } from './json.ts';
import type { Complaints, Problem, ProblemName } from './problem.ts';

export type ScriptedDialect = 'openai-chat' | 'openai-responses' | 'anthropic-messages' | 'gemini';

/** One request for an answer, as far as the dialect's address and body tell. */
export interface Asked {
  readonly model: string;
  readonly isStreaming: boolean;
  /** Gemini streams a JSON list unless `alt=sse` is asked for. */
  readonly isSse: boolean;
  readonly body: Json;
  /** Differs from request to request, so that the ids in the answers do. The same for the same bytes. */
  readonly mark: string;
}

export interface ScriptedFrame {
  /** Complete, with its empty line. */
  readonly text: string;
  /** It brings a piece of thinking, text or arguments. */
  readonly isPiece: boolean;
}

/** How a provider of one dialect speaks. */
export interface Wire {
  readonly dialect: ScriptedDialect;
  /** What this provider says about a problem, and with which status. */
  readonly problems: Readonly<Record<ProblemName, { readonly status: number; readonly message: string }>>;
  whole(answer: ScriptedAnswer, asked: Asked): object;
  frames(answer: ScriptedAnswer, asked: Asked): readonly ScriptedFrame[];
  /** A stream's last frame when the provider breaks down in the middle. */
  errorFrame(asked: Asked): string;
  errorBody(problem: Problem): object;
  errorHeaders(problem: Problem): Readonly<Record<string, string>>;
  /** What the real provider would refuse the request for, in its own words; the first one counts. */
  complaints(asked: Asked): Complaints;
}

export function bare(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

export function named(event: string, data: object): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
