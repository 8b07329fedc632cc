// What a watch takes for a call is at least what the reader of the same dialect does, in every stream that was ever recorded.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  callsIn,
  callWatch,
  type DialectName,
  dialects,
  type Event,
  type JsonValue,
  parseFrame,
  type SpokenCall,
  SseSplitter,
} from '../src/index.ts';

const names = Object.keys(dialects) as DialectName[];
const FIXTURES = join(import.meta.dirname, '../fixtures');

function filesOf(name: DialectName, ending: string): readonly string[] {
  return readdirSync(join(FIXTURES, name)).filter((file) => file.endsWith(ending));
}

const streams = names.flatMap((name) => filesOf(name, '.stream.sse').map((file) => ({ name, file })));
const replies = names.flatMap((name) => filesOf(name, '.reply.json').map((file) => ({ name, file })));

function framesIn(bytes: Buffer): readonly Buffer[] {
  const splitter = new SseSplitter({ frameBytesMax: 1 << 24 });
  const frames = splitter.push(bytes);
  const last = splitter.end();
  return last === undefined ? frames : [...frames, last];
}

/** The calls of a whole stream; throws when one is open while nothing of it was taken for one. */
function watched(name: DialectName, bytes: Buffer): readonly SpokenCall[] {
  const watch = callWatch(name);
  const calls = framesIn(bytes).flatMap((frame) => watch.observe(parseFrame(frame)));
  return [...calls, ...watch.end()];
}

function callsOf(events: readonly Event[]): readonly SpokenCall[] {
  const calls = new Map<number, { name: string; argumentsText: string }>();
  for (const event of events) {
    if (event.type === 'partStart' && event.part.kind === 'toolCall') {
      calls.set(event.index, { name: event.part.name, argumentsText: '' });
    } else if (event.type === 'argumentsDelta') {
      const call = calls.get(event.index);
      if (call !== undefined) call.argumentsText += event.text;
    }
  }
  return [...calls.values()];
}

/** Names and arguments in one form, however they are spaced. */
function plain({ name, argumentsText }: SpokenCall): string {
  const text = argumentsText === '' ? '{}' : argumentsText;
  try {
    return `${name} ${JSON.stringify(JSON.parse(text))}`;
  } catch {
    return `${name} ${text}`;
  }
}

test.each(streams)('every call in $name/$file is seen', ({ name, file }) => {
  const bytes = readFileSync(join(FIXTURES, name, file));
  const reader = dialects[name].streamReader();
  const events = [...framesIn(bytes).flatMap((frame) => reader.read(parseFrame(frame))), ...reader.end()];
  const seen = watched(name, bytes).map(plain);
  for (const call of callsOf(events)) expect(seen).toContain(plain(call));
});

test.each(replies)('every call in $name/$file is seen', ({ name, file }) => {
  const body = JSON.parse(readFileSync(join(FIXTURES, name, file), 'utf8')) as JsonValue;
  const seen = callsIn(name, body).map(plain);
  for (const call of callsOf(dialects[name].readReply(body))) expect(seen).toContain(plain(call));
});

test('the recorded streams have calls in each dialect', () => {
  for (const name of names) {
    const counts = streams
      .filter((one) => one.name === name)
      .map(({ file }) => {
        return watched(name, readFileSync(join(FIXTURES, name, file))).length;
      });
    expect(counts.filter((count) => count > 0).length).toBeGreaterThan(1);
  }
});

/** Frames, and how the watch sees each: what it takes for whole, and whether more is to come. */
function observed(
  name: DialectName,
  bodies: readonly object[],
): readonly (readonly [boolean, ...string[]])[] {
  const watch = callWatch(name);
  return bodies.map((body) => {
    const type = 'type' in body ? String(body.type) : '';
    const calls = watch.observe({
      event: name === 'openai-chat' || name === 'gemini' ? '' : type,
      data: JSON.stringify(body),
    });
    return [watch.isOpen, ...calls.map(plain)] as const;
  });
}

