import { connect, type Socket } from 'node:net';
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  addressed,
  aliasOf,
  ask,
  CHAT,
  type Gateway,
  GEMINI,
  isNothing,
  MESSAGES,
  openGateway,
  PATHS,
  RESPONSES,
} from './gateway.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway({
    settings: { bodyBytesMax: 200_000, uploadGraceMs: 100, uploadBytesPerSecondMin: 1_000_000 },
  });
});
afterAll(() => gateway[Symbol.asyncDispose]());
beforeEach(() => {
  gateway.provider.reset();
});

/** Whatever was refused: nobody was asked, nothing is held or charged, and the next request is answered. */
afterEach(async () => {
  expect(gateway.provider.requests).toEqual([]);
  const { held, used } = await gateway.balance();
  expect([isNothing(held), isNothing(used)]).toEqual([true, true]);
  expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200);
});

/** The message of an error in the form of the path. */
function messageIn(path: string, body: unknown): string {
  const shape = body as { type?: string; error: { type?: string; status?: string; message: string } };
  expect(typeof (path === GEMINI ? shape.error.status : shape.error.type)).toBe('string');
  if (path === MESSAGES) expect(shape.type).toBe('error');
  else expect(shape.type).toBeUndefined();
  return shape.error.message;
}

const nested = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;

interface Shape {
  /** The field that holds the conversation. */
  readonly said: string;
  readonly turn: (content: unknown) => object;
  readonly brokenImage: unknown;
}

const NO_IMAGE = 'data:image/png;base64,no image!';
const withContent = (content: unknown) => ({ role: 'user', content });
const SHAPES: Readonly<Record<string, Shape>> = {
  [CHAT]: {
    said: 'messages',
    turn: withContent,
    brokenImage: [{ type: 'image_url', image_url: { url: NO_IMAGE } }],
  },
  [RESPONSES]: {
    said: 'input',
    turn: withContent,
    brokenImage: [{ type: 'input_image', image_url: NO_IMAGE }],
  },
  [MESSAGES]: {
    said: 'messages',
    turn: withContent,
    brokenImage: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'no image!' } }],
  },
  [GEMINI]: {
    said: 'contents',
    turn: (text) => ({ role: 'user', parts: typeof text === 'string' ? [{ text }] : text }),
    brokenImage: [{ inlineData: { mimeType: 'image/png', data: 'no image!' } }],
  },
};

/** Wrong values of fields that stand in the path or elsewhere in another dialect. */
const MAXIMUM: readonly [string, string][] = [
  ['with a maximum that is a text', 'many'],
  ['with a maximum below zero', '-1'],
];
const FIELDS: Readonly<Record<string, readonly [string, Record<string, unknown>][]>> = Object.fromEntries(
  PATHS.map((path) => {
    const name = path === RESPONSES ? 'max_output_tokens' : 'max_tokens';
    const maxima = MAXIMUM.map(([title, value]): [string, Record<string, unknown>] => {
      const maximum = Number(value) || value;
      return [
        title,
        path === GEMINI ? { generationConfig: { maxOutputTokens: maximum } } : { [name]: maximum },
      ];
    });
    const inBody: [string, Record<string, unknown>][] = [
      ['without a model', { model: undefined }],
      ['whose model is a number', { model: 5 }],
      ['with a wish to stream that is a text', { stream: 'yes' }],
    ];
    return [path, path === GEMINI ? maxima : [...maxima, ...inBody]];
  }),
);

