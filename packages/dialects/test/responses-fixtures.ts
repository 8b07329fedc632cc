// What the tests of Responses read and write.

import { readdirSync, readFileSync } from 'node:fs';
import { anthropicMessages } from '../src/anthropic-messages/index.ts';
import type { WrittenRequest } from '../src/dialect.ts';
import { parseFrame } from '../src/frames/sse.ts';
import type { JsonObject, JsonValue } from '../src/json/value.ts';
import type { Event } from '../src/model/event.ts';
import type { Request } from '../src/model/request.ts';
import { openaiChat } from '../src/openai-chat/index.ts';
import { openaiResponses } from '../src/openai-responses/index.ts';
import { eventsOf, framesOf } from './streams.ts';

const folder = new URL('../fixtures/openai-responses/', import.meta.url);

/** Names of the fixtures of one kind, without their endings. */
export function fixturesOf(kind: 'request.json' | 'reply.json' | 'stream.sse'): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(`.${kind}`))
    .map((name) => name.slice(0, -kind.length - 1));
}

export function streamBytes(name: string): Buffer {
  return readFileSync(new URL(`${name}.stream.sse`, folder));
}

export function jsonOf(name: string): JsonObject {
  return JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as JsonObject;
}

export function requestFixture(name: string): Request {
  return openaiResponses.readRequest(jsonOf(`${name}.request.json`));
}

export function asked(input: JsonValue, more: JsonObject = {}): Request {
  return openaiResponses.readRequest({ model: 'm', input, ...more });
}

export function readStream(name: string): Event[] {
  return eventsOf(openaiResponses, [streamBytes(name)]);
}

/** The events of a stream that has these, each under its type. */
export function readEvents(...events: readonly JsonObject[]): Event[] {
  const text = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
  return eventsOf(openaiResponses, [Buffer.from(text)]);
}

/** The events that a written stream has, by name, with what each says. */
export function writtenEvents(text: string): readonly { readonly name: string; readonly body: JsonObject }[] {
  return framesOf([Buffer.from(text)])
    .map(parseFrame)
    .filter((frame) => frame.data !== '')
    .map((frame) => ({ name: frame.event, body: JSON.parse(frame.data) as JsonObject }));
}

export const user = { role: 'user', content: 'hi' };

/** A request of Chat Completions. */
export function chat(messages: JsonValue, more: JsonObject = {}): Request {
  return openaiChat.readRequest({ model: 'm', messages, ...more });
}

/** A request of Anthropic's Messages. */
export function messages(list: JsonValue, more: JsonObject = {}): Request {
  return anthropicMessages.readRequest({ model: 'm', max_tokens: 100, messages: list, ...more });
}

export function write(request: Request, model = 'gpt-5.5'): WrittenRequest {
  return openaiResponses.writeRequest(request, model);
}

export function itemsOf({ body }: WrittenRequest): readonly JsonObject[] {
  return body.input as readonly JsonObject[];
}

/** A schema of texts. */
export function schemaOf(properties: readonly string[], more: JsonObject = {}): JsonObject {
  return {
    type: 'object',
    properties: Object.fromEntries(properties.map((name) => [name, { type: 'string' }])),
    ...more,
  };
}
