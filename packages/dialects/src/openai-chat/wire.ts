// The published forms of Chat Completions, as far as we write them.
// https://platform.openai.com/docs/api-reference/chat

import type { JsonObject } from '../json/value.ts';

export interface WireToolCall extends JsonObject {
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: string };
}

export interface WireMessage extends JsonObject {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: string | readonly JsonObject[] | null;
  readonly reasoning_content?: string;
  readonly tool_calls?: readonly (WireToolCall | JsonObject)[];
  readonly tool_call_id?: string;
}

/** Request fields that the hub model holds; every other one rides in `extra`. */
export const HUB_FIELDS: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'tools',
  'functions',
  'tool_choice',
  'function_call',
  'parallel_tool_calls',
  'response_format',
  'reasoning_effort',
  'max_completion_tokens',
  'max_tokens',
  'stop',
  'temperature',
  'top_p',
  'seed',
  'presence_penalty',
  'frequency_penalty',
  'n',
  'user',
  'verbosity',
  'service_tier',
  'prompt_cache_key',
  'web_search_options',
  'stream',
]);