const chat = (delta: object, finish_reason: string | null = null, index = 0) => ({
  choices: [{ index, delta, finish_reason }],
});
const piece = (index: number, args: string, more: object = {}) => ({
  tool_calls: [
    { index, ...more, function: { arguments: args, ...('name' in more ? { name: more.name } : {}) } },
  ],
});

describe('in chat', () => {
  test('interleaved pieces of parallel calls are put together by their numbers, and whole at the end', () => {
    expect(
      observed('openai-chat', [
        chat({ content: 'I say "tool_calls": [' }),
        chat(piece(0, '', { id: 'a', name: 'one' })),
        chat(piece(1, '{"x"', { id: 'b', name: 'two' })),
        chat(piece(0, '{"command":"rm ')),
        chat({ content: 'between' }),
        chat(piece(1, ':2}')),
        chat(piece(0, '-rf /"}')),
        chat({}, 'tool_calls'),
      ]),
    ).toEqual([
      [false],
      [true],
      [true],
      [true],
      [true],
      [true],
      [true],
      [false, 'one {"command":"rm -rf /"}', 'two {"x":2}'],
    ]);
  });

  test('calls without numbers, or all under one, are told apart by their ids', () => {
    const withoutNumbers = observed('openai-chat', [
      chat({ tool_calls: [{ id: 'a', function: { name: 'one', arguments: '{"a":' } }] }),
      chat({ tool_calls: [{ function: { arguments: '1}' } }] }),
      chat({ tool_calls: [{ id: 'b', function: { name: 'two', arguments: '{}' } }] }),
      chat({}, 'stop'),
    ]);
    expect(withoutNumbers.at(-1)).toEqual([false, 'one {"a":1}', 'two {}']);
    const underOne = observed('openai-chat', [
      chat(piece(0, '{"a":1}', { id: 'a', name: 'one' })),
      chat(piece(0, '{"b":2}', { id: 'b', name: 'two' })),
      chat({}, 'tool_calls'),
    ]);
    expect(underOne.at(-1)).toEqual([false, 'one {"a":1}', 'two {"b":2}']);
    const withoutArguments = observed('openai-chat', [
      chat(piece(0, '', { id: 'a', name: 'one' })),
      chat(piece(0, '{"b":2}', { id: 'b', name: 'two' })),
      chat({}, 'tool_calls'),
    ]);
    expect(withoutArguments.at(-1)).toEqual([false, 'one {}', 'two {"b":2}']);
  });

  test('each of several answers has calls of its own', () => {
    expect(
      observed('openai-chat', [
        chat(piece(0, '{"a":1}', { id: 'a', name: 'one' }), null, 0),
        chat(piece(0, '{"b":2}', { id: 'b', name: 'two' }), null, 1),
        chat({}, 'tool_calls', 1),
        chat({}, 'tool_calls', 0),
      ]),
    ).toEqual([[true], [true], [true, 'two {"b":2}'], [false, 'one {"a":1}']]);
  });

  test('a piece that comes after the finish is told with all before it', () => {
    const seen = observed('openai-chat', [
      chat(piece(0, '{"command":"rm ', { id: 'a', name: 'one' })),
      chat({}, 'tool_calls'),
      chat(piece(0, '-rf /"}')),
      chat({}, 'tool_calls'),
    ]);
    expect(seen.at(-1)).toEqual([false, 'one {"command":"rm -rf /"}']);
  });

  test('the old form of one function, and calls in a message, are calls', () => {
    const old = chat({ function_call: { name: 'one', arguments: '{}' } }, 'function_call');
    const whole = {
      choices: [{ index: 0, message: piece(0, '{}', { id: 'a', name: 'one' }), finish_reason: 'stop' }],
    };
    expect(observed('openai-chat', [old])).toEqual([[false, 'one {}']]);
    expect(observed('openai-chat', [whole])).toEqual([[false, 'one {}']]);
  });

  test('the free text of a custom tool is told as it is', () => {
    const custom = {
      tool_calls: [{ index: 0, id: 'a', type: 'custom', custom: { name: 'patch', input: '*** x' } }],
    };
    expect(observed('openai-chat', [chat(custom), chat({}, 'tool_calls')]).at(-1)).toEqual([
      false,
      'patch *** x',
    ]);
  });
});

