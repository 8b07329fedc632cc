// A tool call that a rule blocks, all the way from a provider to a client: how the client is told, and what is charged.

import { RuleAction, RuleMode } from '@ai-switch/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { aliasOf, ask, CHAT, GEMINI, MESSAGES, PAIRS, PATHS, RESPONSES } from '../gateway.ts';
import { endOf, textIn } from '../wire.ts';
import { ON_CALLS, openRuledGateway, type RuledGateway, setOf } from './with-rules.ts';

let gateway: RuledGateway;
beforeAll(async () => {
  gateway = await openRuledGateway({ settings: { keepAliveGapMs: 60, tickMs: 10 } });
});
afterAll(() => gateway[Symbol.asyncDispose]());
beforeEach(() => {
  gateway.rules.length = 0;
  gateway.provider.reset();
});

const NO_RM = { ruleId: 'no-rm', pattern: 'rm -rf', mode: RuleMode.PREFIX, surfaces: ON_CALLS };
const MESSAGE = 'Ask operations to delete it.';
const USAGE = { input: 31, output: 17 };
const DESTRUCTIVE = { name: 'Bash', arguments: ['{"comm', 'and":"cd /tmp && r', 'm -rf /"}'] };
const HARMLESS = { name: 'Bash', arguments: ['{"comm', 'and":"ls -la"}'] };

describe.each(PAIRS)('an answer to $path from a provider of $alias', ({ path, alias }) => {
  const streaming = ask(path, alias, { stream: true });
  const ruled = () => gateway.rules.push(setOf({ ...NO_RM, message: MESSAGE }));

  test('that said something first ends in the middle of a stream, and is charged as the provider counts it', async () => {
    ruled();
    gateway.provider.script({
      text: ['I will ', 'clean up.'],
      tools: [DESTRUCTIVE],
      usage: USAGE,
      chunkDelayMs: 2,
    });
    const response = await gateway.post(path, streaming);
    const text = await response.text();
    const requestId = response.headers.get('x-request-id') ?? '';
    expect(response.status).toBe(200);
    expect(endOf(path, text)).toBe(path === GEMINI ? 'finished' : 'error');
    expect(textIn(text)).toMatch(/^I will clean up\./);
    expect(text).toContain(`${MESSAGE} (rule no-rm, request ${requestId})`);
    expect(text).not.toContain('Bash');
    expect(text).not.toContain('retry');
    await gateway.settled();
    expect(await gateway.accessRecord(requestId)).toMatchObject({
      outcome: 'intercepted',
      faultCode: 'forbidden',
      attempts: 1,
      usage: { input: 31n, output: 17n },
      usageEstimated: false,
    });
    const [event] = await gateway.events(requestId, 1);
    expect(event).toMatchObject({
      action: 'interception.block',
      subject: 'no-rm',
      details: { surface: 'toolCall', mode: 'prefix' },
      userId: gateway.userId,
    });
    expect(gateway.provider.requests).toHaveLength(1);
  });

  test('that is nothing but the call is refused before it begins, streamed and whole', async () => {
    ruled();
    for (const body of [streaming, ask(path, alias)]) {
      gateway.provider.script({ tools: [DESTRUCTIVE, HARMLESS], usage: USAGE, chunkDelayMs: 2 });
      const response = await gateway.post(path, body);
      const text = await response.text();
      const requestId = response.headers.get('x-request-id');
      expect(response.status).toBe(400);
      expect(response.headers.get('x-should-retry')).toBe('false');
      expect(text).toContain(MESSAGE);
      expect(text).toContain(requestId);
      expect(text).not.toContain('Bash');
      await gateway.settled();
      expect(await gateway.accessRecord(requestId)).toMatchObject({
        outcome: 'intercepted',
        httpStatus: 400,
        usage: { input: 31n, output: 17n },
      });
    }
  });

  test('that calls a harmless tool is given whole, and so is one that a rule only flags', async () => {
    ruled();
    gateway.rules.push(setOf({ ...NO_RM, ruleId: 'look', pattern: 'ls', action: RuleAction.FLAG }));
    for (const body of [streaming, ask(path, alias)]) {
      gateway.provider.script({ text: ['Look: '], tools: [HARMLESS] });
      const response = await gateway.post(path, body);
      const text = await response.text();
      expect(response.status).toBe(200);
      expect(text).toContain('Bash');
      expect(text).toContain('ls -la');
      const [event] = await gateway.events(response.headers.get('x-request-id'), 1);
      expect(event).toMatchObject({ action: 'interception.flag', subject: 'look' });
    }
  });
});

describe.each(PATHS)('a stream of %s', (path) => {
  const alias = aliasOf(path);

  test('gets keep-alives while a call is held back', async () => {
    gateway.rules.push(setOf(NO_RM));
    const pieces = ['{"command":"', ...Array.from({ length: 12 }, () => 'ls; '), '"}'];
    const script = { text: ['One moment.'], tools: [{ name: 'Bash', arguments: pieces }], chunkDelayMs: 40 };
    gateway.provider.script(script);
    const response = await gateway.post(path, ask(path, alias, { stream: true }));
    const text = await response.text();
    expect(endOf(path, text)).toBe('finished');
    // Gemini's calls come whole, so that there is nothing to wait for.
    if (path === GEMINI) return;
    const between = text.slice(text.indexOf('One moment.'), text.indexOf('Bash'));
    expect(between.match(KEEP_ALIVE)?.length).toBeGreaterThanOrEqual(2);
  });
});

// Chat says nowhere but at the end of an answer that a call is whole.
test.each(PATHS.filter((path) => path !== CHAT))(
  'a client of %s is told that it was blocked, also when the provider never ends',
  async (path) => {
    gateway.rules.push(setOf(NO_RM));
    const script = { text: ['Hm.'], tools: [DESTRUCTIVE, HARMLESS], chunkDelayMs: 1, hangAfterPieces: 5 };
    gateway.provider.script(script);
    const response = await gateway.post(path, ask(path, aliasOf(path), { stream: true }));
    const text = await response.text();
    expect(text).toContain('no-rm');
    expect(text).not.toContain('Bash');
    await gateway.settled();
    const requestId = response.headers.get('x-request-id');
    expect(await gateway.accessRecord(requestId)).toMatchObject({ outcome: 'intercepted' });
  },
);

const KEEP_ALIVE = /: keep-alive|"type":"ping"|data: \{\}/g;

test('a blocked call ends as its dialect says it: by an error, and by a reason to finish where errors are asked again', async () => {
  gateway.rules.push(setOf({ ...NO_RM, message: MESSAGE }));
  const ends = new Map<string, unknown>();
  for (const path of PATHS) {
    gateway.provider.script({ text: ['Now.'], tools: [DESTRUCTIVE], chunkDelayMs: 2 });
    const response = await gateway.post(path, ask(path, aliasOf(path), { stream: true }));
    const last =
      (await response.text())
        .trimEnd()
        .split('\ndata: ')
        .at(-1)
        ?.replace(/^data: /, '') ?? '';
    ends.set(path, JSON.parse(last));
  }
  expect(ends.get(MESSAGES)).toMatchObject({ type: 'error', error: { type: 'policy_blocked' } });
  expect(ends.get(RESPONSES)).toMatchObject({
    type: 'response.failed',
    response: { status: 'failed', error: { code: 'invalid_prompt' } },
  });
  expect(ends.get(CHAT)).toMatchObject({ error: { code: 'content_policy_violation' } });
  expect(ends.get(GEMINI)).toMatchObject({ candidates: [{ finishReason: 'PROHIBITED_CONTENT' }] });
});
