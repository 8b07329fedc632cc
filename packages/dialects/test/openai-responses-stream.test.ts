import { describe, expect, test } from 'vitest';
import { InvalidReply } from '../src/dialect.ts';
import type { JsonObject, JsonValue } from '../src/json/value.ts';
import type { Event, ProviderError } from '../src/model/event.ts';
import { fold } from '../src/model/fold.ts';
import type { Reply } from '../src/model/reply.ts';
import { openaiResponses } from '../src/openai-responses/index.ts';
import { fixturesOf, jsonOf, readEvents, readStream, streamBytes } from './responses-fixtures.ts';
import { eventsOf, expectOrder, expectSameHoweverCut } from './streams.ts';

const streams = fixturesOf('stream.sse');
const partsOf = (events: readonly Event[]): Reply['parts'] => fold(events).parts;
const errorOf = (events: readonly Event[]): ProviderError | undefined =>
  events.flatMap((event) => (event.type === 'error' ? [event.error] : []))[0];
const readReply = (body: JsonValue): readonly Event[] => openaiResponses.readReply(body);

const added = (index: number, item: JsonObject): JsonObject => ({
  type: 'response.output_item.added',
  output_index: index,
  item,
});
const done = (index: number, item: JsonObject): JsonObject => ({
  ...added(index, item),
  type: 'response.output_item.done',
});
const piece = (name: string, index: number, delta: string): JsonObject => ({
  type: `response.${name}.delta`,
  output_index: index,
  delta,
});
const completed = (output: readonly JsonObject[] = []): JsonObject => ({
  type: 'response.completed',
  response: { id: 'resp_1', status: 'completed', output },
});
const call = (text: string, more: JsonObject = {}): JsonObject => ({
  type: 'function_call',
  call_id: 'c',
  name: 'f',
  arguments: text,
  ...more,
});

describe('a stream that is read', () => {
  test.each(streams)('case 47: %s gives the same events whichever byte it is cut at', (name) => {
    expectSameHoweverCut(openaiResponses, streamBytes(name), 7);
  });

  test.each(streams)('%s has one part open at a time and one end', (name) => {
    expectOrder(readStream(name));
  });

  test('case 47: a sign whose halves come in two events is whole', () => {
    expect(partsOf(readStream('surrogates-split-over-deltas'))).toEqual([{ kind: 'text', text: '🚀 lift' }]);
    expect(partsOf(readStream('unicode'))).toEqual([{ kind: 'text', text: '日本語 👩‍💻' }]);
  });

  test('case 48: comments, other line ends, missing names, unknown events and a stray end are no matter', () => {
    expect(partsOf(readStream('crlf-lines-without-names'))).toMatchObject([
      { text: 'Hello' },
      { argumentsText: '{"city":"Paris"}' },
    ]);
    expect(partsOf(readStream('web-search-and-unknown-events'))).toEqual([
      { kind: 'text', text: 'See there.' },
    ]);
    const odd = `: x\n\nevent: response.output_text.delta\ndata:${JSON.stringify(piece('output_text', 0, 'Hi'))}`;
    const end = `data: ${JSON.stringify(completed())}`;
    const bytes = Buffer.from(`\ufeff${odd}\r\n\r\ndata: {"type":"response.new.thing","x":1}\n\n${end}`);
    expect(partsOf(eventsOf(openaiResponses, [bytes]))).toEqual([{ kind: 'text', text: 'Hi' }]);
  });

  test('case 70: sources and what the provider did itself are named', () => {
    const names = readStream('web-search-and-unknown-events').flatMap((event) =>
      event.type === 'dropped' ? [event.name] : [],
    );
    expect(names).toEqual(['web_search_call', 'annotations']);
  });
});

