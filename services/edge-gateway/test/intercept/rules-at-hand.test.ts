// Where the rules come from: asked for once, remembered by their revisions, and never done without.

import type { RuleAction } from '@ai-switch/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ask, CHAT } from '../gateway.ts';
import { ON_PROMPTS, openRuledGateway, type RuledGateway, setOf } from './with-rules.ts';

let gateway: RuledGateway;
beforeEach(async () => {
  gateway = await openRuledGateway({ settings: { interceptBudgetMs: 2_000 } });
});
afterEach(() => gateway[Symbol.asyncDispose]());

const post = (text: string) => gateway.post(CHAT, ask(CHAT, 'chat', { text }));
const statusOf = async (text: string) => (await post(text)).status;

test('many requests at once ask for unknown rules once, and later ones do not', async () => {
  gateway.rules.push(setOf({ pattern: 'forbidden' }), setOf({ pattern: 'banned' }));
  gateway.auth.delayMs = 200;
  const statuses = await Promise.all(Array.from({ length: 20 }, () => statusOf('forbidden')));
  expect(new Set(statuses)).toEqual(new Set([400]));
  expect(await statusOf('banned')).toBe(400);
  expect(gateway.auth.asked).toBe(1);
});

test('more rules than one answer carries are asked for until they are there', async () => {
  gateway.rules.push(setOf({ pattern: 'one' }), setOf({ pattern: 'two' }), setOf({ pattern: 'three' }));
  gateway.auth.answersMax = 1;
  expect(await statusOf('three')).toBe(400);
  expect(gateway.auth.asked).toBe(3);
});

test('a rule set that changed holds from the first request that names its revision', async () => {
  const set = setOf({ pattern: 'forbidden' });
  gateway.rules.push(set);
  expect(await statusOf('allowed')).toBe(200);
  gateway.rules[0] = { ...set, revision: set.revision + 1n, rules: setOf({ pattern: 'allowed' }).rules };
  expect(await statusOf('allowed')).toBe(400);
  expect(await statusOf('forbidden')).toBe(200);
  expect(gateway.auth.asked).toBe(2);
});

test('while auth is down, known rules go on and a request with unknown ones is refused and reaches nobody', async () => {
  gateway.rules.push(setOf({ pattern: 'forbidden' }));
  expect(await statusOf('allowed')).toBe(200);
  gateway.auth.isDown = true;
  expect(await statusOf('allowed')).toBe(200);
  expect(await statusOf('forbidden')).toBe(400);
  gateway.rules.push(setOf({ pattern: 'more' }));
  gateway.provider.reset();
  const refused = await post('allowed');
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).not.toBeNull();
  expect(gateway.provider.requests).toEqual([]);
  gateway.auth.isDown = false;
  expect(await statusOf('allowed')).toBe(200);
});

test('a rule set that is gone is not done without', async () => {
  const set = setOf({ pattern: 'forbidden' });
  gateway.rules.push(set);
  gateway.auth.has = [];
  expect(await statusOf('allowed')).toBe(503);
  // An older one than the caller names.
  gateway.auth.has = [{ ...set, revision: set.revision - 1n }];
  expect(await statusOf('allowed')).toBe(503);
  gateway.auth.has = [set];
  expect(await statusOf('allowed')).toBe(200);
});

test('a rule that cannot be matched lets nobody by', async () => {
  gateway.rules.push(setOf({ pattern: 'forbidden', action: 'RULE_ACTION_OF_TOMORROW' as RuleAction }));
  expect(await statusOf('allowed')).toBe(503);
});

test('a caller without rule sets costs no question', async () => {
  expect(await statusOf('forbidden')).toBe(200);
  expect(gateway.auth.asked).toBe(0);
});

test('the same conversation is matched once by the same rules, and anew by others', async () => {
  gateway.rules.push(setOf({ pattern: 'forbidden', surfaces: ON_PROMPTS }));
  const long = 'All that was said before. '.repeat(100);
  expect(await statusOf(long)).toBe(200);
  expect(await statusOf(`${long} forbidden`)).toBe(400);
  expect(await statusOf(long)).toBe(200);
  gateway.rules.push(setOf({ pattern: 'said before', surfaces: ON_PROMPTS }));
  expect(await statusOf(long)).toBe(400);
  gateway.rules.pop();
  expect(await statusOf(long)).toBe(200);
});
