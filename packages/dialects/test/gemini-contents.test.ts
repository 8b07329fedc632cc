import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { gemini } from '../src/gemini/index.ts';
import type { JsonObject, JsonValue } from '../src/json/value.ts';
import type { Part, Request } from '../src/model/request.ts';

const folder = new URL('../fixtures/gemini/', import.meta.url);
const fixture = (name: string): JsonObject =>
  JSON.parse(readFileSync(new URL(`${name}.request.json`, folder), 'utf8')) as JsonObject;

const read = (body: JsonValue): Request =>
  gemini.readRequest(body, { model: 'gemini-3.8-flash', isStreaming: false });
const parts = (...given: JsonValue[]): JsonObject => ({ contents: [{ role: 'user', parts: given }] });
const modelParts = (...given: JsonValue[]): readonly Part[] =>
  read({ contents: [{ role: 'model', parts: given }] }).turns[0]?.parts ?? [];
const text = (value: string): Part => ({ kind: 'text', text: value });

describe('case 33: a result finds its call', () => {
  const call = (name: string, args: JsonObject, id?: string): JsonObject => ({
    functionCall: { ...(id !== undefined && { id }), name, args },
  });
  const result = (name: string, said: string, id?: string): JsonObject => ({
    functionResponse: { ...(id !== undefined && { id }), name, response: { output: said } },
  });
  /** Each result as `the arguments of its call -> what it says`. */
  function pairs(...contents: (readonly [string, ...JsonObject[]])[]): string[] {
    const turns = read({ contents: contents.map(([role, ...given]) => ({ role, parts: given })) }).turns;
    const all = turns.flatMap((turn) => turn.parts);
    return all.flatMap((part) => {
      if (part.kind !== 'toolResult') return [];
      const made = all.find((other) => other.kind === 'toolCall' && other.id === part.callId);
      const said = part.parts.map((inner) => (inner.kind === 'text' ? inner.text : inner.kind)).join();
      return [`${made?.kind === 'toolCall' ? made.argumentsText : 'none'} -> ${said}`];
    });
  }

  test('by name and order where there are no ids', () => {
    expect(
      pairs(
        ['model', call('a', { n: 1 }), call('b', { n: 2 }), call('a', { n: 3 })],
        ['user', result('a', 'first'), result('a', 'third'), result('b', 'second')],
      ),
    ).toEqual(['{"n":1} -> first', '{"n":3} -> third', '{"n":2} -> second']);
  });

  test('by id, in whatever order', () => {
    expect(
      pairs(
        ['model', call('a', { n: 1 }, 'x'), call('a', { n: 2 }, 'y')],
        ['user', result('a', 'second', 'y'), result('a', 'first', 'x')],
      ),
    ).toEqual(['{"n":2} -> second', '{"n":1} -> first']);
  });

  test('by name where the client made the id after the call', () => {
    expect(pairs(['model', call('a', { n: 1 })], ['user', result('a', 'done', 'a_1763800000000_0')])).toEqual(
      ['{"n":1} -> done'],
    );
  });

  test('in the latest turn that calls it, when an earlier call was never answered', () => {
    expect(
      pairs(
        ['model', call('a', { n: 1 })],
        ['user', { text: 'Stop.' }],
        ['model', call('a', { n: 2 })],
        ['user', result('a', 'late')],
      ),
    ).toEqual(['{"n":2} -> late']);
  });

  test('or is kept without one', () => {
    expect(pairs(['user', result('gone', 'alone')])).toEqual(['none -> alone']);
  });

  test('under ids that stay what they are when the conversation grows or loses its start', () => {
    const first = [
      { role: 'model', parts: [call('a', { n: 1 }), call('b', {})] },
      { role: 'user', parts: [result('a', 'x'), result('b', 'y')] },
    ];
    const later = [
      { role: 'model', parts: [call('a', { n: 2 })] },
      { role: 'user', parts: [result('a', 'z')] },
    ];
    const idsIn = (contents: JsonObject[]): string[] =>
      read({ contents })
        .turns.flatMap((turn) => turn.parts)
        .flatMap((part) => (part.kind === 'toolCall' ? [part.id] : []));
    const whole = idsIn([...first, ...later]);
    expect(new Set(whole).size).toBe(3);
    expect(idsIn(first)).toEqual(whole.slice(0, 2));
    expect(idsIn(later)).toEqual(whole.slice(2));
  });

  test.each<[string, JsonValue, string, boolean]>([
    ['an output', { output: 'fine' }, 'fine', false],
    ['a list', ['a', 1], '["a",1]', false],
    ['text', 'bare', 'bare', false],
    ['an object', { count: 2, ok: true }, '{"count":2,"ok":true}', false],
    ['an output that is an object', { output: { a: 1 } }, '{"a":1}', false],
    ["the AI SDK's form", { name: 'f', content: 'said' }, 'said', false],
    ['an error', { error: 'broken' }, 'broken', true],
    ['an error that is an object', { error: { code: 7 } }, '{"code":7}', true],
    ['an error beside an output', { error: 'half', output: 'x' }, '{"error":"half","output":"x"}', true],
    ['no error', { error: null, output: 'x' }, '{"error":null,"output":"x"}', false],
    ['nothing', {}, '', false],
  ])('and says %s', (_, response, said, isError) => {
    const body = {
      contents: [
        { role: 'model', parts: [call('f', {}, 'x')] },
        { role: 'user', parts: [{ functionResponse: { id: 'x', name: 'f', response } }] },
      ],
    };
    const found = read(body).turns[1]?.parts[0];
    expect(found).toEqual({
      kind: 'toolResult',
      callId: 'x',
      isError,
      parts: said === '' ? [] : [text(said)],
    });
  });

  test('with the images and documents in it', () => {
    const found = read(fixture('tool-response-with-media')).turns[2]?.parts ?? [];
    expect(
      found.map((part) => (part.kind === 'toolResult' ? part.parts.map(({ kind }) => kind) : part.kind)),
    ).toEqual([['text', 'image'], ['document'], 'text']);
  });
});