describe.each(PATHS)('%s', (path) => {
  const model = aliasOf(path);
  const more = (fields: Record<string, unknown>) => ask(path, model, fields);

  const { said, turn } = SHAPES[path] ?? expect.unreachable();
  const saying = (value: unknown) => more({ [said]: value });
  /** The body as JSON text with something put at its front. */
  const textWith = (front: string) => `{${front},${JSON.stringify(addressed(path, more({})).body).slice(1)}`;

  // The items of Responses are smaller than turns; so many as are refused would be over the bound of bytes here.
  const manyTurns = path === RESPONSES ? [] : Array.from({ length: 2_001 }, () => turn('x'));

  test.each<[string, number, unknown]>([
    ['that is no JSON', 400, '{"model":'],
    ['that is no object', 400, '[]'],
    ['that is empty', 400, ''],
    ['with something after its end', 400, `${JSON.stringify(more({}))} x`],
    ['of an unknown model', 404, more({ model: 'nobody' })],
    ['that says nothing', 400, saying(undefined)],
    ['with an empty list to say', 400, saying([])],
    ['that says a number', 400, saying(5)],
    ['with a turn that is a number', 400, saying([5])],
    ['with an unknown role', 400, saying([{ ...turn('hi'), role: 'nobody' }])],
    ['with a content that is a number', 400, saying([turn(5)])],
    ['with tools that are a number', 400, more({ tools: 5 })],
    ['nested 10,000 deep', 400, textWith(`"nested":${nested}`)],
    ['with __proto__', 400, textWith('"__proto__":{"a":1}')],
    ['with __proto__ deep in it, and escaped', 400, textWith('"a":[{"b":[{"\\u005f_proto__":{"a":1}}]}]')],
    ['with the prototype of a constructor', 400, textWith('"a":{"constructor":{"b":1,"prototype":{}}}')],
    ['with a field twice', 400, textWith('"tools":[],"tools":[]')],
    ['of 2,001 turns', 400, more({ [said]: manyTurns })],
    ['over the bound', 413, more({ padding: 'x'.repeat(200_000) })],
    ...(FIELDS[path] ?? []).map(([name, fields]): [string, number, unknown] => [name, 400, more(fields)]),
  ])('a body %s is refused', async (_name, status, body) => {
    const response = await gateway.post(path, body);
    expect(response.status).toBe(status);
    expect(messageIn(path, await response.json())).not.toBe('');
    expect(response.headers.get('x-request-id')).toMatch(/^req_/);
  });

  test('an image that is none is refused', async () => {
    const response = await gateway.post(path, saying([turn(SHAPES[path]?.brokenImage)]));
    expect(response.status).toBe(400);
    messageIn(path, await response.json());
  });

  test.each([
    ['no key', {}],
    ['a key that is none', { authorization: 'Bearer nonsense' }],
    ['a key of the right form', { 'x-api-key': `ais_${'a'.repeat(26)}_${'b'.repeat(49)}` }],
    ['an empty key', { authorization: 'Bearer ' }],
    ['a basic credential', { authorization: 'Basic YTpi' }],
    ['a key of 8,000 characters', { 'x-api-key': 'k'.repeat(8_000) }],
  ])('%s is a 401 that no client repeats', async (_name, headers) => {
    const response = await gateway.post(path, more({}), headers as Record<string, string>);
    expect(response.status).toBe(401);
    expect(response.headers.get('x-should-retry')).toBe('false');
    messageIn(path, await response.json());
  });

  test('a key that is bound to other models is a 403', async () => {
    const { plaintext } = await gateway.makeKey({ models: ['another'] });
    const response = await gateway.post(path, more({}), { 'x-api-key': plaintext });
    expect(response.status).toBe(403);
    messageIn(path, await response.json());
  });

  test('a body in an encoding that nobody knows is a 415', async () => {
    const response = await gateway.post(path, 'x', {
      'x-api-key': gateway.key,
      'content-encoding': 'compress',
    });
    expect(response.status).toBe(415);
    messageIn(path, await response.json());
  });

  test.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ])('a bomb in %s is refused', async (encoding, compress) => {
    const bomb = compress(Buffer.alloc(50_000_000, ' '));
    const headers = { 'x-api-key': gateway.key, 'content-encoding': encoding };
    const response = await gateway.post(path, bomb, headers);
    expect(response.status).toBe(413);
    expect((await gateway.post(path, Buffer.from('{'), headers)).status).toBe(400);
  });

  test.each([
    ['a content-length that is none', 400, 'content-length: many\r\n\r\n'],
    ['two content-lengths', 400, 'content-length: 2\r\ncontent-length: 3\r\n\r\n{}'],
    ['a content-length below zero', 400, 'content-length: -1\r\n\r\n'],
    ['a content-length over the bound', 413, `x-api-key: KEY\r\ncontent-length: 900000000\r\n\r\n`],
    ['headers of 20 KB', 431, `x-bomb: ${'x'.repeat(20_000)}\r\n\r\n`],
    ['a body that comes by the drop', 408, `x-api-key: KEY\r\ncontent-length: 5000\r\n\r\n{`],
    ['a length and chunks', 400, 'content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}'],
  ])('%s is refused in the form of the path', async (_name, status, rest) => {
    const head = `POST ${addressed(path, '').address} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n`;
    const reply = await rawReply(head + rest.replace('KEY', gateway.key));
    expect(reply.split(' ')[1]).toBe(String(status));
    messageIn(path, JSON.parse(reply.slice(reply.indexOf('\r\n\r\n') + 4)));
  });

  test('an upload that its sender leaves in the middle is let go', async () => {
    const socket = await send(
      `POST ${addressed(path, '').address} HTTP/1.1\r\nhost: a\r\nx-api-key: ${gateway.key}\r\ncontent-length: 5000\r\n\r\n{`,
    );
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 30));
  });
});

test('what is not HTTP is refused', async () => {
  expect(await rawReply('hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
});

function send(text: string): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(gateway.port, '127.0.0.1', () => {
      socket.write(text);
      resolve(socket);
    });
    socket.on('error', () => {});
  });
}

/** What comes back until the other side closes or a whole JSON body is there. */
async function rawReply(text: string): Promise<string> {
  const socket = await send(text);
  let reply = '';
  return new Promise((resolve) => {
    socket.on('data', (chunk) => {
      reply += chunk;
      if (reply.endsWith('}')) socket.destroy();
    });
    socket.on('close', () => resolve(reply));
  });
}
