// The cells of the matrix: what each client asks, what its provider does, and what its caller is to be charged.

import type { Script, ScriptedDialect, SeenRequest } from '@ai-switch/testkit';
import type { AliasName } from '../gateway.ts';
import { type Answer, piecesOf, tokensUpTo, WITH_CALL, WITHOUT_CALL } from './answer.ts';

const POSITIONS = Array.from({ length: 50 }, (_, at) => at + 1);

/** `hold`: the provider says nothing more and keeps the connection; `reset`: it breaks it. */
export type CutMode = 'hold' | 'reset';

export interface Cell {
  /** Whose provider answers. */
  readonly alias: AliasName;
  readonly client: ScriptedDialect;
  readonly position: number;
  readonly isUsagePresent: boolean;
}

const PROVIDERS: Readonly<Record<AliasName, ScriptedDialect>> = {
  chat: 'openai-chat',
  responses: 'openai-responses',
  messages: 'anthropic-messages',
  gemini: 'gemini',
};

/** Each dialect by itself, where the bytes pass through, and each once as a client's and as a provider's of another. */
const LANES: readonly (readonly [client: ScriptedDialect, alias: AliasName])[] = [
  ['openai-chat', 'chat'],
  ['openai-responses', 'responses'],
  ['anthropic-messages', 'messages'],
  ['gemini', 'gemini'],
  ['openai-chat', 'messages'],
  ['anthropic-messages', 'gemini'],
  ['gemini', 'responses'],
  ['openai-responses', 'chat'],
];

export const CELLS: readonly Cell[] = LANES.flatMap(([client, alias]) =>
  [true, false].flatMap((isUsagePresent) =>
    POSITIONS.map((position) => ({ client, alias, position, isUsagePresent })),
  ),
);

export function nameOf({ client, alias, position, isUsagePresent }: Cell): string {
  return `${client} from ${alias}, chunk ${position}, ${isUsagePresent ? 'with' : 'without'} usage`;
}

function hasCall({ client, alias }: Cell): boolean {
  return client !== 'gemini' && alias !== 'gemini';
}

export function answerOf(cell: Cell): Answer {
  return hasCall(cell) ? WITH_CALL : WITHOUT_CALL;
}

/** What the provider says of its own count behind so many pieces: nothing that a tokenizer could guess. */
function providedAt(pieces: number) {
  return { input: 1_000, cacheRead: 64, output: 5 + 9 * pieces };
}

/**
 * What is charged: the provider's own count where it sent one before the cut, and else what a tokenizer says of the
 * delivered text. Responses has usage in its last event alone, so that there a cut answer never has one.
 */
export function expectedOf(cell: Cell): { readonly output: number; readonly provided: boolean } {
  const provided = cell.isUsagePresent && PROVIDERS[cell.alias] !== 'openai-responses';
  const output = provided ? providedAt(cell.position).output : tokensUpTo(answerOf(cell), cell.position);
  return { output, provided };
}

export const PROVIDED_INPUT = providedAt(0);

/** The cell travels in the prompt, because no header of the client does. */
function markOf(cell: Cell, mode: CutMode): string {
  const usage = cell.isUsagePresent ? 'counted' : 'uncounted';
  return `cut-${cell.position}-${usage}-${mode}-${hasCall(cell) ? 'call' : 'words'}`;
}

export function scriptFor({ body }: SeenRequest): Script {
  const [, position, usage, mode, kind] = /cut-(\d+)-(\w+)-(\w+)-(\w+)/.exec(String(body)) ?? [];
  const answer = kind === 'call' ? WITH_CALL : WITHOUT_CALL;
  const isCounted = usage === 'counted';
  return {
    thinking: answer.thinking,
    text: answer.text,
    ...(kind === 'call' && { tools: [{ name: 'write', arguments: answer.arguments }] }),
    usage: isCounted ? providedAt(piecesOf(answer).length) : 'none',
    ...(isCounted && { eachFrame: withRunningUsage() }),
    ...(mode === 'reset' ? { cutAfterPieces: Number(position) } : { hangAfterPieces: Number(position) }),
  };
}

/** As vLLM counts in every chunk (`continuous_usage_stats`), Google always does, and Anthropic may with `message_delta`. */
function withRunningUsage(): (frame: string) => string {
  let pieces = 0;
  return (frame) => {
    const data = frame.slice(frame.indexOf('data: ') + 6).trim();
    if (!data.startsWith('{')) return frame;
    const body = JSON.parse(data);
    if (body.type?.startsWith('response.')) return frame;
    if (body.type !== undefined) {
      if (!SPOKEN.test(data)) return frame;
      pieces += 1;
      const usage = { output_tokens: providedAt(pieces).output };
      const delta = { type: 'message_delta', delta: { stop_reason: null, stop_sequence: null }, usage };
      return `${frame}event: message_delta\ndata: ${JSON.stringify(delta)}\n\n`;
    }
    if (SPOKEN.test(data)) pieces += 1;
    const { input, cacheRead, output } = providedAt(pieces);
    const prompt = input + cacheRead;
    const usage =
      body.candidates === undefined
        ? {
            usage: {
              prompt_tokens: prompt,
              completion_tokens: output,
              total_tokens: prompt + output,
              prompt_tokens_details: { cached_tokens: cacheRead },
            },
          }
        : {
            usageMetadata: {
              promptTokenCount: prompt,
              cachedContentTokenCount: cacheRead,
              candidatesTokenCount: output,
              totalTokenCount: prompt + output,
            },
          };
    return `data: ${JSON.stringify({ ...body, ...usage })}\n\n`;
  };
}

/** A piece of thinking, text or arguments. */
const SPOKEN = /"(?:content|reasoning_content|arguments|text|thinking|partial_json)":"[^"]/;

export interface Asked {
  readonly path: string;
  readonly body: object;
}

export function questionOf(cell: Cell, mode: CutMode): Asked {
  const { alias, client } = cell;
  const text = markOf(cell, mode);
  switch (client) {
    case 'anthropic-messages':
      return {
        path: '/v1/messages',
        body: { model: alias, max_tokens: 8_192, stream: true, messages: [{ role: 'user', content: text }] },
      };
    case 'openai-responses':
      return { path: '/v1/responses', body: { model: alias, stream: true, input: text } };
    case 'gemini':
      return {
        path: `/v1beta/models/${alias}:streamGenerateContent?alt=sse`,
        body: { contents: [{ role: 'user', parts: [{ text }] }] },
      };
    default:
      return {
        path: '/v1/chat/completions',
        body: {
          model: alias,
          stream: true,
          stream_options: { include_usage: true },
          messages: [{ role: 'user', content: text }],
        },
      };
  }
}
