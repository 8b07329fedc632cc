import { createHash, createHmac } from 'node:crypto';
import { EventStreamCodec } from '@smithy/eventstream-codec';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Upstream, type UpstreamFailure, type UpstreamRequest, upstreamDefaults } from '../src/call.ts';
import { signedHeaders } from '../src/late-credentials.ts';
import { LOOPBACK, type LocalServer, openLocalServer, type Received } from './local-server.ts';

const KEY = 'AKIDEXAMPLE';
const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const MODEL = 'global.anthropic.claude-sonnet-4-5-20250929-v1:0';
const BODY = '{"anthropic_version":"bedrock-2023-05-31","messages":[{"role":"user","content":"héllo"}]}';

let server: LocalServer;
let upstream: Upstream;

beforeEach(async () => {
  server = await openLocalServer();
  upstream = new Upstream(upstreamDefaults, LOOPBACK);
});

afterEach(async () => {
  await upstream.close();
  await server.close();
});

function request(credential: string, isStreaming: boolean): UpstreamRequest {
  return {
    target: {
      provider: 'aws',
      kind: 'bedrock',
      model: MODEL,
      dialect: 'anthropic-messages',
      baseUrl: server.origin,
      credential,
    },
    path: '/messages',
    body: Buffer.from(BODY),
    accept: isStreaming ? 'text/event-stream' : 'application/json',
    extraHeaders: {},
  };
}

