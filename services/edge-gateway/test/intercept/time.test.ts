// Rules have so much time for a request, and nobody else waits for them meanwhile.

import { RuleAction, RuleMode } from '@ai-switch/contracts';
import { expect, test } from 'vitest';
import { ask, CHAT } from '../gateway.ts';
import { openRuledGateway, setOf } from './with-rules.ts';

const LONG = Array.from({ length: 2_000 }, (_, at) => ({
  role: 'user',
  content: `${at} ${'the quick brown fox jumps over the lazy dog '.repeat(20)}`,
}));
const REGEX = { pattern: '(qu|br)[a-z]+ (fix|fax)', mode: RuleMode.REGEX };

test('what could not be looked at in time is refused where a rule blocks, and goes on where none does', async () => {
  await using gateway = await openRuledGateway({ settings: { interceptBudgetMs: 1 } });
  const body = ask(CHAT, 'chat', { text: 'the quick brown fox jumps over the lazy dog '.repeat(20_000) });
  gateway.rules.push(setOf(REGEX));
  const response = await gateway.post(CHAT, body);
  expect(response.status).toBe(400);
  expect(await response.text()).toContain('in time');
  const [event] = await gateway.events(response.headers.get('x-request-id'), 1);
  expect(event).toMatchObject({ action: 'interception.block', details: { uninspected: 'time' } });
  expect(gateway.provider.requests).toEqual([]);
  gateway.rules[0] = setOf({ ...REGEX, action: RuleAction.FLAG });
  expect((await gateway.post(CHAT, body)).status).toBe(200);
});

test('a conversation that takes more than one go is asked for again, and goes on from where it was', async () => {
  await using gateway = await openRuledGateway({ settings: { interceptBudgetMs: 8 } });
  gateway.rules.push(setOf(...Array.from({ length: 10 }, (_, at) => ({ ...REGEX, ruleId: `r${at}` }))));
  const body = { model: 'chat', messages: LONG };
  const first = await gateway.post(CHAT, body);
  expect(first.status).toBe(503);
  expect(first.headers.get('retry-after')).toBe('1');
  expect(first.headers.get('x-should-retry')).not.toBe('false');
  let last = first;
  for (let asked = 1; asked < 400 && last.status === 503; asked += 1) {
    expect(gateway.provider.requests).toEqual([]);
    last = await gateway.post(CHAT, body);
  }
  expect(last.status).toBe(200);
});

test('a long conversation holds nobody else up', async () => {
  await using gateway = await openRuledGateway({ settings: { interceptBudgetMs: 10_000 } });
  gateway.rules.push(setOf(...Array.from({ length: 40 }, (_, at) => ({ ...REGEX, ruleId: `r${at}` }))));
  let longestMs = 0;
  let beforeMs = performance.now();
  let isOver = false;
  const watch = () => {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - beforeMs);
    beforeMs = nowMs;
    if (!isOver) setImmediate(watch);
  };
  const asked = gateway.post(CHAT, { model: 'chat', messages: LONG });
  watch();
  const startedMs = performance.now();
  expect((await asked).status).toBe(200);
  const elapsedMs = performance.now() - startedMs;
  isOver = true;
  // Anything done in one go would take most of the time of the request.
  expect(longestMs).toBeLessThan(Math.max(100, elapsedMs / 3));
  expect((await gateway.post(CHAT, ask(CHAT, 'chat'))).status).toBe(200);
});
