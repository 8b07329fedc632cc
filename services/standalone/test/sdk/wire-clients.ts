// The smallest request of each dialect, as plain HTTP.

import type { Gateway } from '../gateway.ts';

export type Fields = Readonly<Record<string, unknown>>;

export interface WireRequest {
  readonly path: string;
  readonly body: Fields;
}

export interface WireClient {
  readonly name: string;
  /** The smallest request. */
  ask(model: string, isStreaming: boolean): WireRequest;
}

const hello = [{ role: 'user', content: 'Hello' }];
export const CLIENTS: readonly WireClient[] = [
  {
    name: 'Chat Completions',
    ask: (model, stream) => ({ path: '/v1/chat/completions', body: { model, stream, messages: hello } }),
  },
  {
    name: 'Responses',
    ask: (model, stream) => ({ path: '/v1/responses', body: { model, stream, input: 'Hello' } }),
  },
  {
    name: 'Messages',
    ask: (model, stream) => ({
      path: '/v1/messages',
      body: { model, stream, max_tokens: 100, messages: hello },
    }),
  },
  {
    name: 'generateContent',
    ask: (model, isStreaming) => ({
      path: `/v1beta/models/${model}:${isStreaming ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
      body: { contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] },
    }),
  },
];

export function post(
  { url, key }: Gateway,
  { path, body }: WireRequest,
  headers: Record<string, string> = { authorization: `Bearer ${key}` },
): Promise<Response> {
  return fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}
