// What a client sees on the wire.

import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Gateway } from './gateway.ts';

export interface SeenFrame {
  readonly event: string;
  readonly data: string;
}

/** The frames of a whole stream; throws when it does not end with a complete one. */
export function framesOf(text: string): readonly SeenFrame[] {
  if (text === '') return [];
  if (!text.endsWith('\n\n')) throw new Error(`a frame was left open: ${JSON.stringify(text.slice(-80))}`);
  return text
    .slice(0, -2)
    .split('\n\n')
    .map((frame) => {
      const lines = frame.split('\n');
      const value = (name: string) =>
        lines
          .filter((line) => line.startsWith(`${name}: `))
          .map((line) => line.slice(name.length + 2))
          .join('\n');
      return { event: value('event'), data: value('data') };
    })
    .filter(({ data }) => data !== '');
}

/** How a stream ended, in one word; throws when no client of the path could read it. */
export function endOf(path: string, text: string): 'finished' | 'error' {
  const frames = framesOf(text);
  const bodies = frames.map(({ data }) => (data === '[DONE]' ? data : JSON.parse(data)));
  const last = bodies.at(-1);
  if (path === '/v1/messages') {
    for (const { event, data } of frames) {
      if (JSON.parse(data).type !== event) throw new Error(`a frame without its name: ${data}`);
    }
    if (bodies.slice(0, -1).some(({ type }) => type === 'message_stop' || type === 'error')) {
      throw new Error('something follows the end');
    }
    if (last?.type === 'message_stop') return 'finished';
    if (last?.type === 'error' && typeof last.error?.message === 'string') return 'error';
  } else {
    if (bodies.slice(0, -1).some((body) => body === '[DONE]' || body.error !== undefined)) {
      throw new Error('something follows the end');
    }
    if (last === '[DONE]') return 'finished';
    if (typeof last?.error?.message === 'string') return 'error';
    // Several providers leave `[DONE]` out, and a finish reason is as good to every client.
    if (bodies.some((body) => body.choices?.[0]?.finish_reason)) return 'finished';
  }
  throw new Error(`the stream has no end: ${JSON.stringify(text.slice(-200))}`);
}

/** The text that a client puts together, from a whole reply or from a stream of either dialect. */
export function textIn(raw: string): string {
  if (raw.startsWith('{')) {
    const body = JSON.parse(raw);
    if (body.choices !== undefined) return body.choices[0].message.content ?? '';
    return body.content
      .filter((block: { type: string }) => block.type === 'text')
      .map((block: { text: string }) => block.text)
      .join('');
  }
  return framesOf(raw)
    .filter(({ data }) => data !== '[DONE]')
    .map(({ data }) => {
      const body = JSON.parse(data);
      return body.delta?.text ?? body.choices?.[0]?.delta?.content ?? '';
    })
    .join('');
}

export interface OpenExchange {
  readonly request: ClientRequest;
  readonly response: Promise<IncomingMessage>;
}

/** A request whose socket the test holds in its own hands. */
export function open(gateway: Gateway, path: string, body: object): OpenExchange {
  const sent = request({
    port: gateway.port,
    path,
    method: 'POST',
    agent: false,
    headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' },
  });
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    sent.on('response', resolve);
    sent.on('error', reject);
  });
  // Whoever leaves on purpose does not wait for an answer.
  response.catch(() => {});
  sent.end(JSON.stringify(body));
  return { request: sent, response };
}