describe('in Responses', () => {
  const event = (type: string, more: object) => ({ type: `response.${type}`, output_index: 0, ...more });

  test.each([
    ['function_call', { name: 'run', arguments: '{"a":1}' }, 'run {"a":1}'],
    ['custom_tool_call', { name: 'apply_patch', input: '*** Begin' }, 'apply_patch *** Begin'],
    [
      'local_shell_call',
      { action: { command: ['rm', '-rf', '/'] } },
      'local_shell {"action":{"command":["rm","-rf","/"]}}',
    ],
    ['shell_call', { action: { commands: ['ls'] } }, 'shell {"action":{"commands":["ls"]}}'],
    [
      'apply_patch_call',
      { operation: { type: 'delete_file', path: 'x' } },
      'apply_patch {"operation":{"type":"delete_file","path":"x"}}',
    ],
    ['tool_search_call', { arguments: { query: 'x' } }, 'tool_search {"query":"x"}'],
    ['mcp_call', { name: 'tool', arguments: '{}' }, 'tool {}'],
    ['code_interpreter_call', { code: 'print(1)' }, 'code_interpreter print(1)'],
    ['call_of_tomorrow', { what: 'x' }, 'call_of_tomorrow {"what":"x"}'],
  ])('an item of %s is a call', (type, more, told) => {
    const item = { id: 'i', type, status: 'completed', call_id: 'c', ...more };
    const added = event('output_item.added', { item: { ...item, arguments: undefined, input: undefined } });
    const seen = observed('openai-responses', [added, event('output_item.done', { item })]);
    expect(seen[0]).toEqual([true]);
    expect(seen[1]?.[0]).toBe(false);
    expect(seen[1]).toContain(told);
    expect(callsIn('openai-responses', { output: [item] }).map(plain)).toEqual([told]);
  });

  test.each(['message', 'reasoning', 'function_call_output', 'image_generation_call'])(
    'an item of %s is none',
    (type) => {
      const item = { id: 'i', type, content: [] };
      expect(observed('openai-responses', [event('output_item.added', { item })])).toEqual([[false]]);
    },
  );

  test('each wording of the arguments is told: the pieces, what is said when they are done, and the finished item', () => {
    const seen = observed('openai-responses', [
      event('output_item.added', { item: { type: 'function_call', name: 'run', arguments: '' } }),
      event('function_call_arguments.delta', { delta: '{"a"' }),
      event('function_call_arguments.delta', { delta: ':1}' }),
      event('function_call_arguments.done', { arguments: '{"a":2}' }),
      event('output_item.done', { item: { type: 'function_call', name: 'run', arguments: '{"a":3}' } }),
    ]);
    expect(seen.map(([isOpen]) => isOpen)).toEqual([true, true, true, true, false]);
    expect(seen.at(-1)?.slice(1).sort()).toEqual(['run {"a":1}', 'run {"a":2}', 'run {"a":3}']);
  });

  test('a call that stands only in the finished response is told', () => {
    const output = [{ type: 'function_call', name: 'run', arguments: '{}' }];
    expect(observed('openai-responses', [{ type: 'response.completed', response: { output } }])).toEqual([
      [false, 'run {}'],
    ]);
  });

  test('what is said meanwhile belongs to no call', () => {
    const seen = observed('openai-responses', [
      event('output_text.delta', { delta: 'rm' }),
      event('reasoning_summary_text.delta', { delta: 'rm' }),
      event('refusal.delta', { delta: 'rm' }),
    ]);
    expect(seen).toEqual([[false], [false], [false]]);
  });
});

