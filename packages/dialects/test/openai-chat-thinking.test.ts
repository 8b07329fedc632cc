import { describe, expect, test } from 'vitest';
import type { JsonObject, JsonValue } from '../src/json/value.ts';
import { fold } from '../src/model/fold.ts';
import { calls, chunk, end, streamed, whole } from './chat-streams.ts';

describe('thinking', () => {
  const family = { model: 'qwen3-235b-a22b-thinking-2507' };
  const thought = (text: string, ...answer: string[]): unknown[] => [
    { kind: 'thinking', text },
    ...answer.map((said) => ({ kind: 'text', text: said })),
  ];
  const pieces = (text: string): JsonObject[] =>
    (text.match(/[\s\S]{1,3}/g) ?? []).map((content) => chunk({ content }, null, family));

  test.each<[string, readonly JsonValue[], unknown[]]>([
    [
      'reasoning_content',
      [chunk({ reasoning_content: 'Hm.' }), chunk({ content: 'Hi' })],
      thought('Hm.', 'Hi'),
    ],
    ['reasoning', [chunk({ reasoning: 'Hm.' }), chunk({ content: 'Hi' })], thought('Hm.', 'Hi')],
    [
      'both names',
      [chunk({ reasoning: 'Hm.', reasoning_content: 'Hm.' }), chunk({ content: 'Hi' })],
      thought('Hm.', 'Hi'),
    ],
    [
      'reasoning_details',
      [
        chunk({ reasoning_details: [{ text: 'H' }] }),
        chunk({ reasoning_details: [{ text: 'm.' }] }),
        chunk({ content: 'Hi' }),
      ],
      thought('Hm.', 'Hi'),
    ],
    [
      'reasoning_details that tell all again each time',
      [
        ...['H', 'Hm', 'Hm', 'Hm. So', 'Hm. So.'].map((text) => chunk({ reasoning_details: [{ text }] })),
        chunk({ content: 'Hi' }),
      ],
      thought('Hm. So.', 'Hi'),
    ],
    [
      'reasoning_details that happen to repeat',
      ['ha', 'ha', 'hahaha', '!'].map((text) => chunk({ reasoning_details: [{ text }] })),
      thought('hahahahaha!'),
    ],
    ['a tag that is cut', pieces('<think>Hm.</think>\n\nHi'), thought('Hm.', 'Hi')],
    ['a tag that is never closed', pieces('<think>Hm. Hi'), thought('Hm. Hi')],
    ['a tag that the template opened', pieces('Hm. <b>\n</think>\n\nHi'), thought('Hm. <b>\n', 'Hi')],
  ])('case 56: in %s is thinking, and none of it is in the text', (_where, chunks, expected) => {
    const finished = [...chunks, chunk({}, 'stop', family)];
    expect(fold(streamed(finished)).parts).toEqual(expected);
  });

  test('case 56: in a whole reply a tag that the template opened is read as in a stream', () => {
    expect(fold(whole({ content: 'Hm.\n</think>\n\nHi' }, 'stop', family)).parts).toEqual(
      thought('Hm.\n', 'Hi'),
    );
  });

  test('case 56: a model that may leave the opening tag out and did not think says text, before its calls too', () => {
    expect(fold(streamed([...pieces('Hi there.'), chunk({}, 'stop')])).parts).toEqual([
      { kind: 'text', text: 'Hi there.' },
    ]);
    const call = { index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } };
    const kinds = fold(streamed([...pieces('Let me look.'), chunk(calls(call)), end])).parts.map(
      ({ kind }) => kind,
    );
    expect(kinds).toEqual(['text', 'toolCall']);
  });

  test('case 56: text is not held back from who tells thinking apart by itself', () => {
    const events = streamed([
      chunk({ reasoning_content: 'Hm.' }, null, family),
      chunk({ content: 'a </think> b' }, null, family),
      chunk({}, 'stop', family),
    ]);
    expect(fold(events).parts).toEqual(thought('Hm.', 'a </think> b'));
  });

  test.each([
    'Close it with </think> and go on.',
    'The tag <think> opens a thought, </think> closes it.',
    'Write `<tool_call>{"name":"f"}</tool_call>` to call.',
    '<tool_call> is a tag of Qwen.',
    '<thinking> is another.',
  ])('case 71: the text "%s" is not cut', (content) => {
    const parts = [{ kind: 'text', text: content }];
    expect(
      fold(streamed([...[...content].map((text) => chunk({ content: text })), chunk({}, 'stop')])).parts,
    ).toEqual(parts);
    expect(fold(whole({ content })).parts).toEqual(parts);
  });
});
