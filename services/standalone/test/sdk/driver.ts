// One way to talk through any official SDK, each used as its own documentation shows, so that the same cases can be put to
// all of them. A conversation keeps its history in the SDK's own form and sends back what its users send back.

import type { ScriptedDialect } from '@ai-switch/testkit';

export interface SdkDriver {
  readonly name: string;
  readonly dialect: ScriptedDialect;
  open(options: ConversationOptions): Conversation;
  /** Asks for a stream and leaves at its first piece. */
  leave(model: string): Promise<void>;
  /** What the SDK tells of a failure; throws for one that is none of its own types. */
  readError(error: unknown): SdkError;
}

export interface ConversationOptions {
  readonly model: string;
  readonly isStreamed?: boolean;
  readonly isThinking?: boolean;
  /** Offers the tool `weather`, which takes a `city`. */
  readonly hasTools?: boolean;
  /** Wants JSON by CITY_SCHEMA. */
  readonly isStructured?: boolean;
  /** Of the user; the gateway's own when it is left out. */
  readonly apiKey?: string;
}

export interface Conversation {
  /** Who answers next. */
  model: string;
  say(text: string, image?: string): Promise<Said>;
  /** Answers calls, in their order. */
  answer(results: readonly ToolResult[]): Promise<Said>;
}

export interface ToolResult {
  readonly call: SaidCall;
  readonly text: string;
}

export interface Said {
  readonly text: string;
  /** The text as it came; of a whole reply one piece. */
  readonly pieces: readonly string[];
  readonly thinking: string;
  readonly calls: readonly SaidCall[];
  /** In the SDK's own word. */
  readonly finish: string | null | undefined;
  readonly usage: SaidUsage | undefined;
}

export interface SaidCall {
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
}

/** As the SDK counts: some have what was cached within the input, some beside it. */
export interface SaidUsage {
  readonly input: number | undefined;
  readonly output: number | undefined;
  readonly cacheRead: number | undefined;
}

export interface SdkError {
  readonly status: number | undefined;
  /** The error of the gateway as far as the SDK keeps it, as text. */
  readonly body: string;
  readonly retryAfter: string | undefined;
}

export interface GatewayAddress {
  readonly url: string;
  readonly key: string;
}

export const WEATHER_SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
} as const;

export const CITY_SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string' }, degrees: { type: 'integer' } },
  required: ['city', 'degrees'],
  additionalProperties: false,
} as const;

/** A picture of one pixel, in base64. */
export const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