describe('calls', () => {
  test('case 50: are whole however their arguments come', () => {
    const argumentsIn = (...events: readonly JsonObject[]): string | undefined => {
      const part = partsOf(readEvents(...events, completed()))[0];
      return part?.kind === 'toolCall' ? part.argumentsText : undefined;
    };
    const args = 'function_call_arguments';
    const long = JSON.stringify({ text: '🚀"\\n'.repeat(20_000) });
    expect(argumentsIn(done(0, call('{"a":1}')))).toBe('{"a":1}');
    expect(argumentsIn(added(0, call('')), done(0, call('{"a":1}')))).toBe('{"a":1}');
    expect(
      argumentsIn(added(0, call('')), { type: `response.${args}.done`, output_index: 0, arguments: '{}' }),
    ).toBe('{}');
    const single = [...'{"a":"\\ud83d\\ude80"}'].map((text) => piece(args, 0, text));
    expect(argumentsIn(added(0, call('')), ...single)).toBe('{"a":"\\ud83d\\ude80"}');
    expect(argumentsIn(added(0, call('')), piece(args, 0, long), done(0, call(long)))).toBe(long);
    expect(argumentsIn(added(0, call('')), done(0, call('')))).toBe('{}');
    expect(argumentsIn(done(0, { ...call(''), arguments: { a: 1 } }))).toBe('{"a":1}');
    expect(partsOf(readStream('arguments-only-at-the-end'))).toHaveLength(2);
  });

  test('case 51: whose pieces come in turns are put one after another', () => {
    const parts = partsOf(readStream('parallel-calls-interleaved'));
    expect(parts).toEqual(partsOf(readStream('tools')));
    expect(parts).toMatchObject([
      { id: 'call_J1', argumentsText: '{"city":"Paris"}' },
      { id: 'call_J2', argumentsText: '{"city":"Rome"}' },
    ]);
  });

  test('case 52: all of a reply are read', () => {
    const calls = partsOf(readReply(jsonOf('tools.reply.json'))).filter(({ kind }) => kind === 'toolCall');
    expect(calls).toHaveLength(2);
  });

  test('case 53: without an id or with that of another get one of their own, the same each time', () => {
    const body = jsonOf('calls-without-ids.reply.json');
    const ids = partsOf(readReply(body)).map((part) => (part.kind === 'toolCall' ? part.id : ''));
    expect(new Set(ids).size).toBe(3);
    expect(ids).toContain('call_M1');
    expect(partsOf(readReply(body))).toEqual(partsOf(readReply(body)));
  });

  test('case 25: of every kind keep their form and namespace', () => {
    const calls = partsOf(readStream('every-kind-of-call')).slice(1);
    const whole = partsOf(readReply(jsonOf('every-kind-of-call.reply.json'))).slice(1);
    const formsOf = (parts: Reply['parts']): unknown =>
      parts.map((part) => part.kind === 'toolCall' && [part.id, part.name, part.namespace, part.form]);
    expect(formsOf(whole)).toEqual(formsOf(calls));
    expect(calls).toMatchObject([
      { name: 'apply_patch', form: 'custom', argumentsText: expect.stringMatching(/^\*\*\* Begin Patch\n/) },
      { name: 'spawn_agent', namespace: 'collaboration' },
      { name: 'exec', namespace: 'functions', form: 'custom', argumentsText: 'text(1)' },
      { name: 'tool_search', form: 'toolSearch', argumentsText: '{"query":"calendar","limit":2}' },
    ]);
  });

  test('what an item says at its end counts more than its pieces', () => {
    const text = { type: 'message', content: [{ type: 'output_text', text: 'Hello' }] };
    expect(
      partsOf(readEvents(added(0, text), piece('output_text', 0, 'Hel'), done(0, text), completed())),
    ).toEqual([{ kind: 'text', text: 'Hello' }]);
    // The second call waits for the first and was not shown yet.
    const args = 'function_call_arguments';
    const waiting = [added(0, call('{}')), added(1, call('', { call_id: 'd' })), piece(args, 1, '{"wrong"')];
    const events = readEvents(...waiting, done(1, call('{"a":1}')), done(0, call('{}')), completed());
    expect(partsOf(events)).toMatchObject([{ argumentsText: '{}' }, { argumentsText: '{"a":1}' }]);
  });

  test('that were shown in pieces which are not what they say at the end are never complete', () => {
    const events = readStream('pieces-that-differ-from-the-end');
    expect(errorOf(events)).toMatchObject({ code: 'upstream' });
    expect(events.filter(({ type }) => type === 'partStop')).toHaveLength(1);
    const args = 'function_call_arguments';
    const respelled = [added(0, call('')), piece(args, 0, '{"a": 1}'), done(0, call('{"a":1}')), completed()];
    expect(partsOf(readEvents(...respelled))).toMatchObject([{ argumentsText: '{"a": 1}' }]);
  });
});

