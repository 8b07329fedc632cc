import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { type Auth, AuthDefinition, AuthenticateResponse } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { afterEach, describe, expect, it } from 'vitest';
import { connectThread, serveThread } from '../src/index.ts';
import { CALLS_IN_FLIGHT_MAX } from '../src/thread.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Authenticate = Auth['authenticate'];
const echo: Authenticate = async ({ key }) => AuthenticateResponse.create({ caller: { keyId: key } });

function overChannel(authenticate: Authenticate) {
  const { port1, port2 } = new MessageChannel();
  const mistakes: unknown[] = [];
  const onError = (error: unknown, path: string) => mistakes.push({ error, path });
  const server = serveThread(AuthDefinition, { authenticate } as Auth, port2, { onError });
  const port = connectThread(AuthDefinition, port1);
  closers.push(() => port.close());
  return { port, server, mistakes, callerEnd: port1, calleeEnd: port2 };
}

const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'answered',
    (error) => (error instanceof Fault ? error.code : error.name),
  );

const keysUpTo = (count: number) => Array.from({ length: count }, (_, index) => String(index));

/** Counts the messages that arrive at one end. */
function countingMessages(end: MessagePort): () => number {
  let count = 0;
  end.on('message', () => {
    count += 1;
  });
  return () => count;
}

describe('a port over a thread', () => {
  it('carries the calls of one turn in one message each way, each with its own answer', async () => {
    const { port, callerEnd, calleeEnd } = overChannel(echo);
    const asked = countingMessages(calleeEnd);
    const answered = countingMessages(callerEnd);
    const keys = keysUpTo(2_000);
    const answers = await Promise.all(keys.map((key) => port.authenticate({ key })));
    expect(answers.map(({ caller }) => caller?.keyId)).toEqual(keys);
    expect([asked(), answered()]).toEqual([1, 1]);
  });

  it('answers a call that is quick before one that is slow', async () => {
    const gate = Promise.withResolvers<void>();
    const { port } = overChannel(async (request) => {
      if (request.key === 'slow') await gate.promise;
      return echo(request);
    });
    const slow = port.authenticate({ key: 'slow' });
    expect((await port.authenticate({ key: 'quick' })).caller?.keyId).toBe('quick');
    gate.resolve();
    expect((await slow).caller?.keyId).toBe('slow');
  });

  it('tells the serving side, and nobody else, what went wrong inside', async () => {
    const { port, mistakes } = overChannel(async () => {
      throw new TypeError('hunter2');
    });
    expect(await codeOf(port.authenticate({ key: '' }))).toBe('internal');
    expect(mistakes).toMatchObject([
      { error: { message: 'hunter2' }, path: '/aiswitch.v1.Auth/Authenticate' },
    ]);
  });

  it('does not report a refusal as a mistake', async () => {
    const { port, mistakes } = overChannel(async () => {
      throw new Fault('forbidden', 'No.');
    });
    expect(await codeOf(port.authenticate({ key: '' }))).toBe('forbidden');
    expect(mistakes).toEqual([]);
  });

  it('refuses a call that the definition does not name, even one that the object has', async () => {
    const { mistakes, callerEnd, port } = overChannel(echo);
    callerEnd.postMessage([[-1, '/aiswitch.v1.Auth/Constructor', {}]]);
    await port.authenticate({ key: '' });
    expect(mistakes).toMatchObject([{ path: '/aiswitch.v1.Auth/Constructor' }]);
  });

  it('an answer that cannot cross fails alone', async () => {
    const { port, mistakes } = overChannel(async (request) =>
      request.key === 'bad' ? ({ caller: { keyId: () => {} } } as never) : echo(request),
    );
    const outcomes = ['bad', 'good'].map((key) => codeOf(port.authenticate({ key })));
    expect(await Promise.all(outcomes)).toEqual(['internal', 'answered']);
    expect(mistakes).toHaveLength(1);
  });

  it('a request that cannot cross fails alone', async () => {
    const { port } = overChannel(echo);
    const outcomes = [() => {}, 'good'].map((key) => codeOf(port.authenticate({ key: key as string })));
    expect(await Promise.all(outcomes)).toEqual(['DataCloneError', 'answered']);
  });

  it('refuses a call over the bound of those in flight, and takes calls again once there is room', async () => {
    const { port } = overChannel(echo);
    const calls = keysUpTo(CALLS_IN_FLIGHT_MAX).map((key) => port.authenticate({ key }));
    expect(await codeOf(port.authenticate({ key: '' }))).toBe('overloaded');
    await Promise.all(calls);
    expect(await codeOf(port.authenticate({ key: '' }))).toBe('answered');
  });

  it('waits at close for the calls in flight, and takes no new ones', async () => {
    const started = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const { port, server } = overChannel(async (request) => {
      started.resolve();
      await gate.promise;
      return echo(request);
    });
    const call = codeOf(port.authenticate({ key: '' }));
    await started.promise;
    const closed = server.close();
    expect(await codeOf(port.authenticate({ key: '' }))).toBe('unavailable');
    gate.resolve();
    expect(await call).toBe('answered');
    await closed;
    expect(await codeOf(port.authenticate({ key: '' }))).toBe('unavailable');
  });

  it('a caller that closes fails its calls in flight', async () => {
    const { port } = overChannel(() => new Promise(() => {}));
    const call = codeOf(port.authenticate({ key: '' }));
    port.close();
    expect(await call).toBe('unavailable');
  });

  it('says unavailable when the thread ends in the middle of a call, and afterwards', async () => {
    const { port1, port2 } = new MessageChannel();
    const worker = new Worker(new URL('./thread-peer.ts', import.meta.url), {
      workerData: port2,
      transferList: [port2],
    });
    closers.push(() => worker.terminate());
    const port = connectThread(AuthDefinition, port1);
    expect((await port.authenticate({ key: 'a' })).caller?.keyId).toBe('a');
    expect(await codeOf(port.authenticate({ key: 'end' }))).toBe('unavailable');
    expect(await codeOf(port.authenticate({ key: 'a' }))).toBe('unavailable');
  });
});
