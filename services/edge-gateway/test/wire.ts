// What a client sees on the wire.

import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { addressed, CHAT, type Gateway, GEMINI, MESSAGES, RESPONSES } from './gateway.ts';

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
  const bodies = frames.map(({ data }): Body => (data === '[DONE]' ? DONE : JSON.parse(data)));
  const ends = bodies.map((body, at) => END_OF_FRAME[path]?.(body, frames[at]?.event ?? ''));
  const first = ends.findIndex((end) => end !== undefined);
  const end = ends[first];
  if (end === undefined) throw new Error(`the stream has no end: ${JSON.stringify(text.slice(-200))}`);
  const behind = bodies.slice(first + 1);
  if (behind.some((body) => !isTrailer(path, body))) throw new Error('something follows the end');
  return end;
}

type End = 'finished' | 'error' | undefined;

/** The last mark of chat chunks, which is no JSON. */
const DONE: Body = {};

/** What a frame ends the stream with; throws for a frame that no client of the path would read. */
const END_OF_FRAME: Readonly<Record<string, (body: Body, event: string) => End>> = {
  [CHAT]: (body) => {
    if (body === DONE) return 'finished';
    if (typeof body.error?.message === 'string') return 'error';
    // Several providers leave `[DONE]` out, and a finish reason is as good to every client.
    return body.choices?.[0]?.finish_reason ? 'finished' : undefined;
  },
  [RESPONSES]: (body) => {
    if (body.type === 'response.failed') return 'error';
    return body.type === 'response.completed' || body.type === 'response.incomplete' ? 'finished' : undefined;
  },
  [MESSAGES]: (body, event) => {
    if (body.type !== event) throw new Error(`a frame without its name: ${JSON.stringify(body)}`);
    if (body.type === 'message_stop') return 'finished';
    return body.type === 'error' && typeof body.error?.message === 'string' ? 'error' : undefined;
  },
  [GEMINI]: (body, event) => {
    if (event !== '' || body === DONE) throw new Error('a frame that Gemini CLI cannot read');
    if (typeof body.error?.message === 'string') return 'error';
    return body.candidates?.[0]?.finishReason ? 'finished' : undefined;
  },
};

/** What may stand behind the end: usage and the last mark of chat chunks. */
function isTrailer(path: string, body: Body): boolean {
  return path === CHAT && (body === DONE || (body.error === undefined && body.choices?.length === 0));
}

/** What the tests look at in whatever came over the wire, in four dialects. */
interface Body {
  readonly type?: string;
  readonly error?: { readonly message?: string };
  readonly choices?: readonly {
    readonly finish_reason?: string | null;
    readonly message?: { readonly content?: string | null };
    readonly delta?: {
      readonly content?: string;
      readonly tool_calls?: readonly { readonly function?: { readonly arguments?: string } }[];
    };
  }[];
  readonly candidates?: readonly {
    readonly finishReason?: string;
    readonly content?: { readonly parts?: readonly SpokenPart[] };
  }[];
  readonly content?: readonly SpokenPart[];
  readonly output?: readonly { readonly content?: readonly SpokenPart[] }[];
  readonly delta?: string | { readonly text?: string; readonly partial_json?: string };
}

interface SpokenPart {
  readonly type?: string;
  readonly text?: string;
  readonly thought?: boolean;
  readonly functionCall?: { readonly args?: unknown };
}

/** The text that a client puts together, from a whole reply or from a stream of any dialect. */
export function textIn(raw: string): string {
  if (raw.startsWith('{')) return textOfReply(JSON.parse(raw));
  return framesOf(raw)
    .filter(({ data }) => data !== '[DONE]')
    .map(({ data }) => textOfFrame(JSON.parse(data)))
    .join('');
}

function textOfReply(body: Body): string {
  if (body.choices !== undefined) return body.choices[0]?.message?.content ?? '';
  const content =
    body.content ??
    body.candidates?.[0]?.content?.parts ??
    (body.output ?? []).flatMap((item) => item.content ?? []);
  return content
    .filter((part) => part.thought !== true && isText(part.type))
    .map((part) => part.text ?? '')
    .join('');
}

function isText(type: string | undefined): boolean {
  return type === undefined || type === 'text' || type === 'output_text';
}

function textOfFrame(body: Body): string {
  if (body.candidates !== undefined) return textOfReply(body);
  const { delta } = body;
  if (typeof delta === 'string') return body.type === 'response.output_text.delta' ? delta : '';
  return delta?.text ?? body.choices?.[0]?.delta?.content ?? '';
}

/** The JSON text of the arguments of the calls in a stream of any dialect. */
export function argumentsIn(raw: string): string {
  return framesOf(raw)
    .filter(({ data }) => data !== '[DONE]')
    .map(({ data }) => {
      const body: Body = JSON.parse(data);
      if (typeof body.delta === 'string') {
        return body.type === 'response.function_call_arguments.delta' ? body.delta : '';
      }
      const called = body.candidates?.[0]?.content?.parts?.[0]?.functionCall;
      if (called !== undefined) return JSON.stringify(called.args);
      return body.delta?.partial_json ?? body.choices?.[0]?.delta?.tool_calls?.[0]?.function?.arguments ?? '';
    })
    .join('');
}

export interface OpenExchange {
  readonly request: ClientRequest;
  readonly response: Promise<IncomingMessage>;
}

/** A request whose socket the test holds in its own hands. */
export function open(gateway: Gateway, path: string, given: object): OpenExchange {
  const { address, body } = addressed(path, given);
  const sent = request({
    port: gateway.port,
    path: address,
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
