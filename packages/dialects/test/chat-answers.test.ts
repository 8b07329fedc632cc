// Answers of Chat Completions in all the forms that back ends give them, and what Anthropic's clients see of them.

import { describe, expect, test } from 'vitest';
import { anthropicMessages } from '../src/anthropic-messages/index.ts';
import type { ReplyContext } from '../src/dialect.ts';
import type { JsonObject, JsonValue } from '../src/json/value.ts';
import type { Event } from '../src/model/event.ts';
import { fold } from '../src/model/fold.ts';
import type { Reply } from '../src/model/reply.ts';
import { openaiChat } from '../src/openai-chat/index.ts';
import { calls, chunk, end, streamed, whole } from './chat-streams.ts';
import { eventsOf } from './streams.ts';

const context: ReplyContext = {
  requestId: 'req_1',
  model: 'alias',
  createdAtMs: 1_763_800_000_000,
  isStreamUsageWanted: true,
};

function written(events: readonly Event[]): string {
  const writer = anthropicMessages.streamWriter(context);
  return events.map((event) => writer.write(event)).join('');
}

const callsIn = (reply: Reply): unknown[] =>
  reply.parts.map((part) => (part.kind === 'toolCall' ? [part.id, part.name, part.argumentsText] : part));

describe('arguments of a call', () => {
  const large = JSON.stringify({ text: 'x'.repeat(100_000) });
  const head = { index: 0, id: 'a', type: 'function' };

  test.each<[string, readonly JsonValue[], string]>([
    ['whole', [chunk(calls({ ...head, function: { name: 'f', arguments: '{"a":1}' } })), end], '{"a":1}'],
    [
      'character by character',
      [
        chunk(calls({ ...head, function: { name: 'f', arguments: '' } })),
        ...[...'{"a":1}'].map((text) => chunk(calls({ index: 0, function: { arguments: text } }))),
        end,
      ],
      '{"a":1}',
    ],
    ['empty', [chunk(calls({ ...head, function: { name: 'f', arguments: '' } })), end], '{}'],
    ['null', [chunk(calls({ ...head, function: { name: 'f', arguments: null } })), end], '{}'],
    ['an object', [chunk(calls({ ...head, function: { name: 'f', arguments: { a: 1 } } })), end], '{"a":1}'],
    [
      'with escapes that are cut',
      [
        chunk(calls({ ...head, function: { name: 'f', arguments: '{"a":"\\ud83d' } })),
        chunk(calls({ index: 0, function: { arguments: '\\ude80"}' } })),
        end,
      ],
      '{"a":"\\ud83d\\ude80"}',
    ],
    ['of 100 KB', [chunk(calls({ ...head, function: { name: 'f', arguments: large } })), end], large],
  ])('case 50: that come %s are whole, and go to Anthropic as deltas', (_how, chunks, expected) => {
    const events = streamed(chunks);
    expect(callsIn(fold(events))).toEqual([['a', 'f', expected]]);
    const text = written(events);
    expect(text).toContain('"content_block":{"type":"tool_use","id":"a","name":"f","input":{}}');
    expect(text).toContain('input_json_delta');
    expect(fold(eventsOf(anthropicMessages, [Buffer.from(text)])).parts).toEqual(fold(events).parts);
  });
});

