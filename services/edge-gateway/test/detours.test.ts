import type { Dialect } from '@ai-switch/dialects';
import { openaiChat } from '@ai-switch/dialects';
import { expect, test } from 'vitest';
import { Detours } from '../src/detours.ts';
import type { Destination } from '../src/route.ts';

function destination(origin: string, dialect: Dialect = openaiChat): Destination {
  const target = {
    provider: origin,
    kind: 'custom',
    dialect: dialect.name,
    baseUrl: 'http://127.0.0.1:1',
    model: 'm',
    credential: '',
    capabilities: undefined,
    price: undefined,
  };
  return { target, dialect, capabilities: {}, origin };
}

const [a, b, c] = [destination('a'), destination('b'), destination('c')] as const;

function clockAt(startMs: number) {
  const clock = { ms: startMs, nowMs: () => clock.ms };
  return clock;
}

test('case 97: a conversation that went on elsewhere stays there, and others do not follow', () => {
  const detours = new Detours(clockAt(0));
  detours.remember('conversation', b);
  expect(detours.order('conversation', [a, b, c])).toEqual([b, a, c]);
  expect(detours.order('another', [a, b, c])).toEqual([a, b, c]);
});

test('a place that is no longer there is not gone to', () => {
  const detours = new Detours(clockAt(0));
  detours.remember('conversation', b);
  expect(detours.order('conversation', [a, c])).toEqual([a, c]);
});

test('a conversation goes back to its own place after a while', () => {
  const clock = clockAt(0);
  const detours = new Detours(clock);
  detours.remember('conversation', b);
  clock.ms = 300_001;
  expect(detours.order('conversation', [a, b])).toEqual([a, b]);
});

test('so many conversations are remembered and no more', () => {
  const detours = new Detours(clockAt(0));
  for (let number = 0; number <= 10_000; number += 1) detours.remember(String(number), b);
  expect(detours.order('0', [a, b])).toEqual([a, b]);
  expect(detours.order('1', [a, b])).toEqual([b, a]);
});
