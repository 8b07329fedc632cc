// What happens between a caller and the replicas of a service: several places, some that go and come.

import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CacheEntry,
  EvictResponse,
  LookUpResponse,
  type ResponseCache,
  ResponseCacheDefinition,
  RotateDataKeyResponse,
  type Router,
  RouterDefinition,
} from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { certificateAuthority, temporaryFolder } from '@ai-switch/testkit';
import * as grpc from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from 'vitest';
import { connect, connectUnary, type ServeOptions, type Server, serve } from '../src/index.ts';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const KEY = new Uint8Array(32);
const SCOPE = { tenant: 'acme', owner: 'user:u' };

interface Replica {
  readonly server: Server;
  readonly address: string;
  begun: number;
}

/** A replica that answers after `delayMs`. Looking up may be done twice; rotating a key may not. */
async function replica(delayMs = 0, options: Partial<ServeOptions> = {}): Promise<Replica> {
  const counted = { begun: 0 };
  const work = async <Answer>(answer: Answer) => {
    counted.begun += 1;
    if (delayMs > 0) await sleep(delayMs);
    return answer;
  };
  const cache: ResponseCache = {
    lookUp: () => work(LookUpResponse.create({ similarity: 0.5 })),
    store: ({ entry }: { entry: CacheEntry | undefined }) => work({ entry }),
    evict: () => work(EvictResponse.create({})),
  };
  const router = { rotateDataKey: () => work(RotateDataKeyResponse.create({})) } as unknown as Router;
  const server = await serve(
    [
      { definition: ResponseCacheDefinition, implementation: cache },
      { definition: RouterDefinition, implementation: router },
    ],
    { address: '127.0.0.1:0', ...options },
  );
  closers.push(() => server.close(0));
  return Object.assign(counted, { server, address: `127.0.0.1:${server.port}` });
}

function connected(address: string, options: Parameters<typeof connect>[2] = {}) {
  const cache = connect(ResponseCacheDefinition, address, options);
  const router = connect(RouterDefinition, address, options);
  closers.push(
    () => cache.close(),
    () => router.close(),
  );
  return { cache, router, lookUp: () => cache.lookUp({ scope: SCOPE, key: KEY }) };
}

const addressesOf = (replicas: readonly Replica[]) => replicas.map(({ address }) => address).join();

describe('the replicas of a service', () => {
  test('are called in turn', async () => {
    const replicas = await Promise.all([replica(), replica(), replica()]);
    const { lookUp } = connected(addressesOf(replicas));
    await expect
      .poll(async () => {
        await lookUp();
        return replicas.every(({ begun }) => begun > 0);
      })
      .toBe(true);
    const before = replicas.map(({ begun }) => begun);
    await Promise.all(Array.from({ length: 300 }, lookUp));
    expect(replicas.map(({ begun }, index) => begun - (before[index] ?? 0))).toEqual([100, 100, 100]);
  });

  test('that leave one after another fail no call', async () => {
    const replicas = await Promise.all([replica(5), replica(5)]);
    const { lookUp, router } = connected(addressesOf(replicas));
    let isOver = false;
    let answered = 0;
    const caller = async () => {
      while (!isOver) {
        await lookUp();
        await router.rotateDataKey({ tenant: 'acme' });
        answered += 2;
      }
    };
    const callers = Array.from({ length: 50 }, caller);
    for (const each of [...replicas]) {
      await sleep(150);
      const { port } = each.server;
      await each.server.close();
      replicas.push(await replica(5, { address: `127.0.0.1:${port}` }));
    }
    await sleep(150);
    isOver = true;
    await Promise.all(callers);
    expect(answered).toBeGreaterThan(500);
    for (const { begun } of replicas) expect(begun).toBeGreaterThan(0);
  });

  test('that die have their calls done by the others when that does no harm, and never twice otherwise', async () => {
    const dying = await replica(5_000);
    const other = await replica(0);
    const { lookUp, router } = connected(addressesOf([dying, other]), { timeoutMs: 4_000 });
    await expect
      .poll(async () => {
        void lookUp().catch(() => {});
        await sleep(5);
        return dying.begun > 0 && other.begun > 0;
      })
      .toBe(true);
    const begun = other.begun;
    const looks = Array.from({ length: 40 }, lookUp);
    const rotations = Array.from({ length: 40 }, () =>
      router.rotateDataKey({ tenant: 'acme' }).then(
        () => 'done',
        (error) => (error instanceof Fault ? error.code : 'internal'),
      ),
    );
    await sleep(100);
    const atDying = dying.begun;
    await dying.server.close(0);
    await Promise.all(looks);
    const outcomes = await Promise.all(rotations);
    expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(20);
    expect(outcomes.filter((outcome) => outcome === 'unavailable')).toHaveLength(20);
    // Of those that could be repeated, each one of the dead replica was.
    expect(other.begun - begun).toBeGreaterThanOrEqual(60);
    expect(dying.begun).toBe(atDying);
  });

  test('of which none is there are told in well under a second, and found when one comes', async () => {
    const gone = await replica();
    await gone.server.close(0);
    const { lookUp } = connected(gone.address);
    const startedAtMs = performance.now();
    await expect(lookUp()).rejects.toMatchObject({ code: 'unavailable' });
    expect(performance.now() - startedAtMs).toBeLessThan(1_500);
    await replica(0, { address: gone.address });
    await expect
      .poll(
        () =>
          lookUp().then(
            () => true,
            () => false,
          ),
        { timeout: 5_000 },
      )
      .toBe(true);
  });

  test('that hang keep nobody beyond his deadline', async () => {
    const hanging = await replica(60_000);
    const { lookUp } = connected(hanging.address, { timeoutMs: 100 });
    const startedAtMs = performance.now();
    const calls = await Promise.allSettled(Array.from({ length: 200 }, lookUp));
    expect(performance.now() - startedAtMs).toBeLessThan(2_000);
    for (const call of calls) expect(call).toMatchObject({ reason: { code: 'deadline' } });
  });
});

