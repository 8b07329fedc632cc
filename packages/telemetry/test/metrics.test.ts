import { Fault } from '@ai-switch/kernel';
import { expect, test } from 'vitest';
import { addThread, Bounded, counter, gauge, metricsOfThread, metricsText, Readiness } from '../src/index.ts';

const lineOf = (text: string, name: string) =>
  text.split('\n').find((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));

test('names beyond the bound are counted as one', () => {
  const names = new Bounded(2);
  expect(['a', 'b', 'c', 'a', 'd'].map((name) => names.of(name))).toEqual(['a', 'b', 'other', 'a', 'other']);
});

test('a gauge is the sum of all that is watched, and of what is let go of nothing', async () => {
  const depth = gauge('aiswitch_sample_depth', 'A sample.');
  const letGo = depth.watch(() => 2);
  depth.watch(async () => 3);
  expect(lineOf(await metricsText(), 'aiswitch_sample_depth')).toBe('aiswitch_sample_depth 5');
  letGo();
  expect(lineOf(await metricsText(), 'aiswitch_sample_depth')).toBe('aiswitch_sample_depth 3');
  depth.watch(() => Promise.reject(new Error('the database is away')));
  expect(lineOf(await metricsText(), 'aiswitch_sample_depth')).toBe('aiswitch_sample_depth Nan');
});

test('what another thread counted is added, and one that does not answer takes nothing with it', async () => {
  counter('aiswitch_sample_total', 'A sample.', ['kind']).inc({ kind: 'a' }, 2);
  const forget = addThread(() => metricsOfThread());
  expect(lineOf(await metricsText(), 'aiswitch_sample_total')).toBe('aiswitch_sample_total{kind="a"} 4');
  const forgetOther = addThread(() => Promise.reject(new Error('it is busy')));
  expect(lineOf(await metricsText(), 'aiswitch_sample_total')).toBe('aiswitch_sample_total{kind="a"} 4');
  forgetOther();
  forget();
  expect(lineOf(await metricsText(), 'aiswitch_sample_total')).toBe('aiswitch_sample_total{kind="a"} 2');
});

test('what is down is told in its own words, asked once a second, and counts only where it is needed', async () => {
  let asked = 0;
  const readiness = new Readiness();
  expect(await readiness.answer()).toEqual({ isReady: false, state: 'starting', checks: {} });
  readiness.start({
    peer: {
      isNeeded: false,
      ask: () => {
        asked += 1;
        throw new Fault('unavailable', 'The peer does not answer.');
      },
    },
    database: { isNeeded: true, ask: async () => {} },
  });
  const answers = await Promise.all(Array.from({ length: 20 }, () => readiness.answer()));
  for (const answer of answers) {
    expect(answer).toEqual({
      isReady: true,
      state: 'ready',
      checks: { peer: 'The peer does not answer.', database: 'up' },
    });
  }
  expect(asked).toBe(1);
  readiness.drain();
  expect(await readiness.answer()).toMatchObject({ isReady: false, state: 'draining' });
});

test('a question that hangs is down after two seconds', async () => {
  const readiness = new Readiness();
  readiness.start({ database: { isNeeded: true, ask: () => new Promise(() => {}) } });
  expect(await readiness.answer()).toEqual({
    isReady: false,
    state: 'ready',
    checks: { database: 'no answer in time' },
  });
});