/** The published algorithm, step by step, from what arrived. */
function expectedAuthorization({ url, headers, body }: Received, region: string, host: string): string {
  const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const signed = /SignedHeaders=([^,]+)/.exec(String(headers.authorization))?.[1] ?? '';
  const path = url.split('/').map(encodeURIComponent).join('/');
  const lines = signed.split(';').map((name) => `${name}:${name === 'host' ? host : headers[name]}\n`);
  const canonical = ['POST', path, '', lines.join(''), signed, hashOf(body)].join('\n');
  const at = String(headers['x-amz-date']);
  const scope = `${at.slice(0, 8)}/${region}/bedrock/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', at, scope, hashOf(canonical)].join('\n');
  const key = [region, 'bedrock', 'aws4_request'].reduce(
    (secret: Buffer, step) => hmac(secret, step),
    hmac(`AWS4${SECRET}`, at.slice(0, 8)),
  );
  const signature = hmac(key, toSign).toString('hex');
  return `AWS4-HMAC-SHA256 Credential=${KEY}/${scope}, SignedHeaders=${signed}, Signature=${signature}`;
}

describe('a call of Bedrock', () => {
  test('is signed with the pair of keys, over its own path and body', async () => {
    const reply = await upstream.call(request(`${KEY}:${SECRET}`, false)).reply;
    expect(reply.status).toBe(200);
    const [seen] = server.received;
    if (seen === undefined) throw new Error('nothing arrived');
    expect(seen.url).toBe(`/model/${encodeURIComponent(MODEL)}/invoke`);
    expect(seen.body).toBe(BODY);
    expect(seen.headers.authorization).toContain(
      'SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date',
    );
    expect(seen.headers.authorization).toBe(
      expectedAuthorization(seen, 'us-east-1', server.origin.slice('http://'.length)),
    );
    expect(JSON.stringify(seen.headers)).not.toContain(SECRET);
  });

  test('carries the session of temporary keys, signed as well', async () => {
    await upstream.call(request(`${KEY}:${SECRET}:session/with:colon==`, false)).reply;
    const [seen] = server.received;
    if (seen === undefined) throw new Error('nothing arrived');
    expect(seen.headers['x-amz-security-token']).toBe('session/with:colon==');
    expect(seen.headers.authorization).toContain('x-amz-security-token');
    expect(seen.headers.authorization).toBe(
      expectedAuthorization(seen, 'us-east-1', server.origin.slice('http://'.length)),
    );
  });

  test('is signed for the region of its host', async () => {
    const origin = 'https://bedrock-runtime.eu-central-1.amazonaws.com';
    const { target } = request(`${KEY}:${SECRET}`, false);
    const path = `/model/${encodeURIComponent(MODEL)}/invoke`;
    const at = new Date('2026-11-23T01:02:03Z');
    const headers = await signedHeaders({ target, origin, path, body: Buffer.from(BODY) }, at);
    expect(headers['x-amz-date']).toBe('20261123T010203Z');
    const received = { url: path, body: BODY, headers: { ...headers, 'content-type': 'application/json' } };
    expect(headers.authorization).toBe(
      expectedAuthorization(received, 'eu-central-1', 'bedrock-runtime.eu-central-1.amazonaws.com'),
    );
  });

  test('with a Bedrock API key sends it as bearer', async () => {
    await upstream.call(request('ABSKQmVkcm9ja0FQSUtleQ==', true)).reply;
    expect(server.received[0]?.headers.authorization).toBe('Bearer ABSKQmVkcm9ja0FQSUtleQ==');
    expect(server.received[0]?.url).toBe(`/model/${encodeURIComponent(MODEL)}/invoke-with-response-stream`);
  });

  test('that is aborted before it is signed is not sent', async () => {
    const call = upstream.call(request(`${KEY}:${SECRET}`, false));
    call.abort();
    await expect(call.reply).rejects.toMatchObject({ reason: 'aborted' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server.received).toHaveLength(0);
    expect(call.isDispatched).toBe(false);
  });
});

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes).toString('utf8'),
  (text) => Buffer.from(text, 'utf8'),
);

function message(headers: Record<string, string>, payload: unknown): Buffer {
  const typed = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, { type: 'string' as const, value }]),
  );
  return Buffer.from(codec.encode({ headers: typed, body: Buffer.from(JSON.stringify(payload)) }));
}

function chunk(event: object): Buffer {
  const bytes = Buffer.from(JSON.stringify(event)).toString('base64');
  return message({ ':message-type': 'event', ':event-type': 'chunk' }, { bytes, p: 'abc' });
}

const EVENTS = [
  { type: 'message_start', message: { id: 'msg_1' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: '日本 🚀' } },
  { type: 'message_stop' },
];
const AS_SSE = EVENTS.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');

function streams(pieces: readonly Buffer[]): void {
  server.answer = async (_received, response) => {
    response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
    for (const piece of pieces) {
      response.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.end();
  };
}

describe('a stream of Bedrock', () => {
  test('comes out as server-sent events, however it is cut', async () => {
    const bytes = Buffer.concat(EVENTS.map(chunk));
    const single = Array.from({ length: bytes.length }, (_, at) => bytes.subarray(at, at + 1));
    for (const pieces of [[bytes], [bytes.subarray(0, 7), bytes.subarray(7)], single]) {
      streams(pieces);
      const { headers, body } = await upstream.call(request('key', true)).reply;
      expect(headers['content-type']).toBe('text/event-stream');
      expect(String(await body.bytes(100_000))).toBe(AS_SSE);
    }
  });

  test.each([
    ['throttlingException', 'rate_limit_error'],
    ['serviceUnavailableException', 'overloaded_error'],
    ['modelStreamErrorException', 'api_error'],
  ])('that gives up with %s ends in an error of the dialect', async (name, type) => {
    streams([message({ ':message-type': 'exception', ':exception-type': name }, { message: 'Too much.' })]);
    const { body } = await upstream.call(request('key', true)).reply;
    const error = { type: 'error', error: { type, message: 'Too much.' } };
    expect(String(await body.bytes(10_000))).toBe(`event: error\ndata: ${JSON.stringify(error)}\n\n`);
  });

  test.each([
    ['cut inside a message', chunk(EVENTS[0] ?? {}).subarray(0, 40)],
    ['damaged', Buffer.concat([chunk(EVENTS[0] ?? {}).fill(7, 30, 33)])],
    ['of messages without end', Buffer.alloc(64, 0xff)],
  ])('that is %s is a call that was cut', async (_how, bytes) => {
    streams([bytes]);
    const { body } = await upstream.call(request('key', true)).reply;
    const failure: UpstreamFailure = await body.bytes(10_000).then(
      () => expect.unreachable(),
      (error) => error,
    );
    expect(failure.reason).toBe('cut');
  });

  test('that is refused is a plain reply', async () => {
    server.answer = (_received, response) =>
      void response.writeHead(403, { 'content-type': 'application/json' }).end('{"message":"no"}');
    const { status, headers, body } = await upstream.call(request('key', true)).reply;
    expect([status, headers['content-type'], String(await body.bytes(100))]).toEqual([
      403,
      'application/json',
      '{"message":"no"}',
    ]);
  });
});