describe('pieces of several calls', () => {
  const named = (name: string, text: string, more: JsonObject = {}): JsonObject => ({
    type: 'function',
    function: { name, arguments: text },
    ...more,
  });
  const more = (text: string, place: JsonObject): JsonObject => ({ function: { arguments: text }, ...place });
  const both = [
    ['a', 'f', '{"x":1}'],
    ['b', 'g', '{"y":2}'],
  ];

  test.each<[string, readonly JsonValue[]]>([
    [
      'interleaved',
      [
        chunk(calls(named('f', '{"x"', { index: 0, id: 'a' }), named('g', '{"y"', { index: 1, id: 'b' }))),
        chunk(calls(more(':2}', { index: 1 }), more(':1}', { index: 0 }))),
      ],
    ],
    [
      'numbered from 1',
      [
        chunk(calls(named('f', '', { index: 1, id: 'a' }))),
        chunk(calls(more('{"x":1}', { index: 1 }))),
        chunk(calls(named('g', '', { index: 2, id: 'b' }))),
        chunk(calls(more('{"y":2}', { index: 2 }))),
      ],
    ],
    [
      'without numbers',
      [
        chunk(calls(named('f', '{"x"', { id: 'a' }))),
        chunk(calls(more(':1}', {}))),
        chunk(calls(named('g', '{"y"', { id: 'b' }))),
        chunk(calls(more(':2}', {}))),
      ],
    ],
    [
      'with one number for all',
      [
        chunk(calls(named('f', '{"x"', { index: 0, id: 'a' }))),
        chunk(calls(more(':1}', { index: 0 }))),
        chunk(calls(named('g', '{"y"', { index: 0, id: 'b' }))),
        chunk(calls(more(':2}', { index: 0 }))),
      ],
    ],
    [
      'that repeat the id, with a name of null or nothing',
      [
        chunk(calls(named('f', '{"x"', { index: 0, id: 'a' }))),
        chunk(calls({ index: 0, id: 'a', function: { name: null, arguments: ':1}' } })),
        chunk(calls(named('g', '{"y"', { index: 1, id: 'b' }))),
        chunk(calls({ index: 1, id: 'b', function: { name: '', arguments: ':2}' } })),
      ],
    ],
    [
      'that repeat the name',
      [
        chunk(calls(named('f', '{"x"', { index: 0, id: 'a' }))),
        chunk(calls(named('f', ':1}', { index: 0, id: 'a' }))),
        chunk(calls(named('g', '{"y"', { index: 1, id: 'b' }))),
        chunk(calls(named('g', ':2}', { index: 1, id: 'b' }))),
      ],
    ],
  ])('case 51: %s are put together', (_how, chunks) => {
    expect(callsIn(fold(streamed([...chunks, end])))).toEqual(both);
  });

  test('case 53: of one id are calls of their own, and one without an id has one', () => {
    const reply = fold(
      streamed([
        chunk(calls(named('f', '{}', { index: 0, id: 'a' }), named('g', '{}', { index: 1, id: 'a' }))),
        chunk(calls(named('h', '{}', { index: 2 }))),
        end,
      ]),
    );
    expect(callsIn(reply)).toEqual([
      ['a', 'f', '{}'],
      ['a_2', 'g', '{}'],
      [expect.stringMatching(/^call_[0-9a-f]{16}$/), 'h', '{}'],
    ]);
  });

  test('case 52: in a whole reply are all kept', () => {
    const tool_calls = ['f', 'g', 'h'].map((name) => ({ id: name, ...named(name, '{}') }));
    expect(callsIn(fold(whole({ content: null, tool_calls }, 'tool_calls')))).toHaveLength(3);
  });
});

describe('usage', () => {
  const usage = { prompt_tokens: 40, completion_tokens: 4, total_tokens: 44 };
  const counted = { input: 40, output: 4, cacheRead: 0, cacheWrite: 0 };

  test.each<[string, readonly JsonValue[]]>([
    ['without choices', [chunk({ content: 'Hi' }, 'stop'), { id: 'c', choices: [], usage }]],
    ['with the finish', [chunk({ content: 'Hi' }), { ...chunk({}, 'stop'), usage }]],
    ['with an empty delta', [chunk({ content: 'Hi' }, 'stop'), { ...chunk({}), usage }]],
    [
      'in every chunk, growing',
      [
        { ...chunk({ content: 'Hi' }), usage: { ...usage, completion_tokens: 1 } },
        { ...chunk({}, 'stop'), usage },
      ],
    ],
    [
      'behind a first chunk without choices, as from Azure',
      [
        { id: '', choices: [], prompt_filter_results: [] },
        chunk({ content: 'Hi' }, 'stop'),
        { id: 'c', choices: [], usage },
      ],
    ],
  ])('case 64: that comes %s is counted once', (_where, chunks) => {
    const events = streamed(chunks);
    expect(fold(events)).toMatchObject({ usage: counted, parts: [{ text: 'Hi' }] });
    const asked = (isStreamUsageWanted: boolean): string => {
      const writer = openaiChat.streamWriter({ ...context, isStreamUsageWanted });
      return events.map((event) => writer.write(event)).join('');
    };
    expect(asked(true).match(/"usage"/g)).toHaveLength(1);
    expect(asked(false)).not.toContain('usage');
  });
});

