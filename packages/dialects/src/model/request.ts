// The hub: our own small model of what a client asks for. Every dialect is read into it and written from it, so that
// four dialects need eight converters and not sixteen. A field that only one dialect has rides in `extra`.

import type { JsonObject } from '../json/value.ts';

export type DialectName = 'openai-chat' | 'openai-responses' | 'anthropic-messages' | 'gemini';

export interface Request {
  /** The model alias as the client named it. */
  readonly model: string;
  /** The leading system prompt, in order. System text later in the conversation is a turn. */
  readonly system: readonly TextPart[];
  readonly turns: readonly Turn[];
  readonly tools: readonly Tool[];
  readonly toolChoice?: ToolChoice;
  readonly isParallelToolCalls?: boolean;
  readonly output?: OutputFormat;
  readonly reasoning?: Reasoning;
  /** The most tokens that the answer may have. Absent: the client named none. */
  readonly outputTokensMax?: number;
  readonly stop: readonly string[];
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly seed?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  /** How many answers are wanted, 1 unless named. */
  readonly answerCount: number;
  /** How long-winded the answer may be: low, medium, high. */
  readonly verbosity?: string;
  /** OpenAI's class of service: auto, default, flex, priority. */
  readonly serviceTier?: string;
  /** OpenAI's `prompt_cache_key`: requests of one key share a prefix. */
  readonly cacheKey?: string;
  /** The client's dialect has marks of what to cache: where it set none, none is wanted. */
  readonly isCacheMarked?: boolean;
  /** The client's own opaque name of its user. */
  readonly user?: string;
  /** The client wants hidden reasoning back in a form that it can carry (Responses' `include`). */
  readonly isEncryptedReasoningWanted?: boolean;
  /** The body uses forms of other dialects, which no provider of its own would read: it has to be written anew. */
  readonly isForeignForm?: boolean;
  /** The answer is to replace the conversation so far: its last turn asks for a summary (Responses' `compaction_trigger`). */
  readonly isCompaction?: boolean;
  readonly isStreaming: boolean;
  /** The client wants usage at the end of its stream; always true in dialects that send it anyway. */
  readonly isStreamUsageWanted: boolean;
  /** Top-level fields that the hub does not know, by the dialect they came in; replayed only to the same dialect. */
  readonly extra: { readonly [D in DialectName]?: JsonObject };
}

export interface Turn {
  readonly role: 'user' | 'assistant' | 'system';
  readonly parts: readonly Part[];
}

export type Part =
  | TextPart
  | ImagePart
  | DocumentPart
  | ThinkingPart
  | RedactedThinkingPart
  | ToolCallPart
  | ToolResultPart
  | ForeignPart;

export interface TextPart {
  readonly kind: 'text';
  readonly text: string;
  /** Anthropic's `cache_control`, kept for targets that know it. */
  readonly cacheControl?: JsonObject;
}

export interface ImagePart {
  readonly kind: 'image';
  readonly source: MediaSource;
  /** OpenAI's `low`, `high`, `auto`. */
  readonly detail?: string;
  readonly cacheControl?: JsonObject;
}

export interface DocumentPart {
  readonly kind: 'document';
  readonly source: MediaSource | { readonly kind: 'text'; readonly text: string };
  readonly title?: string;
  readonly cacheControl?: JsonObject;
}

export type MediaSource =
  | { readonly kind: 'base64'; readonly mediaType: string; readonly data: string }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'file'; readonly fileId: string };

/**
 * Visible reasoning. The signature is opaque, bound to the provider that made it, and never shown to another: model/seal.ts
 * says who may open it. What a provider hides without a word is a thought with no text: Gemini's signature of a call, OpenAI's
 * encrypted reasoning. It belongs to the part that follows it.
 */
export interface ThinkingPart {
  readonly kind: 'thinking';
  readonly text: string;
  readonly signature?: string;
  /** It was signed with words that the client did not bring back. */
  readonly hasLostWords?: boolean;
}

