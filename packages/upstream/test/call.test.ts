import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Upstream, type UpstreamFailure, type UpstreamRequest, upstreamDefaults } from '../src/call.ts';
import { LOOPBACK } from './local-server.ts';

type Answer = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

let answer: Answer;
let baseUrl: string;
let upstream: Upstream;
const server = createServer((incoming, outgoing) => answer(incoming, outgoing));

beforeEach(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  upstream = new Upstream({ ...upstreamDefaults, connectTimeoutMs: 500 }, LOOPBACK);
});

afterEach(async () => {
  await upstream.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const NAMES = { provider: 'mine', model: 'm' };

function request(change: Partial<UpstreamRequest> = {}): UpstreamRequest {
  const target = { ...NAMES, kind: 'openai', dialect: 'openai-chat', baseUrl, credential: 'sk-provider' };
  return {
    target,
    path: '/chat/completions',
    body: Buffer.from('{"a":1}'),
    accept: 'application/json',
    extraHeaders: {},
    ...change,
  };
}

async function failureOf(promise: Promise<unknown>): Promise<UpstreamFailure> {
  return promise.then(
    () => expect.unreachable('the call succeeded'),
    (failure) => failure,
  );
}

describe('a call', () => {
  test('sends the body to the base URL and the path, and gives the whole reply', async () => {
    const bodies: string[] = [];
    answer = (incoming, outgoing) => {
      incoming.on('data', (chunk) => bodies.push(`${incoming.method} ${incoming.url} ${chunk}`));
      incoming.on('end', () => outgoing.writeHead(200, { 'x-a': '1' }).end('whole'));
    };
    const { status, headers, body } = await upstream.call(request()).reply;
    expect([status, headers['x-a'], String(await body.bytes(100))]).toEqual([200, '1', 'whole']);
    expect(bodies).toEqual(['POST /v1/chat/completions {"a":1}']);
  });

  test('sends no header of the client but those of the dialect', async () => {
    let seen: IncomingMessage['headers'] = {};
    answer = (incoming, outgoing) => {
      seen = incoming.headers;
      outgoing.end();
    };
    const extraHeaders = {
      authorization: 'Bearer ais_client',
      cookie: 'a=b',
      'x-forwarded-for': '1.2.3.4',
      'anthropic-version': '2026-10-21',
      'anthropic-beta': 'one,two',
    };
    await upstream.call(request({ extraHeaders })).reply;
    const { host, connection, ...sent } = seen;
    expect([host?.startsWith('127.0.0.1'), connection]).toEqual([true, 'keep-alive']);
    expect(sent).toEqual({
      accept: 'application/json',
      'accept-encoding': 'identity',
      authorization: 'Bearer sk-provider',
      'content-length': '7',
      'content-type': 'application/json',
      'user-agent': 'ai-switch/0.1',
    });

    const target = {
      ...NAMES,
      kind: 'anthropic',
      dialect: 'anthropic-messages',
      baseUrl,
      credential: 'sk-ant',
    };
    await upstream.call(request({ target, extraHeaders })).reply;
    expect(seen).toMatchObject({
      'x-api-key': 'sk-ant',
      'anthropic-version': '2026-10-21',
      'anthropic-beta': 'one,two',
    });
    expect(seen.authorization).toBeUndefined();
    await upstream.call(request({ target, extraHeaders: {} })).reply;
    expect(seen['anthropic-version']).toBe('2023-06-01');
  });

  test('keeps what arrives before somebody takes the body', async () => {
    answer = (_incoming, outgoing) => outgoing.end('early');
    const { body } = await upstream.call(request()).reply;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(String(await body.bytes(100))).toBe('early');
  });

  test('that is aborted before the headers ends the connection at once', async () => {
    const closed = new Promise<void>((resolve) => {
      answer = (incoming) => incoming.on('close', () => resolve());
    });
    const call = upstream.call(request());
    await new Promise((resolve) => setTimeout(resolve, 50));
    call.abort();
    expect((await failureOf(call.reply)).reason).toBe('aborted');
    expect(call.isDispatched).toBe(true);
    await closed;
  });

  test('that is aborted in the middle delivers nothing more and says so once', async () => {
    answer = (_incoming, outgoing) => {
      outgoing.writeHead(200).write('a');
      setInterval(() => outgoing.write('b'), 5).unref();
    };
    const call = upstream.call(request());
    const { body } = await call.reply;
    const seen: string[] = [];
    body.deliverTo({
      onChunk: () => {
        seen.push('chunk');
        call.abort();
      },
      onEnd: () => seen.push('end'),
      onFailure: ({ reason }) => seen.push(reason),
    });
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(seen).toEqual(['chunk', 'aborted']);
  });

  test('nobody listens to is a failure to connect, with nothing dispatched', async () => {
    const target = {
      ...NAMES,
      kind: 'openai',
      dialect: 'openai-chat',
      baseUrl: 'http://127.0.0.1:1/v1',
      credential: '',
    };
    const call = upstream.call(request({ target }));
    expect((await failureOf(call.reply)).reason).toBe('connect');
    expect(call.isDispatched).toBe(false);
  });

  test('whose base URL is none fails without throwing', async () => {
    const target = { ...NAMES, kind: 'custom', dialect: 'openai-chat', baseUrl: 'nowhere', credential: '' };
    expect((await failureOf(upstream.call(request({ target })).reply)).reason).toBe('connect');
  });

  test('that is cut before the headers, and after them, is cut', async () => {
    answer = (_incoming, outgoing) => outgoing.destroy();
    expect((await failureOf(upstream.call(request()).reply)).reason).toBe('cut');
    answer = (_incoming, outgoing) => {
      outgoing.writeHead(200, { 'content-length': 10 }).write('half', () => outgoing.destroy());
    };
    const { body } = await upstream.call(request()).reply;
    expect((await failureOf(body.bytes(100))).reason).toBe('cut');
  });

  test('over its bound is given up', async () => {
    answer = (_incoming, outgoing) => outgoing.end(Buffer.alloc(1_000));
    const { body } = await upstream.call(request()).reply;
    expect((await failureOf(body.bytes(999))).reason).toBe('tooLarge');
  });

  test('follows no redirect', async () => {
    answer = (_incoming, outgoing) => outgoing.writeHead(302, { location: `${baseUrl}/other` }).end();
    expect((await upstream.call(request()).reply).status).toBe(302);
  });

  test('is silent too long in the middle: a time-out', async () => {
    await upstream.close();
    upstream = new Upstream({ ...upstreamDefaults, bodyIdleTimeoutMs: 100 }, LOOPBACK);
    answer = (_incoming, outgoing) => outgoing.writeHead(200).write('a');
    const { body } = await upstream.call(request()).reply;
    expect((await failureOf(body.bytes(100))).reason).toBe('timeout');
  });

  test('holds the provider back while it is paused, and loses nothing', async () => {
    const size = 8 * 1024 * 1024;
    let writtenBytes = 0;
    answer = (_incoming, outgoing) => {
      const piece = Buffer.alloc(64 * 1024);
      const write = (): void => {
        while (writtenBytes < size) {
          writtenBytes += piece.length;
          if (!outgoing.write(piece)) {
            outgoing.once('drain', write);
            return;
          }
        }
        outgoing.end();
      };
      write();
    };
    const { body } = await upstream.call(request()).reply;
    let readBytes = 0;
    const ended = new Promise<void>((resolve, reject) => {
      body.deliverTo({
        onChunk: (chunk) => {
          readBytes += chunk.length;
          if (readBytes === chunk.length) body.pause();
        },
        onEnd: resolve,
        onFailure: reject,
      });
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(readBytes).toBeLessThan(2 * 1024 * 1024);
    expect(writtenBytes).toBeLessThan(size);
    body.resume();
    await ended;
    expect(readBytes).toBe(size);
  });
});
