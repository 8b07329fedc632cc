import { MessageChannel } from 'node:worker_threads';
import {
  AuthDefinition,
  AuthenticateResponse,
  type Auth as AuthPort,
  CreateKeyRequest,
  CreateKeyResponse,
  ListUsersRequest,
  ListUsersResponse,
  type Organisation,
  OrganisationDefinition,
  Role,
} from '@ai-switch/contracts';
import { ConfigError, FAULT_CODES, Fault } from '@ai-switch/kernel';
import { afterEach, describe, expect, it } from 'vitest';
import { connect, connectThread, loopback, MESSAGE_BYTES_MAX, serve, serveThread } from '../src/index.ts';

/** Calls of two ports in one: between them they carry every kind of field. */
type Auth = AuthPort & Pick<Organisation, 'createKey' | 'listUsers'>;
const { createKey, listUsers } = OrganisationDefinition.methods;
const DEFINITION = { ...AuthDefinition, methods: { ...AuthDefinition.methods, createKey, listUsers } };

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** `calls` itself as an Auth; what a test does not write throws. */
function authOf(calls: Partial<Auth>): Auth {
  const unwritten = async () => {
    throw new Error('not written in this test');
  };
  const missing = Object.keys(DEFINITION.methods).filter((name) => !(name in calls));
  return Object.assign(calls, Object.fromEntries(missing.map((name) => [name, unwritten]))) as Auth;
}

async function overGrpc(calls: Partial<Auth>, options: { timeoutMs?: number } = {}) {
  const mistakes: unknown[] = [];
  const server = await serve([{ definition: DEFINITION, implementation: authOf(calls) }], {
    address: '127.0.0.1:0',
    onError: (error) => mistakes.push(error),
  });
  const port = connect(DEFINITION, `127.0.0.1:${server.port}`, options);
  closers.push(
    () => server.close(0),
    () => port.close(),
  );
  return { port, server, mistakes };
}

function overThread(calls: Partial<Auth>): Auth {
  const { port1, port2 } = new MessageChannel();
  serveThread(DEFINITION, authOf(calls), port2);
  const port = connectThread(DEFINITION, port1);
  closers.push(() => port.close());
  return port;
}

const WAYS_OF_BYTES: { name: string; open: (calls: Partial<Auth>) => Promise<Auth> }[] = [
  { name: 'loopback', open: async (calls) => loopback(DEFINITION, authOf(calls)) },
  { name: 'gRPC', open: async (calls) => (await overGrpc(calls)).port },
];
const WAYS = [
  ...WAYS_OF_BYTES,
  { name: 'a thread', open: async (calls: Partial<Auth>) => overThread(calls) },
];

const failWith = (error: unknown): Partial<Auth> => ({
  authenticate: async () => {
    throw error;
  },
});

const caught = async (promise: Promise<unknown>): Promise<Fault> => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Fault);
  return error as Fault;
};

