import { Fault } from '@ai-switch/kernel';
import { createLogger } from '@ai-switch/telemetry';
import { beforeEach, expect, test } from 'vitest';
import { inOrder, type LogSink } from '../src/index.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const identity = { producer: 'edge-gateway/0123456789abcdef', epoch: 1 };
const REST_MS = 200;

class FailingSink implements LogSink {
  readonly name = 'failing';
  failure: Error | undefined;
  asked = 0;

  async write(): Promise<void> {
    this.asked += 1;
    if (this.failure !== undefined) throw this.failure;
  }

  announce = () => this.write();
  close = async () => {};
}

const away = new Fault('unavailable', 'It does not answer.');
let first: FailingSink;
let second: FailingSink;
let sink: LogSink;
beforeEach(() => {
  first = new FailingSink();
  second = new FailingSink();
  sink = inOrder([first, second], logger, { restMs: REST_MS });
});

test('what the first sink does not take the second is given at once, and the first is left alone for a while', async () => {
  first.failure = away;
  for (let turn = 0; turn < 5; turn += 1) await sink.write(identity, []);
  expect([first.asked, second.asked]).toEqual([1, 5]);
});

test('a sink that stays away is asked less and less, and one that answers again is taken at once', async () => {
  first.failure = away;
  const startMs = performance.now();
  while (performance.now() - startMs < REST_MS * 8) {
    await sink.write(identity, []);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  // At 0, 1, 3 and 7 rests, or later.
  expect(first.asked).toBeGreaterThan(1);
  expect(first.asked).toBeLessThan(5);
  first.failure = undefined;
  await expect
    .poll(async () => {
      const before = second.asked;
      await sink.write(identity, []);
      return second.asked - before;
    })
    .toBe(0);
  const before = second.asked;
  await sink.announce(identity, {
    lastSequence: 0,
    chain: new Uint8Array(),
    atMs: 0,
    isFinal: false,
    dropped: 0,
  });
  expect(second.asked).toBe(before);
});

test('the last sink is always asked, and its failure is the answer', async () => {
  first.failure = away;
  second.failure = new Fault('unavailable', 'The database is down.');
  for (let turn = 0; turn < 3; turn += 1) {
    await expect(sink.write(identity, [])).rejects.toThrow('The database is down.');
  }
  expect(second.asked).toBe(3);
});

test('a conflict is an answer: nobody else is asked', async () => {
  first.failure = new Fault('conflict', 'It has another one.');
  await expect(sink.write(identity, [])).rejects.toThrow('It has another one.');
  first.failure = undefined;
  await sink.write(identity, []);
  expect([first.asked, second.asked]).toEqual([2, 0]);
});
