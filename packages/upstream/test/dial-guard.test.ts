import { generateKeyPairSync } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type LookupFunction, type Server } from 'node:net';
import { type DialVector, dialVectors } from '@ai-switch/testkit';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Upstream, type UpstreamFailure, upstreamDefaults } from '../src/call.ts';
import { DialGuard, DialRefusal, type Resolve } from '../src/dial-guard.ts';
import { GoogleTokens } from '../src/google-tokens.ts';
import { fetchModels } from '../src/models.ts';

/** Where each connection that somebody made to this machine arrived. */
const hits: string[] = [];
const listener = createServer((socket) => {
  hits.push(socket.localAddress ?? '');
  socket.on('error', () => {}).resume();
  socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}');
});
let vectors: readonly DialVector[];
beforeAll(async () => {
  vectors = dialVectors(await listen(listener, '::'));
});
beforeEach(() => {
  hits.length = 0;
});
afterAll(() => new Promise((resolve) => listener.close(resolve)));

async function listen(server: Server, host: string): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return (server.address() as AddressInfo).port;
}

/** Says what the vector's resolver would. */
function resolverOf({ answer, firstAnswer }: DialVector): Resolve {
  let isFirst = true;
  return (host, _options, done) => {
    const addresses = isFirst ? (firstAnswer ?? answer) : answer;
    isFirst = false;
    if (addresses === undefined) done(new Error(`ENOTFOUND ${host}`), []);
    else done(null, found(addresses));
  };
}

const found = (addresses: readonly string[]) =>
  addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

const PEM = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();
const serviceAccount = (address: string) =>
  JSON.stringify({ client_email: 'a@b.example', private_key: PEM, token_uri: address });

const targetAt = (baseUrl: string) => ({
  provider: 'p',
  model: 'm',
  kind: 'custom',
  dialect: 'openai-chat',
  baseUrl,
  credential: '',
});

function callTo(upstream: Upstream, baseUrl: string) {
  const parts = { path: '/chat/completions', body: Buffer.from('{}'), accept: 'application/json' };
  return upstream.call({ target: targetAt(baseUrl), extraHeaders: {}, ...parts });
}

/** What went wrong; undefined when nothing did. */
function failureOf(promise: Promise<unknown>): Promise<UpstreamFailure | undefined> {
  return promise.then(
    () => undefined,
    (failure) => failure,
  );
}

describe('an address that leads where no provider is', () => {
  test('is reached by who does not look', async () => {
    const missed: string[] = [];
    for (const vector of vectors.filter(({ isReaching }) => isReaching)) {
      hits.length = 0;
      const lookup: LookupFunction = (_host, _options, done) => done(null, found(vector.answer ?? []));
      const dispatcher = new Agent({ connect: { lookup, timeout: 1_000 } });
      await failureOf(request(vector.baseUrl, { dispatcher }));
      if (hits.length === 0) missed.push(vector.baseUrl);
      await dispatcher.destroy();
    }
    expect(missed).toEqual([]);
  });

  test('is in the table in at least 200 ways, most of which reach this machine', () => {
    expect(new Set(vectors.map(({ baseUrl }) => baseUrl)).size).toBeGreaterThanOrEqual(200);
    expect(vectors.filter(({ isReaching }) => isReaching).length).toBeGreaterThanOrEqual(150);
  });

  test('is refused before it is stored, unless it leads elsewhere at that time', async () => {
    const accepted: string[] = [];
    for (const vector of vectors) {
      const guard = new DialGuard([], resolverOf(vector));
      if ((await guard.mayDial(vector.baseUrl)) && vector.firstAnswer === undefined)
        accepted.push(vector.baseUrl);
    }
    expect(accepted).toEqual([]);
    expect(hits).toEqual([]);
  });

  test('is not dialled by a call, whatever was said when it was stored', async () => {
    const wrong: string[] = [];
    for (const vector of vectors) {
      const guard = new DialGuard([], resolverOf(vector));
      await guard.mayDial(vector.baseUrl);
      const upstream = new Upstream({ ...upstreamDefaults, connectTimeoutMs: 500 }, guard);
      const call = callTo(upstream, vector.baseUrl);
      const failure = await failureOf(call.reply);
      const isRefused = failure?.reason === 'connect' && failure.cause instanceof DialRefusal;
      if (!isRefused || call.isDispatched) wrong.push(`${vector.baseUrl}: ${failure}`);
      await upstream.close();
    }
    expect(wrong).toEqual([]);
    expect(hits).toEqual([]);
  });

  test('is not asked for its models, nor for a token', async () => {
    const wrong: string[] = [];
    for (const vector of vectors) {
      const guard = new DialGuard([], resolverOf(vector));
      await guard.mayDial(vector.baseUrl);
      const list = await fetchModels(targetAt(vector.baseUrl), 'sk', { guard, timeoutMs: 500 });
      if (!('reason' in list) || list.reason !== 'its address may not be called from here')
        wrong.push(vector.baseUrl);
      const failure = await failureOf(new GoogleTokens(guard).tokenFor(serviceAccount(vector.baseUrl)));
      if (!(failure instanceof DialRefusal)) wrong.push(`token ${vector.baseUrl}: ${failure}`);
    }
    expect(wrong).toEqual([]);
    expect(hits).toEqual([]);
  });

  test('is dialled by all three once its network is listed', async () => {
    const port = (listener.address() as AddressInfo).port;
    const guard = new DialGuard(['127.0.0.1']);
    const upstream = new Upstream(upstreamDefaults, guard);
    expect((await callTo(upstream, `http://127.0.0.1:${port}/v1`).reply).status).toBe(200);
    await fetchModels(targetAt(`http://127.0.0.1:${port}/v1`), '', { guard });
    await failureOf(new GoogleTokens(guard).tokenFor(serviceAccount(`http://127.0.0.1:${port}/token`)));
    expect(hits).toEqual(['::ffff:127.0.0.1', '::ffff:127.0.0.1', '::ffff:127.0.0.1']);
    await upstream.close();
  });
});