describe('the order and the ends of an answer', () => {
  test('case 54: texts around calls and thoughts between them keep their order', () => {
    expect(partsOf(readStream('text-around-call')).map(({ kind }) => kind)).toEqual([
      'text',
      'toolCall',
      'text',
    ]);
    const thought = (text: string): JsonObject => ({
      type: 'reasoning',
      summary: [{ type: 'summary_text', text }],
    });
    const items = [thought('One.'), call('{}'), thought('Two.'), call('{}', { call_id: 'd' })];
    const events = readEvents(...items.map((item, at) => done(at, item)), completed(items));
    expect(partsOf(events).map(({ kind }) => kind)).toEqual(['thinking', 'toolCall', 'thinking', 'toolCall']);
  });

  test('items that come only with the end are read, and those that came before are not read twice', () => {
    expect(partsOf(readStream('items-only-in-the-completed-response')).map(({ kind }) => kind)).toEqual([
      'thinking',
      'text',
      'toolCall',
    ]);
    expect(partsOf(readStream('completed-response-without-output'))).toHaveLength(1);
    expect(partsOf(readStream('text'))).toEqual([{ kind: 'text', text: 'Hello there.' }]);
  });

  test.each([
    ['text', 'stop'],
    ['tools', 'tool'],
    ['every-kind-of-call', 'tool'],
    ['max-output-tokens', 'length'],
    ['max-output-tokens-in-a-call', 'length'],
    ['content-filter', 'refusal'],
    ['refusal', 'refusal'],
  ])('case 55: %s ends with %s', (name, reason) => {
    expect(readStream(name).at(-1)).toEqual({ type: 'finish', reason });
  });

  test('case 67: a call that the limit cut is told as far as it came', () => {
    expect(partsOf(readStream('max-output-tokens-in-a-call'))).toMatchObject([
      { argumentsText: '{"city":"Pa' },
    ]);
  });

  test('case 68: a refusal is words that end as one, and a filtered answer is never a success', () => {
    const refused = fold(readStream('refusal'));
    expect([refused.parts, refused.finish]).toEqual([
      [{ kind: 'text', text: "I can't help with that." }],
      'refusal',
    ]);
    expect(fold(readReply(jsonOf('refusal.reply.json')))).toMatchObject({ finish: 'refusal' });
    expect(fold(readReply(jsonOf('content-filter.reply.json')))).toMatchObject({ finish: 'refusal' });
  });

  test('an answer that is incomplete for a reason nobody knows was too long', () => {
    const response = { id: 'resp_1', status: 'incomplete', output: [call('{}')] };
    expect(readEvents({ type: 'response.incomplete', response }).at(-1)).toMatchObject({ reason: 'length' });
  });
});

describe('thoughts', () => {
  test('are the summary, with what is hidden bound to the id that it came under', () => {
    expect(partsOf(readStream('reasoning'))[0]).toEqual({
      kind: 'thinking',
      text: '**First** step\n\n**Second** step',
      signature: 'rs_10:gAAAAABpIk5vQ2x1ZWxlc3M1c2VjcmV0LXRob3VnaHRz',
    });
    expect(partsOf(readStream('reasoning-without-words'))[0]).toMatchObject({
      text: '',
      signature: expect.stringMatching(/^rs_12:/),
    });
  });

  test('of open models are told as they are, and none is told where nothing was thought', () => {
    expect(partsOf(readStream('reasoning-of-an-open-model'))[0]).toEqual({
      kind: 'thinking',
      text: 'The user wants a number.',
    });
    expect(partsOf(readReply(jsonOf('tools.reply.json'))).map(({ kind }) => kind)).toEqual([
      'toolCall',
      'toolCall',
    ]);
  });
});

