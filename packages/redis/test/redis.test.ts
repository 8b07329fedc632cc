import { createServer, Socket } from 'node:net';
import { ConfigError } from '@ai-switch/kernel';
import { createLogger } from '@ai-switch/telemetry';
import { type RedisServer, startRedis } from '@ai-switch/testkit';
import { Redis as Client } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { openRedis, type Redis, RedisAway, script } from '../src/index.ts';

const COUNT = script(`return redis.call('INCRBY', KEYS[1], ARGV[1])`);

let server: RedisServer;
const opened: Redis[] = [];
let lines: string[] = [];

beforeAll(async () => {
  server = await startRedis();
}, 120_000);

afterEach(() => {
  for (const redis of opened.splice(0)) redis.close();
  lines = [];
});

afterAll(() => server.stop());

/** Connects, and keeps what is logged. */
function open(url: string): Redis {
  const destination = { write: (line: string) => lines.push(line) };
  const redis = openRedis({ url, logger: createLogger({ service: 'test', level: 'info', destination }) });
  opened.push(redis);
  return redis;
}

async function connected(url = server.url): Promise<Redis> {
  const redis = open(url);
  await vi.waitFor(() => expect(redis.isUp).toBe(true));
  return redis;
}

/** Between a client and Redis: `isSilent` swallows what is sent, as a network that is cut does. */
async function cuttable(port: number) {
  const gate = { isSilent: false, connections: 0 };
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    gate.connections += 1;
    const upstream = new Socket();
    upstream.connect(port, '127.0.0.1');
    const isCut = gate.isSilent;
    client.on('data', (bytes) => {
      if (!gate.isSilent && !isCut) upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      if (!gate.isSilent && !isCut) client.write(bytes);
    });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address();
  return {
    gate,
    url: `redis://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    close: () => {
      for (const socket of sockets) socket.destroy();
      proxy.close();
    },
  };
}

test('scripts run in the order in which they are given, once each, also when Redis forgot them', async () => {
  const redis = await connected();
  const counts = await Promise.all(Array.from({ length: 50 }, () => redis.run(COUNT, ['in order'], [1])));
  expect(counts).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  const admin = new Client(server.url);
  await admin.script('FLUSH');
  admin.disconnect();
  expect(await redis.run(COUNT, ['in order'], [1])).toBe(51);
});

test('values are kept for their time', async () => {
  const redis = await connected();
  const value = Buffer.from([0, 255, 10, 13, 128]);
  await redis.set('kept', value, 60_000);
  await redis.set('short', value, 0.5);
  expect(await redis.get('kept')).toEqual(value);
  await vi.waitFor(async () => expect(await redis.get('short')).toBeUndefined());
  await redis.delete(['kept']);
  expect(await redis.get('kept')).toBeUndefined();
});

test('without Redis every question fails at once, and the process does not end', async () => {
  const redis = open('redis://127.0.0.1:1');
  for (let index = 0; index < 5; index += 1) {
    const startedAtMs = performance.now();
    await expect(redis.run(COUNT, ['a'], [1])).rejects.toBeInstanceOf(RedisAway);
    expect(performance.now() - startedAtMs).toBeLessThan(50);
  }
  await vi.waitFor(() => expect(lines.join('')).toContain('does not answer'));
  expect(lines.filter((line) => line.includes('does not answer'))).toHaveLength(1);
});

test('each time that Redis hangs is told once, and that it answers again, too', async () => {
  const own = await startRedis();
  const redis = await connected(own.url);
  try {
    for (const time of [1, 2]) {
      process.kill(own.pid, 'SIGSTOP');
      for (let index = 0; index < 5; index += 1) {
        await expect(redis.get('a')).rejects.toBeInstanceOf(RedisAway);
      }
      expect(redis.isUp).toBe(false);
      process.kill(own.pid, 'SIGCONT');
      await vi.waitFor(() => redis.get('a'), { timeout: 5_000 });
      const told = lines.map((line) => (line.includes('answers again') ? 'back' : 'away'));
      expect(told.length).toBeGreaterThanOrEqual(2 * time);
      expect(told).toEqual(told.map((_, index) => (index % 2 === 0 ? 'away' : 'back')));
      expect(told.at(-1)).toBe('back');
    }
  } finally {
    process.kill(own.pid, 'SIGCONT');
    await own.stop();
  }
}, 60_000);

test('a connection whose other end vanished without a word is left, and a new one is made', async () => {
  const between = await cuttable(server.port);
  try {
    const redis = await connected(between.url);
    between.gate.isSilent = true;
    await expect(redis.get('a')).rejects.toBeInstanceOf(RedisAway);
    // The old connection stays cut: only a new one gets through.
    await vi.waitFor(() => expect(redis.isUp).toBe(false), { timeout: 8_000, interval: 20 });
    await vi.waitFor(() => expect(between.gate.connections).toBeGreaterThan(1), { timeout: 10_000 });
    between.gate.isSilent = false;
    await vi.waitFor(() => redis.get('a'), { timeout: 15_000, interval: 100 });
  } finally {
    between.close();
  }
}, 40_000);

test('no password of Redis stands in the log, and none is believed that is wrong', async () => {
  const redis = open(server.url.replace('redis://', 'redis://somebody:hunter2secret@'));
  await vi.waitFor(() => expect(lines.length).toBeGreaterThan(0), { timeout: 5_000 });
  expect(redis.isUp).toBe(false);
  expect(lines.join('')).not.toContain('hunter2secret');
  expect(lines.join('')).not.toContain('somebody');
});

test('an address that is none is refused in one line', () => {
  expect(() => open('http://127.0.0.1')).toThrow(ConfigError);
});