describe('a name', () => {
  const rebinding = (...answers: string[][]): Resolve => {
    let asked = 0;
    return (_host, _options, done) => {
      done(null, found(answers[Math.min(asked, answers.length - 1)] ?? []));
      asked += 1;
    };
  };

  test('is asked for once a dial, and that answer is the one that is connected to', async () => {
    const port = (listener.address() as AddressInfo).port;
    const guard = new DialGuard(['127.0.0.2'], rebinding(['127.0.0.2'], ['127.0.0.1']));
    const upstream = new Upstream(upstreamDefaults, guard);
    const baseUrl = `http://rebinding.example:${port}/v1`;
    expect((await callTo(upstream, baseUrl).reply).status).toBe(200);
    // The listener closes each connection, so that this is another dial.
    await expect.poll(() => hits.length).toBe(1);
    expect((await failureOf(callTo(upstream, baseUrl).reply))?.cause).toBeInstanceOf(DialRefusal);
    expect(hits).toEqual(['::ffff:127.0.0.2']);
    await upstream.close();
  });

  test('with one answer that may not be dialled is not dialled at its others', async () => {
    const port = (listener.address() as AddressInfo).port;
    for (const answers of [
      ['127.0.0.2', '127.0.0.1'],
      ['127.0.0.1', '127.0.0.2'],
    ]) {
      const upstream = new Upstream(upstreamDefaults, new DialGuard(['127.0.0.2'], rebinding(answers)));
      const failure = await failureOf(callTo(upstream, `http://both.example:${port}/v1`).reply);
      expect(failure?.cause).toBeInstanceOf(DialRefusal);
      await upstream.close();
    }
    expect(hits).toEqual([]);
  });

  test('that nobody knows is stored, and is not reached', async () => {
    const guard = new DialGuard([], (host, _options, done) => done(new Error(`ENOTFOUND ${host}`), []));
    expect(await guard.mayDial('https://later.example/v1')).toBe(true);
    const upstream = new Upstream(upstreamDefaults, guard);
    expect((await failureOf(callTo(upstream, 'https://later.example/v1').reply))?.reason).toBe('connect');
    await upstream.close();
  });

  test('that the resolver is silent about is stored after two seconds', async () => {
    const guard = new DialGuard([], () => {});
    const startMs = performance.now();
    expect(await guard.mayDial('https://silent.example/v1')).toBe(true);
    expect(performance.now() - startMs).toBeLessThan(4_000);
  });
});

test('a connection that stands is asked nothing more: 500 requests on it are no look at an address', async () => {
  const server = createHttpServer((_incoming, outgoing) => void outgoing.end('{}'));
  const port = await listen(server, '127.0.0.1');
  let looks = 0;
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  const guard = new DialGuard(['127.0.0.1'], (_host, _options, done) => {
    looks += 1;
    done(null, found(['127.0.0.1']));
  });
  const upstream = new Upstream(upstreamDefaults, guard);
  for (let count = 0; count < 500; count += 1) {
    const { body } = await callTo(upstream, `http://gpu.example:${port}/v1`).reply;
    await body.bytes(10);
  }
  expect(looks).toBe(connections);
  expect(connections).toBeLessThan(5);
  await upstream.close();
  server.closeAllConnections();
  server.close();
});

describe('a redirect to where no provider is', () => {
  test.each([301, 302, 303, 307, 308])('with %i is followed by nobody', async (status) => {
    const port = (listener.address() as AddressInfo).port;
    const server = createHttpServer((_incoming, outgoing) => {
      outgoing.writeHead(status, { location: `http://127.0.0.1:${port}/v1`, refresh: '0' }).end();
    });
    const baseUrl = `http://127.0.0.2:${await listen(server, '127.0.0.2')}/v1`;
    const guard = new DialGuard(['127.0.0.2']);
    const upstream = new Upstream(upstreamDefaults, guard);
    expect((await callTo(upstream, baseUrl).reply).status).toBe(status);
    expect(await fetchModels(targetAt(baseUrl), '', { guard })).toEqual({ reason: `it answered ${status}` });
    await expect(new GoogleTokens(guard).tokenFor(serviceAccount(baseUrl))).rejects.toThrow(
      `answered ${status}`,
    );
    expect(hits).toEqual([]);
    await upstream.close();
    server.closeAllConnections();
    server.close();
  });
});