describe('in Messages', () => {
  const start = (index: number, content_block: object) => ({
    type: 'content_block_start',
    index,
    content_block,
  });
  const delta = (index: number, partial_json: string) => ({
    type: 'content_block_delta',
    index,
    delta: { type: 'input_json_delta', partial_json },
  });
  const stop = (index: number) => ({ type: 'content_block_stop', index });
  const tool = { type: 'tool_use', id: 'x', name: 'run', input: {} };

  test('blocks that overlap are put together by their numbers', () => {
    expect(
      observed('anthropic-messages', [
        start(0, tool),
        start(1, { ...tool, name: 'two' }),
        delta(0, '{"a":'),
        delta(1, '{"b":2}'),
        stop(1),
        delta(0, '1}'),
        stop(0),
      ]),
    ).toEqual([[true], [true], [true], [true], [true, 'two {"b":2}'], [true], [false, 'run {"a":1}']]);
  });

  test('input that stands at the start of a block is told, and so is the use of a tool that the provider runs', () => {
    const blocks = [start(0, { ...tool, input: { a: 1 } }), stop(0)];
    expect(observed('anthropic-messages', blocks).at(-1)).toEqual([false, 'run {"a":1}']);
    const served = [start(0, { ...tool, type: 'server_tool_use' }), delta(0, '{}'), stop(0)];
    expect(observed('anthropic-messages', served).at(-1)).toEqual([false, 'run {}']);
  });

  test('pieces of input for a block that never began are a call', () => {
    expect(observed('anthropic-messages', [delta(3, '{"a":1}'), stop(3)])).toEqual([
      [true],
      [false, ' {"a":1}'],
    ]);
  });

  test('a block that is never closed is told at the end of the message', () => {
    expect(
      observed('anthropic-messages', [start(0, tool), delta(0, '{}'), { type: 'message_stop' }]).at(-1),
    ).toEqual([false, 'run {}']);
  });
});

describe('in Gemini', () => {
  const chunk = (part: object, more: object = {}) => ({
    candidates: [{ content: { parts: [part] }, ...more }],
  });

  test('arguments that come in pieces are put together by their paths, and held until there are no more', () => {
    const seen = observed('gemini', [
      chunk({ text: 'say "functionCall"' }),
      chunk({ functionCall: { name: 'run', willContinue: true } }),
      chunk({
        functionCall: { partialArgs: [{ jsonPath: '$.command', stringValue: 'rm ' }], willContinue: true },
      }),
      chunk({
        functionCall: { partialArgs: [{ jsonPath: '$.command', stringValue: '-rf /' }], willContinue: true },
      }),
      chunk({ functionCall: {} }),
    ]);
    expect(seen).toEqual([[false], [true], [true], [true], [false, 'run {"$.command":"rm -rf /"}']]);
  });

  test('pieces whose end never comes are told with the finish', () => {
    const seen = observed('gemini', [
      chunk({
        functionCall: {
          name: 'run',
          partialArgs: [{ jsonPath: '$.a', stringValue: 'x' }],
          willContinue: true,
        },
      }),
      chunk({ text: '' }, { finishReason: 'STOP' }),
    ]);
    expect(seen.at(-1)).toEqual([false, 'run {"$.a":"x"}']);
  });

  test('every candidate’s calls and code are told, in either spelling', () => {
    const body = {
      candidates: [
        { index: 0, content: { parts: [{ functionCall: { name: 'one', args: { a: 1 } } }] } },
        { index: 1, content: { parts: [{ function_call: { name: 'two', args: {} } }] } },
        { index: 2, content: { parts: [{ executableCode: { language: 'PYTHON', code: 'rm()' } }] } },
      ],
    };
    const told = ['one {"a":1}', 'two {}', 'executableCode {"language":"PYTHON","code":"rm()"}'];
    expect(observed('gemini', [body])).toEqual([[false, ...told]]);
    expect(callsIn('gemini', body).map(plain)).toEqual(told);
  });
});
