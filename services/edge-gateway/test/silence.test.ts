// A provider that says nothing for long: the client must neither give up nor be told a success that never comes.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ask, CHAT, type Gateway, GEMINI, MESSAGES, openGateway, PAIRS, RESPONSES } from './gateway.ts';
import { endOf, textIn } from './wire.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway({ settings: { silenceMs: 60, keepAliveGapMs: 60, tickMs: 10 } });
});
afterAll(() => gateway[Symbol.asyncDispose]());
beforeEach(() => {
  gateway.provider.reset();
  gateway.second.reset();
});

const KEEP_ALIVES: Readonly<Record<string, RegExp>> = {
  [CHAT]: /: keep-alive\n\n/g,
  [RESPONSES]: /: keep-alive\n\n/g,
  [MESSAGES]: /event: ping\ndata: \{"type":"ping"\}\n\n/g,
  [GEMINI]: /data: \{\}\n\n/g,
};

describe.each(PAIRS)('a stream to $path from a silent provider of $alias', ({ path, alias }) => {
  const streaming = { stream: true };

  test('case 66: gets harmless frames until the answer comes, and then the answer', async () => {
    gateway.provider.script({ text: ['At ', 'last.'], delayMs: 400 });
    const response = await gateway.post(path, ask(path, alias, streaming));
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(text.match(KEEP_ALIVES[path] ?? /never/)?.length).toBeGreaterThanOrEqual(3);
    expect(endOf(path, text)).toBe('finished');
    expect(textIn(text)).toBe('At last.');
    expect(gateway.provider.requests).toHaveLength(1);
  });

  test('case 77: that fails in the end is told by the terminal error of its dialect', async () => {
    gateway.provider.otherwise = { status: 400, delayMs: 300 };
    const response = await gateway.post(path, ask(path, alias, streaming));
    expect(response.status).toBe(200);
    expect(endOf(path, await response.text())).toBe('error');
    await gateway.settled();
  });

  test('case 79: may still be answered by another, since nothing of an answer was seen', async () => {
    gateway.provider.otherwise = { status: 503, delayMs: 200 };
    gateway.second.otherwise = { text: ['Here.'] };
    const response = await gateway.post(path, ask(path, 'both', streaming));
    const text = await response.text();
    expect(endOf(path, text)).toBe('finished');
    expect(textIn(text)).toBe('Here.');
  });
});

test('a whole reply waits for its provider without a word', async () => {
  gateway.provider.script({ text: ['At last.'], delayMs: 300 });
  const response = await gateway.post(CHAT, ask(CHAT, 'messages'));
  expect(textIn(await response.text())).toBe('At last.');
});