export interface RedactedThinkingPart {
  readonly kind: 'redactedThinking';
  readonly data: string;
}

export interface ToolCallPart {
  readonly kind: 'toolCall';
  readonly id: string;
  readonly name: string;
  /** Responses' group of tools that `name` stands in. */
  readonly namespace?: string;
  /** How the tool was declared; absent for a function. */
  readonly form?: CallForm;
  /**
   * The arguments as the model wrote them: JSON text, parsed only where a target needs an object. Of a custom tool, the
   * text itself.
   */
  readonly argumentsText: string;
  readonly cacheControl?: JsonObject;
}

/** `custom` takes free text and not JSON; `toolSearch` looks up tools that are not in the list yet. */
export type CallForm = 'custom' | 'toolSearch';

export interface ToolResultPart {
  readonly kind: 'toolResult';
  readonly callId: string;
  readonly parts: readonly (TextPart | ImagePart | DocumentPart | ForeignPart)[];
  readonly isError: boolean;
  readonly cacheControl?: JsonObject;
}

/** A part that only its own dialect knows; replayed to the same dialect, named in `dropped` elsewhere. */
export interface ForeignPart {
  readonly kind: 'foreign';
  readonly dialect: DialectName;
  readonly type: string;
  readonly value: JsonObject;
}

export type Tool = FunctionTool | CustomTool | ToolSearchTool | WebSearchTool | ForeignTool;

export interface FunctionTool {
  readonly kind: 'function';
  readonly name: string;
  /** Responses' group of tools that `name` stands in. */
  readonly namespace?: string;
  readonly description?: string;
  /** JSON Schema of the arguments, untouched. */
  readonly schema: JsonObject;
  readonly isStrict?: boolean;
  readonly cacheControl?: JsonObject;
  /** Fields that the hub does not know, as in a request's `extra`. */
  readonly extra?: Request['extra'];
}

/** A tool whose argument is free text, like a patch. OpenAI's two dialects have it. */
export interface CustomTool {
  readonly kind: 'custom';
  readonly name: string;
  readonly namespace?: string;
  readonly description?: string;
  /** What the text must look like: OpenAI's `{type: 'grammar', syntax: 'lark' | 'regex', definition}` or `{type: 'text'}`. */
  readonly format?: JsonObject;
}

/** The client itself looks up tools by this one and sends them with the result. Responses has it. */
export interface ToolSearchTool {
  readonly kind: 'toolSearch';
  readonly description?: string;
  readonly schema: JsonObject;
}

/** A search of the web that the provider runs. Three dialects have one, each with settings of its own. */
export interface WebSearchTool {
  readonly kind: 'webSearch';
  readonly dialect: DialectName;
  /** As it came, for targets of the same dialect. */
  readonly value: JsonObject;
  readonly usesMax?: number;
  readonly allowedDomains?: readonly string[];
  readonly blockedDomains?: readonly string[];
}

/** A tool that the provider itself runs, or of a kind that only its own dialect knows. */
export interface ForeignTool {
  readonly kind: 'foreign';
  readonly dialect: DialectName;
  readonly type: string;
  readonly value: JsonObject;
}

export type ToolChoice =
  | { readonly kind: 'auto' | 'none' | 'any' }
  | { readonly kind: 'tool'; readonly name: string; readonly namespace?: string };

export type OutputFormat =
  | { readonly kind: 'text' | 'json' }
  | {
      readonly kind: 'schema';
      readonly name?: string;
      readonly schema: JsonObject;
      readonly isStrict?: boolean;
    };

export interface Reasoning {
  /** `budget` bounds it in tokens, `adaptive` leaves it to the model, by `effort` where named. */
  readonly mode: 'off' | 'adaptive' | 'budget';
  readonly budgetTokens?: number;
  /** none, minimal, low, medium, high, xhigh, max: passed on as named. */
  readonly effort?: string;
  readonly display?: string;
}