describe('the end of an answer', () => {
  test('case 67: a call that the limit cut goes to Anthropic as far as it came', () => {
    const call = {
      index: 0,
      id: 'a',
      type: 'function',
      function: { name: 'write', arguments: '{"path":"a' },
    };
    const text = written(streamed([chunk(calls(call)), chunk({}, 'length')]));
    expect(text).toContain(String.raw`"partial_json":"{\"path\":\"a"`);
    expect(text).toContain('"stop_reason":"max_tokens"');
  });

  test.each<[string, readonly Event[]]>([
    ['a refusal in deltas', streamed([chunk({ refusal: 'I cannot.' }), chunk({}, 'stop')])],
    ['a filter in the middle', streamed([chunk({ content: 'I' }), chunk({}, 'content_filter')])],
    ['a filter before all', streamed([chunk({}, 'content_filter')])],
    ['a whole refusal', whole({ content: null, refusal: 'I cannot.' })],
  ])('case 68: %s is a refusal to Anthropic, and never an ordinary end', (_how, events) => {
    expect(fold(events).finish).toBe('refusal');
    expect(written(events)).toContain('"stop_reason":"refusal"');
  });

  test.each<[string, readonly Event[]]>([
    ['in a stream', streamed([chunk({ role: 'assistant', content: '' }), chunk({}, 'stop')])],
    ['in a stream that promises calls', streamed([chunk({}, 'tool_calls')])],
    ['that is only its end', streamed([])],
    ['in a whole reply', whole({ content: '' })],
    [
      "in Anthropic's whole reply",
      anthropicMessages.readReply({ id: 'm', content: [], stop_reason: 'end_turn', usage: {} }),
    ],
    [
      "in Anthropic's stream",
      eventsOf(anthropicMessages, [Buffer.from('event: message_stop\ndata: {"type":"message_stop"}\n\n')]),
    ],
  ])('an answer that says nothing %s ends without a part, by which it is known', (_where, events) => {
    expect(events.at(-1)).toEqual({ type: 'finish', reason: 'stop' });
    expect(events.some(({ type }) => type === 'partStart')).toBe(false);
  });

  test('case 54: text, calls and text again keep their order, and text comes first in Chat Completions', () => {
    const call = { index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } };
    const events = streamed([
      chunk({ content: 'One.' }),
      chunk(calls(call)),
      chunk({ content: 'Two.' }),
      end,
    ]);
    const inAnthropic = anthropicMessages.writeReply(fold(events), context).content as JsonObject[];
    expect(inAnthropic.map(({ type }) => type)).toEqual(['text', 'tool_use', 'text']);
    expect(openaiChat.writeReply(fold(events), context)).toMatchObject({
      choices: [{ message: { content: 'One.Two.', tool_calls: [{ id: 'a' }] } }],
    });
  });
});