test('unary calls are served as well, with the same faults', async () => {
  const { address } = await replica();
  const cache = connectUnary(ResponseCacheDefinition, address);
  closers.push(() => cache.close());
  expect((await cache.lookUp({ scope: SCOPE, key: KEY })).similarity).toBe(0.5);
  const unknown = { ...ResponseCacheDefinition, fullName: 'aiswitch.v1.Unknown' };
  const other = connectUnary(unknown, address);
  closers.push(() => other.close());
  await expect(other.lookUp({ scope: SCOPE, key: KEY })).rejects.toBeInstanceOf(Fault);
});

test('health is told by the protocol of gRPC, and a server that leaves is not well', async () => {
  const { server, address } = await replica();
  const health = new grpc.Client(address, grpc.credentials.createInsecure());
  closers.push(() => health.close());
  const check = () =>
    new Promise<number | undefined>((resolve, reject) => {
      health.makeUnaryRequest(
        '/grpc.health.v1.Health/Check',
        () => Buffer.alloc(0),
        (bytes) => bytes[1],
        undefined,
        (error, status) => (error === null ? resolve(status) : reject(error)),
      );
    });
  expect(await check()).toBe(1);
  server.leave();
  expect(await check()).toBe(2);
});

describe('services that know each other by their certificates', () => {
  const tables = {
    callers: {
      '/aiswitch.v1.ResponseCache/': ['edge-gateway'],
      '/aiswitch.v1.Router/RotateDataKey': ['console'],
    },
  };

  test('answer whom the table names, each call for itself', async () => {
    using folder = temporaryFolder();
    const authority = await certificateAuthority(folder.path);
    const { address } = await replica(0, { tls: await authority.certify('cache'), ...tables });
    const edge = connected(address, { tls: await authority.certify('edge-gateway') });
    const admin = connected(address, { tls: await authority.certify('console') });
    const stranger = connected(address, { tls: await authority.certify('stranger') });
    expect((await edge.lookUp()).similarity).toBe(0.5);
    await expect(edge.router.rotateDataKey({ tenant: 'acme' })).rejects.toMatchObject({ code: 'forbidden' });
    await admin.router.rotateDataKey({ tenant: 'acme' });
    await expect(admin.lookUp()).rejects.toMatchObject({ code: 'forbidden' });
    await expect(stranger.lookUp()).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('answer nobody else', async () => {
    using folder = temporaryFolder();
    using elsewhere = temporaryFolder();
    const authority = await certificateAuthority(folder.path);
    const forger = await certificateAuthority(elsewhere.path);
    const trusted = await authority.certify('edge-gateway');
    const forged = { ...(await forger.certify('edge-gateway')), authority: trusted.authority };
    const served = await replica(0, { tls: await authority.certify('cache'), ...tables });
    await expect(connected(served.address).lookUp()).rejects.toMatchObject({ code: 'unavailable' });
    await expect(connected(served.address, { tls: forged }).lookUp()).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(served.begun).toBe(0);
    // Nor does a caller take somebody else for the service.
    const impostor = await replica(0, { tls: await forger.certify('cache') });
    await expect(connected(impostor.address, { tls: trusted }).lookUp()).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(impostor.begun).toBe(0);
  });
});