describe('a signature', () => {
  const SIGNATURE = 'c2lnbmVk';
  const call = { functionCall: { id: 'x', name: 'f', args: {} } };
  const made: Part = { kind: 'toolCall', id: 'x', name: 'f', argumentsText: '{}' };
  const thought = (said: string, signature?: string): Part => ({
    kind: 'thinking',
    text: said,
    ...(signature !== undefined && { signature }),
  });

  test.each<[string, JsonValue[], Part[]]>([
    [
      'of a call is a thought before it',
      [{ ...call, thoughtSignature: SIGNATURE }],
      [thought('', SIGNATURE), made],
    ],
    [
      'belongs to the thought that stands before its part',
      [
        { text: 'I see.', thought: true },
        { ...call, thoughtSignature: SIGNATURE },
      ],
      [thought('I see.', SIGNATURE), made],
    ],
    [
      'of a thought is its own',
      [{ text: 'I see.', thought: true, thoughtSignature: SIGNATURE }, call],
      [thought('I see.', SIGNATURE), made],
    ],
    [
      'does not take the place of another',
      [
        { text: 'I see.', thought: true, thoughtSignature: 'b' },
        { ...call, thoughtSignature: SIGNATURE },
      ],
      [thought('I see.', 'b'), thought('', SIGNATURE), made],
    ],
    [
      'of an empty text stands alone',
      [{ text: 'Done.' }, { text: '', thoughtSignature: SIGNATURE }],
      [text('Done.'), thought('', SIGNATURE)],
    ],
    ['without a part stands alone', [{ thoughtSignature: SIGNATURE }], [thought('', SIGNATURE)]],
    [
      'in snake_case is one too',
      [{ text: 'Done.', thought_signature: SIGNATURE }],
      [thought('', SIGNATURE), text('Done.')],
    ],
  ])('%s', (_, given, expected) => {
    expect(modelParts(...given)).toEqual(expected);
  });

  test('case 34: the word that stands for no signature is not one', () => {
    const sentinel = 'skip_thought_signature_validator';
    expect(modelParts({ ...call, thoughtSignature: sentinel })).toEqual([made]);
    const { turns } = read(fixture('gemini-cli-tool-steps'));
    expect(JSON.stringify(turns)).not.toContain(sentinel);
  });
});

describe('images and other media', () => {
  test('are read where others have them too, and kept for this dialect where not', () => {
    const found = read(fixture('media')).turns[0]?.parts ?? [];
    expect(found.map((part) => (part.kind === 'foreign' ? part.type : part.kind))).toEqual([
      'text',
      'image',
      'image',
      'document',
      'audio',
      'fileData',
      'document',
    ]);
  });

  test.each(['image/webp', 'image/gif', 'image/png'])(
    'case 42: an image of no bytes or another kind than %s is refused in words that tools recover from',
    (mimeType) => {
      for (const data of ['', 'AAAA', 'not base64!']) {
        expect(() => read(parts({ inlineData: { mimeType, data } }))).toThrow(/Could not process image/);
      }
    },
  );

  test('what only Google shows stays in this dialect', () => {
    for (const part of [
      { inlineData: { mimeType: 'image/heic', data: 'AAAA' } },
      { fileData: { mimeType: 'video/mp4', fileUri: 'https://www.youtube.com/watch?v=1' } },
      { fileData: { fileUri: 'gs://bucket/a.pdf', mimeType: 'application/pdf' } },
      {
        fileData: {
          mimeType: 'image/png',
          fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/a',
        },
      },
    ]) {
      const { turns } = read(parts(part));
      expect(turns[0]?.parts).toMatchObject([{ kind: 'foreign', dialect: 'gemini', value: part }]);
    }
  });
});

test('case 41: empty parts and empty texts are read, and none is written', () => {
  const request = read(fixture('empty-parts'));
  const { body } = gemini.writeRequest(request, 'gemini-3.8-flash');
  expect(body).toEqual({ contents: [{ role: 'user', parts: [{ text: 'Hi.' }, { text: 'Still there?' }] }] });
});

test('an answer that comes back in the chunks of its stream is one answer, with its thought in one piece', () => {
  const chunk = (...given: JsonValue[]) => ({ role: 'model', parts: given });
  const { turns } = read({
    contents: [
      { role: 'user', parts: [{ text: 'Look.' }] },
      chunk({ text: 'Let me ', thought: true }),
      chunk({ text: 'see.', thought: true }),
      chunk({ functionCall: { id: 'c', name: 'look', args: {} }, thoughtSignature: 'c2ln' }),
      chunk({ text: '' }),
    ],
  });
  expect(turns.map(({ role }) => role)).toEqual(['user', 'assistant']);
  expect(turns[1]?.parts).toMatchObject([
    { kind: 'thinking', text: 'Let me see.', signature: 'c2ln' },
    { kind: 'toolCall', id: 'c' },
    { kind: 'text', text: '' },
  ]);
});
