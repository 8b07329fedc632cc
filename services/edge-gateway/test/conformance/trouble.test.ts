// What providers send that is no answer, in every pair of dialects: one proper error, a charge, and nothing left over.

import type { Script } from '@ai-switch/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ask, type Gateway, GEMINI, MESSAGES, PAIRS, useGateway } from '../gateway.ts';
import { endOf, textIn } from '../wire.ts';
import { objectOf } from './json.ts';

const rejections: unknown[] = [];
const note = (reason: unknown) => void rejections.push(reason);

beforeAll(() => {
  process.on('unhandledRejection', note);
  process.on('uncaughtException', note);
});
afterAll(() => {
  process.off('unhandledRejection', note);
  process.off('uncaughtException', note);
});

const HTML = '<html><head><title>502 Bad Gateway</title></head><body>upstream-host-7.internal</body></html>';
const LONG = 'Grüße 世界 🚀 '.repeat(60_000);

interface Trouble extends Script {
  readonly what: string;
  /** It is an answer where none is streamed. */
  readonly isStreamAlone?: boolean;
}

/** No answer at all comes of these, streamed or not. */
const FAILURES: readonly Trouble[] = [
  { what: 'a page of HTML under 200', body: HTML, contentType: 'text/html' },
  { what: 'a page of HTML that says that it is a stream', body: HTML, contentType: 'text/event-stream' },
  { what: 'a page of HTML that says that it is JSON', body: HTML, contentType: 'application/json' },
  { what: 'a page of HTML under 502', status: 502, body: HTML, contentType: 'text/html' },
  { what: 'nothing', body: '', contentType: 'application/json' },
  { what: 'an empty stream', body: '', contentType: 'text/event-stream' },
  { what: 'a number', body: '42', contentType: 'application/json' },
  { what: 'null', body: 'null', contentType: 'application/json' },
  { what: 'a list', body: '[]', contentType: 'application/json' },
  { what: 'an object of nothing', body: '{}', contentType: 'application/json' },
  { what: 'a stream of null', body: 'data: null\n\n', contentType: 'text/event-stream' },
  { what: 'a stream of no JSON', body: 'data: {"a"\n\n', contentType: 'text/event-stream' },
  { what: 'a stream of lists', body: 'data: [1]\n\ndata: "x"\n\n', contentType: 'text/event-stream' },
  { what: 'bytes', body: Buffer.from([0xff, 0xfe, 0, 0x80, 0xc3]), contentType: 'application/octet-stream' },
  { what: 'an error under 200', body: ERROR(), contentType: 'application/json' },
  { what: 'an error under 200 in a stream', body: `data: ${ERROR()}\n\n`, contentType: 'text/event-stream' },
  { what: 'an error as a text under 200', body: '{"error":"overloaded"}', contentType: 'application/json' },
  {
    what: 'an error as a text in a stream',
    body: 'data: {"error":"bad"}\n\n',
    contentType: 'text/event-stream',
  },
  { what: 'an error under 500 that is a text', status: 500, body: '"no"', contentType: 'application/json' },
  {
    what: 'a whole answer as a stream',
    form: 'whole',
    contentType: 'text/event-stream',
    isStreamAlone: true,
  },
  { what: 'half of a body', text: ['Hello'], cutAfterBytes: 40, form: 'whole' },
];

function ERROR(): string {
  return JSON.stringify({
    error: { message: 'scripted failure', type: 'server_error', code: 500, status: 'INTERNAL' },
  });
}

// Attempts that fail are made again after a pause, which all pairs take at the same time; each has a gateway of its own, for one test at a time.
const IN_TURN = { concurrent: false };

describe.concurrent.each(PAIRS)('$path from a provider of $alias', ({ path, alias }) => {
  let gateway: Gateway;
  useGateway((opened) => {
    gateway = opened;
  });
  beforeEach(() => {
    gateway.logged.length = 0;
  });
  afterEach(async () => {
    await gateway.settled();
    expect(rejections).toEqual([]);
    expect(gateway.logged.filter((line) => line.includes('on our side'))).toEqual([]);
  });

  const post = async (stream: boolean) => {
    const response = await gateway.post(path, ask(path, alias, { stream }));
    return { response, raw: await response.text() };
  };

  for (const { what, isStreamAlone, ...script } of FAILURES) {
    // Gemini's chunks look like its whole replies.
    if (isStreamAlone && alias === 'gemini') continue;
    test.each(isStreamAlone ? [true] : [true, false])(
      `case 77: ${what} is an error, streamed: %s`,
      IN_TURN,
      async (isStreaming) => {
        gateway.provider.otherwise = script;
        const { response, raw } = await post(isStreaming);
        expect(response.status, raw).toBeGreaterThanOrEqual(500);
        const { error } = objectOf(JSON.parse(raw));
        expect(objectOf(error).message).toEqual(expect.any(String));
        expect(raw).not.toContain('upstream-host-7');
        if (path === MESSAGES) expect(objectOf(JSON.parse(raw)).type).toBe('error');
        if (path === GEMINI) expect(objectOf(error).code).toBe(response.status);
      },
    );
  }

  test.each([
    ['HTML', HTML],
    ['JSON', ERROR()],
    ['JSON in an event', `\n\ndata: ${ERROR()}\n\n`],
    ['half of an event', 'data: {"id'],
    ['bytes', '\u0000\u0001\n\n'],
  ])('case 77: %s after some of a stream ends it in one error', IN_TURN, async (_what, tail) => {
    let frames = 0;
    const before = FRAMES_BEFORE[alias] ?? 0;
    gateway.provider.otherwise = {
      chunkDelayMs: 5,
      eachFrame: (frame) => {
        frames += 1;
        if (frames === before + 1) return tail;
        return frames <= before ? frame : '';
      },
    };
    const { response, raw } = await post(true);
    expect(response.status).toBe(200);
    expect(endOf(path, raw), raw).toBe('error');
    expect(textIn(raw)).toMatch(/^Hello/);
    const reservation = response.headers.get('x-aiswitch-reservation') ?? '';
    await gateway.settled();
    const { charged } = await gateway.reservation(reservation);
    expect(charged?.input).toBeGreaterThan(0n);
    expect(charged?.output).toBeGreaterThan(0n);
  });

  test.each([true, false])(
    'case 48: an event of a megabyte comes through, streamed: %s',
    IN_TURN,
    async (isStreaming) => {
      gateway.provider.script({ text: [LONG] });
      const { response, raw } = await post(isStreaming);
      expect(response.status).toBe(200);
      expect(textIn(raw) === LONG).toBe(true);
    },
  );

  test.each([
    ['a stream without a type', true, { contentType: 'text/plain' }],
    ['a whole answer without a type', false, { contentType: 'text/plain' }],
    ['a stream for a whole answer', false, { form: 'stream' }],
    ['a whole answer for a stream', true, { form: 'whole' }],
    ['a stream that says that it is JSON', true, { contentType: 'application/json' }],
    ['a whole answer that says so', false, { form: 'whole', contentType: 'text/event-stream' }],
  ] as const)('case 72: %s comes through', IN_TURN, async (_what, isStreaming, script) => {
    gateway.provider.otherwise = script;
    const { response, raw } = await post(isStreaming);
    expect(response.status, raw).toBe(200);
    expect(textIn(raw)).toBe('Hello from the provider.');
    if (isStreaming) expect(endOf(path, raw)).toBe('finished');
  });
});

/** The frames up to the first piece of the text. */
const FRAMES_BEFORE: Readonly<Record<string, number>> = { chat: 2, responses: 5, messages: 4, gemini: 1 };