describe.each(WAYS)('a port over $name', ({ open }) => {
  it('carries a call and its answer', async () => {
    const port = await open({
      authenticate: async ({ key }) =>
        AuthenticateResponse.create({ caller: { tenant: key, role: Role.ROOT, departmentIds: ['a', 'b'] } }),
    });
    const { caller } = await port.authenticate({ key: 'ключ' });
    expect(caller).toMatchObject({ tenant: 'ключ', role: Role.ROOT, departmentIds: ['a', 'b'] });
  });

  it('carries integers above 2^53 exactly, and tells absent from zero', async () => {
    const seen: CreateKeyRequest[] = [];
    const port = await open({
      createKey: async (request) => {
        seen.push(request);
        return CreateKeyResponse.create({ key: { createdAtMs: 9_007_199_254_740_993n } });
      },
    });
    const { key } = await port.createKey(CreateKeyRequest.create({ expiresAtMs: 0n }));
    await port.createKey(CreateKeyRequest.create({}));
    expect(key?.createdAtMs).toBe(9_007_199_254_740_993n);
    expect(key?.expiresAtMs).toBeUndefined();
    expect(seen.map((request) => request.expiresAtMs)).toEqual([0n, undefined]);
  });

  it('shares no object between caller and callee', async () => {
    const kept = AuthenticateResponse.create({ caller: { departmentIds: ['a'] } });
    const port = await open({ authenticate: async () => kept });
    (await port.authenticate({ key: '' })).caller?.departmentIds.push('b');
    expect(kept.caller?.departmentIds).toEqual(['a']);
  });

  it.each(FAULT_CODES)('carries a fault of code %s intact', async (code) => {
    const port = await open(
      failWith(
        new Fault(code, 'Schlüssel gesperrt. Bitte warten.', {
          retryAfterMs: 1_500,
          details: { bucket: 'bkt_1', type: 'output' },
        }),
      ),
    );
    const fault = await caught(port.authenticate({ key: 'x' }));
    expect(fault).toMatchObject({
      code,
      message: 'Schlüssel gesperrt. Bitte warten.',
      retryAfterMs: 1_500,
      details: { bucket: 'bkt_1', type: 'output' },
    });
  });

  it('leaves an absent retry time absent, and carries one of zero', async () => {
    const port = await open(failWith(new Fault('conflict', 'No.')));
    expect((await caught(port.authenticate({ key: '' }))).retryAfterMs).toBeUndefined();
    const soon = await open(failWith(new Fault('conflict', 'No.', { retryAfterMs: 0 })));
    expect((await caught(soon.authenticate({ key: '' }))).retryAfterMs).toBe(0);
  });

  it.each([
    ['a fraction', 0.5, 1],
    ['what is no number', Number.NaN, undefined],
  ])('makes whole milliseconds of %s', async (_name, given, expected) => {
    const port = await open(failWith(new Fault('overloaded', 'Full.', { retryAfterMs: given })));
    expect(await caught(port.authenticate({ key: '' }))).toMatchObject({
      code: 'overloaded',
      retryAfterMs: expected,
    });
  });

  it.each([
    ['an error', new Error('password=hunter2')],
    ['a string', 'password=hunter2'],
    ['nothing', undefined],
  ])('carries %s that is not a fault as internal, without its text', async (_name, thrown) => {
    const port = await open(failWith(thrown));
    const fault = await caught(port.authenticate({ key: 'x' }));
    expect(fault.code).toBe('internal');
    expect(JSON.stringify([fault.message, fault.details])).not.toContain('hunter2');
  });

  it('carries a throw before the first await', async () => {
    const port = await open({
      authenticate: () => {
        throw new Fault('forbidden', 'No.');
      },
    });
    expect((await caught(port.authenticate({ key: '' }))).code).toBe('forbidden');
  });

  it('shortens a fault that no trailer could hold, and keeps its code', async () => {
    const details = { list: 'ö'.repeat(20_000) };
    const port = await open(failWith(new Fault('notFound', 'ö'.repeat(20_000), { details })));
    const fault = await caught(port.authenticate({ key: '' }));
    expect(fault.code).toBe('notFound');
    expect(fault.message).toBe('ö'.repeat(1_000));
  });

  it('keeps `this` of a class', async () => {
    class Counting {
      calls = 0;
      async authenticate(): Promise<AuthenticateResponse> {
        this.calls += 1;
        return AuthenticateResponse.create({ caller: { keyId: String(this.calls) } });
      }
    }
    const counting = new Counting();
    const port = await open(counting);
    await port.authenticate({ key: '' });
    expect(counting.calls).toBe(1);
  });

  it('exposes only the calls of the definition', async () => {
    const port = await open({ ...authOf({}), dropEverything: async () => {} } as Partial<Auth>);
    expect(Object.keys(port)).not.toContain('dropEverything');
    expect(Object.keys(port)).toEqual(expect.arrayContaining(Object.keys(DEFINITION.methods)));
  });
});

describe.each(WAYS_OF_BYTES)('a message over $name', ({ open }) => {
  it('refuses a request over the bound before it is sent', async () => {
    const port = await open({ authenticate: async () => AuthenticateResponse.create() });
    const fault = await caught(port.authenticate({ key: 'x'.repeat(MESSAGE_BYTES_MAX) }));
    expect(fault.code).toBe('tooLarge');
  });

  it('refuses an answer over the bound', async () => {
    const port = await open({
      listUsers: async () => ListUsersResponse.create({ nextAfter: 'x'.repeat(MESSAGE_BYTES_MAX) }),
    });
    expect((await caught(port.listUsers(ListUsersRequest.create()))).code).toBe('tooLarge');
  });

  it('carries a message of the very bound', async () => {
    const port = await open({ authenticate: async () => AuthenticateResponse.create() });
    // Five bytes go to the field's tag and length.
    await port.authenticate({ key: 'x'.repeat(MESSAGE_BYTES_MAX - 5) });
  });
});

