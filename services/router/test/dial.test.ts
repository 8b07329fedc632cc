import { randomBytes } from 'node:crypto';
import type { Fault } from '@ai-switch/kernel';
import { dialVectors } from '@ai-switch/testkit';
import { DialGuard } from '@ai-switch/upstream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenRouter, openRouter } from '../src/index.ts';
import { checkDial, checkedProvider } from '../src/put-rules.ts';
import { newTenant, provider } from './fixtures.ts';

const vectors = dialVectors(8_443);

/** A guard whose resolver says this of every name. */
const guardWith = (answer: readonly string[], networks: readonly string[] = []) =>
  new DialGuard(networks, (_host, _options, done) => {
    done(
      null,
      answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  });

/** The fault of a put; undefined when it is taken. */
async function faultOf(guard: DialGuard, baseUrl: string): Promise<Fault | undefined> {
  try {
    await checkDial(guard, checkedProvider(provider({ tenant: 'ten_1', kind: 'custom', baseUrl })));
    return undefined;
  } catch (error) {
    return error as Fault;
  }
}

describe('a base URL that leads where no provider is', () => {
  test('is refused when it is put, in every way to write it', async () => {
    const taken: string[] = [];
    for (const { baseUrl, answer } of vectors) {
      const fault = await faultOf(guardWith(answer ?? []), baseUrl);
      if (fault?.code !== 'invalid' || fault.details.field !== 'baseUrl') taken.push(baseUrl);
    }
    expect(taken).toEqual([]);
    expect(vectors.length).toBeGreaterThanOrEqual(200);
  });

  test('is refused in the same words wherever its name leads', async () => {
    const names = vectors.filter(({ baseUrl, answer }) => answer !== undefined && !baseUrl.includes('.:'));
    const faults = await Promise.all(
      names.map(({ baseUrl, answer }) => faultOf(guardWith(answer ?? []), baseUrl)),
    );
    expect(names.length).toBeGreaterThan(50);
    expect(new Set(faults.map((fault) => fault?.message))).toEqual(
      new Set([expect.stringMatching(/^The base URL leads to where this installation makes no calls\./)]),
    );
    expect(JSON.stringify(faults)).not.toMatch(/\d+\.\d+\.\d+\.\d+|metadata|corp/);
  });

  test('is taken in a network that is listed, and by https where the internet is', async () => {
    expect(await faultOf(guardWith(['10.0.0.5'], ['10.0.0.0/8']), 'http://gpu.corp:8000/v1')).toBeUndefined();
    expect(await faultOf(guardWith(['93.184.215.14']), 'https://api.example/v1')).toBeUndefined();
    expect(
      await faultOf(guardWith(['93.184.215.14'], ['10.0.0.0/8']), 'http://api.example/v1'),
    ).toMatchObject({
      code: 'invalid',
    });
  });
});

describe('a router', () => {
  let opened: OpenRouter;
  beforeAll(async () => {
    opened = await openRouter({ databaseUrl: 'sqlite::memory:', masterKey: randomBytes(32) });
  });
  afterAll(() => opened.close());
  const put = (tenant: string, fields: Parameters<typeof provider>[0]) =>
    opened.router.putProvider({ provider: provider({ tenant, ...fields }), credential: 'sk' });

  test('that is told of no network stores none of its own machine’s', async () => {
    const tenant = newTenant();
    for (const baseUrl of ['http://127.0.0.1:8000/v1', 'https://[::1]/v1', 'http://localhost:8000/v1']) {
      await expect(put(tenant, { kind: 'custom', baseUrl })).rejects.toMatchObject({
        code: 'invalid',
        details: { field: 'baseUrl' },
      });
    }
    const { providers } = await opened.router.listProviders({ tenant, page: undefined });
    expect(providers).toEqual([]);
  });

  test('refuses the usual address of a model server on this machine like any other', async () => {
    const baseUrl = 'http://127.0.0.1:11434/v1';
    await expect(put(newTenant(), { kind: 'ollama', baseUrl })).rejects.toMatchObject({ code: 'invalid' });
  });

  test('asks no resolver for a provider’s own address', async () => {
    let isAsked = false;
    const guard = new DialGuard([], () => {
      isAsked = true;
    });
    await checkDial(guard, provider({}));
    expect(isAsked).toBe(false);
  });
});