describe('what an answer has that nobody else can show', () => {
  const droppedIn = (events: readonly Event[]): string[] =>
    events.flatMap((event) => (event.type === 'dropped' ? [event.name] : []));

  test('case 70: annotations and the probabilities of Chat Completions are named once', () => {
    const logprobs = { content: [{ token: 'Hi', logprob: -0.1 }], refusal: null };
    const annotations = [{ type: 'url_citation', url_citation: { url: 'https://example.com' } }];
    const one = { index: 0, delta: { content: 'Hi', annotations }, logprobs, finish_reason: null };
    const events = streamed([{ id: 'c', choices: [one] }, { id: 'c', choices: [one] }, chunk({}, 'stop')]);
    expect(droppedIn(events)).toEqual(['logprobs', 'annotations']);
    expect(written(events)).not.toMatch(/logprob|url_citation/);
    const empty = { index: 0, delta: { content: 'Hi', annotations: [] }, logprobs: { content: null } };
    expect(droppedIn(streamed([{ id: 'c', choices: [empty] }, chunk({}, 'stop')]))).toEqual([]);
  });

  test('case 46: of several answers the first is shown and the others are named', () => {
    const choices = ['One', 'Two'].map((content, index) => ({
      index,
      delta: { content },
      finish_reason: 'stop',
    }));
    expect(droppedIn(streamed([{ id: 'c', choices }]))).toEqual(['choices']);
    const messages = choices.map(({ index, delta }) => ({ index, message: delta, finish_reason: 'stop' }));
    const events = openaiChat.readReply({ id: 'c', choices: messages });
    expect(droppedIn(events)).toEqual(['choices']);
    expect(fold(events).parts).toEqual([{ kind: 'text', text: 'One' }]);
  });

  test("case 70: citations and the blocks of a provider's own search are named once, and the text stays", () => {
    const citation = { type: 'web_search_result_location', url: 'https://example.com' };
    const content = [
      { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
      { type: 'web_search_tool_result', tool_use_id: 's', content: [] },
      { type: 'text', text: 'New.', citations: [citation] },
      { type: 'text', text: 'Newer.', citations: [citation] },
    ];
    const events = anthropicMessages.readReply({ id: 'm', content, stop_reason: 'end_turn' });
    expect(droppedIn(events)).toEqual(['server_tool_use', 'web_search_tool_result', 'citations']);
    expect(openaiChat.writeReply(fold(events), context)).toMatchObject({
      choices: [{ message: { content: 'New.Newer.' } }],
    });
  });
});

describe('a stream that breaks off', () => {
  const good = [
    chunk({ role: 'assistant', content: '' }),
    chunk({ content: '東' }),
    chunk({ content: '京' }),
  ];
  const bytes = Buffer.from(good.map((item) => `data: ${JSON.stringify(item)}\n\n`).join(''));
  const error = { error: { message: 'Overloaded', type: 'overloaded_error' } };
  const html = '<html><body>502 Bad Gateway</body></html>';

  test.each<[string, Buffer]>([
    ['before anything', Buffer.alloc(0)],
    ['after one event', bytes.subarray(0, bytes.indexOf('\n\n') + 2)],
    ['after several', bytes],
    ['within an event', bytes.subarray(0, bytes.length - 9)],
    ['within a character', bytes.subarray(0, bytes.indexOf('京') + 1)],
    ['with an error', Buffer.concat([bytes, Buffer.from(`data: ${JSON.stringify(error)}\n\n`)])],
    [
      'with an error without a blank line',
      Buffer.concat([bytes.subarray(0, -1), Buffer.from(JSON.stringify(error))]),
    ],
    ['with HTML', Buffer.concat([bytes, Buffer.from(`data: ${html}\n\n`)])],
  ])('case 77: %s ends in one error of each dialect, and nothing follows', (_when, sent) => {
    const events = eventsOf(openaiChat, [sent]);
    expect(events.filter((event) => event.type === 'error' || event.type === 'finish')).toEqual([
      expect.objectContaining({ type: 'error' }),
    ]);
    const toAnthropic = written(events);
    expect(toAnthropic.match(/event: error\n/g)).toHaveLength(1);
    expect(toAnthropic).toMatch(/event: error\ndata: .*\n\n$/);
    expect(toAnthropic).not.toContain('message_stop');
    const writer = openaiChat.streamWriter(context);
    const toChat = events.map((event) => writer.write(event)).join('');
    expect(toChat.trimEnd().split('\n\n').at(-1)).toMatch(/^data: {"error":{"message":"/);
    expect(toChat).not.toContain('[DONE]');
  });
});

test('case 72: a reply that comes whole is told as a stream, in the published order', () => {
  const message = {
    reasoning_content: 'Hm.',
    content: 'Hi',
    tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } }],
  };
  const text = written(whole(message, 'tool_calls'));
  expect(text.match(/event: \w+/g)).toEqual(
    [
      'message_start',
      ...['thinking', 'text', 'tool_use'].flatMap(() => [
        'content_block_start',
        'content_block_delta',
        'content_block_stop',
      ]),
      'message_delta',
      'message_stop',
    ].map((name) => `event: ${name}`),
  );
});