describe('a port over gRPC', () => {
  const answer = AuthenticateResponse.create({ caller: { tenant: 'default' } });
  const after = (delayMs: number) => new Promise((resolve) => setTimeout(resolve, delayMs));

  it('answers 2,000 calls at once, each with its own answer', async () => {
    const { port } = await overGrpc(
      { authenticate: async ({ key }) => AuthenticateResponse.create({ caller: { keyId: key } }) },
      { timeoutMs: 30_000 },
    );
    const keys = Array.from({ length: 2_000 }, (_, index) => String(index));
    const answers = await Promise.all(keys.map((key) => port.authenticate({ key })));
    expect(answers.map(({ caller }) => caller?.keyId)).toEqual(keys);
  });

  it('tells the server, and nobody else, what went wrong inside', async () => {
    const { port, mistakes } = await overGrpc(failWith(new TypeError('hunter2')));
    await caught(port.authenticate({ key: '' }));
    expect(mistakes).toMatchObject([{ message: 'hunter2' }]);
  });

  it('does not report a refusal as a mistake', async () => {
    const { port, mistakes } = await overGrpc(failWith(new Fault('forbidden', 'No.')));
    await caught(port.authenticate({ key: '' }));
    expect(mistakes).toEqual([]);
  });

  it('ends a call that takes longer than its deadline', async () => {
    const { port } = await overGrpc(
      { authenticate: async () => after(5_000).then(() => answer) },
      { timeoutMs: 60 },
    );
    const startedAtMs = performance.now();
    expect((await caught(port.authenticate({ key: '' }))).code).toBe('deadline');
    expect(performance.now() - startedAtMs).toBeLessThan(3_000);
  });

  it.each([0, -1, 60_001, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses a time-out of %d ms',
    (timeoutMs) => {
      expect(() => connect(DEFINITION, '127.0.0.1:1', { timeoutMs })).toThrow(RangeError);
    },
  );

  it('says unavailable when nobody listens', async () => {
    const port = connect(DEFINITION, '127.0.0.1:1');
    closers.push(() => port.close());
    const fault = await caught(port.authenticate({ key: '' }));
    expect(fault).toMatchObject({ code: 'unavailable', message: expect.stringContaining('Auth') });
  });

  it('says unavailable when the server goes in the middle of a call', async () => {
    const { port, server } = await overGrpc({ authenticate: () => new Promise(() => {}) });
    const call = caught(port.authenticate({ key: '' }));
    await after(100);
    await server.close(0);
    expect((await call).code).toBe('unavailable');
  });

  it('finds a server that comes back at the same address', async () => {
    const { port, server } = await overGrpc({ authenticate: async () => answer });
    await port.authenticate({ key: '' });
    await server.close();
    await caught(port.authenticate({ key: '' }));
    const again = await serve(
      [{ definition: DEFINITION, implementation: authOf({ authenticate: async () => answer }) }],
      { address: `127.0.0.1:${server.port}` },
    );
    closers.push(() => again.close(0));
    await expect
      .poll(
        () =>
          port.authenticate({ key: '' }).then(
            () => 'answered',
            () => 'refused',
          ),
        { timeout: 4_000 },
      )
      .toBe('answered');
  });

  it('does not repeat a call that a service answered with unavailable', async () => {
    let calls = 0;
    const { port } = await overGrpc({
      authenticate: async () => {
        calls += 1;
        throw new Fault('unavailable', 'The database is away.');
      },
    });
    await caught(port.authenticate({ key: '' }));
    expect(calls).toBe(1);
  });

  it('waits at close for the calls in flight, and takes no new ones', async () => {
    const { port, server } = await overGrpc({ authenticate: async () => after(200).then(() => answer) });
    const call = port.authenticate({ key: '' });
    await after(50);
    const closed = server.close();
    expect((await call).caller?.tenant).toBe('default');
    await closed;
    expect((await caught(port.authenticate({ key: '' }))).code).toBe('unavailable');
  });

  it('breaks off at close what is still in flight after the grace', async () => {
    const { port, server } = await overGrpc({ authenticate: () => new Promise(() => {}) });
    const call = caught(port.authenticate({ key: '' }));
    await after(50);
    const startedAtMs = performance.now();
    await server.close(100);
    expect(performance.now() - startedAtMs).toBeLessThan(5_000);
    expect((await call).code).toBe('unavailable');
  });

  it('serves several ports at one address', async () => {
    const other = { ...DEFINITION, name: 'Other', fullName: 'aiswitch.v1.Other' } as const;
    const implementation = (tenant: string) =>
      authOf({ authenticate: async () => AuthenticateResponse.create({ caller: { tenant } }) });
    const server = await serve(
      [
        { definition: DEFINITION, implementation: implementation('first') },
        { definition: other, implementation: implementation('second') },
      ],
      { address: '127.0.0.1:0' },
    );
    const [first, second] = [DEFINITION, other].map((each) => connect(each, `127.0.0.1:${server.port}`));
    closers.push(
      () => server.close(0),
      () => first?.close(),
      () => second?.close(),
    );
    expect((await first?.authenticate({ key: '' }))?.caller?.tenant).toBe('first');
    expect((await second?.authenticate({ key: '' }))?.caller?.tenant).toBe('second');
  });

  it('says in one line that an address is taken', async () => {
    const { server } = await overGrpc({});
    const second = serve([], { address: `127.0.0.1:${server.port}` });
    await expect(second).rejects.toThrow(ConfigError);
    await expect(second).rejects.toThrow(/^cannot listen on 127\.0\.0\.1:\d+: [^\n]+$/);
  });
});