describe('case 77: an answer that fails in the middle', () => {
  test.each([
    ['failed-in-the-middle', { code: 'unavailable' }],
    ['rate-limited-after-the-start', { code: 'rateLimited', retryAfterMs: 11_054 }],
    ['context-overflow-after-the-start', { code: 'contextOverflow' }],
    ['error-first', { code: 'overloaded', message: 'Our servers are currently overloaded.' }],
    ['error-in-the-middle', { code: 'unavailable', message: 'stream closed' }],
    ['error-without-blank-line', { code: 'unavailable', message: 'upstream connect error' }],
    ['json-tail', { code: 'unavailable', message: 'upstream connect error' }],
    ['cut-between-events', { code: 'upstream' }],
    ['cut-in-an-event', { code: 'upstream' }],
    ['items-done-and-no-end', { code: 'upstream' }],
  ])('case 77: %s ends with its error', (name, error) => {
    const events = readStream(name);
    expect(errorOf(events)).toMatchObject(error);
    expect(events.at(-1)?.type).toBe('error');
  });

  test('tells what it has cost until then', () => {
    const usage = { input_tokens: 9, output_tokens: 2 };
    const failed = {
      type: 'response.failed',
      response: { error: { code: 'server_error', message: 'x' }, usage },
    };
    expect(readEvents(failed)).toContainEqual({
      type: 'usage',
      usage: { input: 9, output: 2, cacheRead: 0, cacheWrite: 0 },
    });
  });
});

describe('a whole reply', () => {
  test.each(fixturesOf('reply.json').filter((name) => !name.includes('status-200')))(
    '%s is read as its stream',
    (name) => {
      const body = jsonOf(`${name}.reply.json`);
      const response = { ...body, output: [] };
      const items = body.output as readonly JsonObject[];
      const status = String(body.status);
      const streamed = readEvents(
        { type: 'response.created', response },
        ...items.map((item, at) => done(at, item)),
        { type: `response.${status}`, response: body },
      );
      expect(fold(streamed)).toEqual(fold(readReply(body)));
    },
  );

  test('with status 200 that is an error is one', () => {
    expect(readReply(jsonOf('failed-with-status-200.reply.json'))).toMatchObject([
      { type: 'error', error: { code: 'rateLimited', retryAfterMs: 11_054 } },
    ]);
    expect(readReply(jsonOf('error-with-status-200.reply.json'))).toMatchObject([
      { type: 'error', error: { code: 'overloaded' } },
    ]);
  });

  test.each([
    [{}],
    [[]],
    [{ output: 'x' }],
    [{ status: 'in_progress', output: [] }],
    [{ status: 'queued', output: [] }],
  ])('%j is none', (body) => {
    expect(() => readReply(body)).toThrow(InvalidReply);
  });

  test('case 65: counts are in four exclusive types, and xAI counts what was cached beside the rest', () => {
    expect(fold(readReply(jsonOf('text.reply.json'))).usage).toEqual({
      input: 176,
      output: 60,
      cacheRead: 1024,
      cacheWrite: 0,
      reasoning: 32,
    });
    expect(openaiResponses.readUsage(jsonOf('cached-beyond-the-input.reply.json'))).toMatchObject({
      input: 100,
      cacheRead: 400,
    });
    expect(fold(readStream('text')).usage).toEqual(fold(readReply(jsonOf('text.reply.json'))).usage);
    expect(fold(readStream('without-usage')).usage).toBeUndefined();
  });
});
