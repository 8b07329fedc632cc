import { describe, expect, test } from 'vitest';
import { gemini } from '../src/gemini/index.ts';
import { objectOf } from '../src/json/narrow.ts';
import type { JsonObject, JsonValue } from '../src/json/value.ts';
import type { Part, Request } from '../src/model/request.ts';
import { openaiChat } from '../src/openai-chat/index.ts';
import {
  call,
  chat,
  contents,
  dropped,
  hub,
  image,
  NEWER,
  OLDER,
  outline,
  PNG,
  result,
  said,
  text,
  write,
} from './gemini-requests.ts';

describe('where a request goes', () => {
  test.each([
    ['gemini-2.5-pro', '/models/gemini-2.5-pro'],
    ['models/gemini-2.5-pro', '/models/gemini-2.5-pro'],
    ['tunedModels/mine', '/tunedModels/mine'],
    ['vendor/model:free', '/models/vendor%2Fmodel%3Afree'],
  ])('case 4: %s is asked at %s', (model, path) => {
    expect(gemini.path(model, false)).toBe(`${path}:generateContent`);
    expect(gemini.path(model, true)).toBe(`${path}:streamGenerateContent?alt=sse`);
  });

  test('nothing of a body changes when the client speaks this dialect', () => {
    expect(gemini.passThroughEdits(hub(), NEWER)).toEqual({});
  });

  test('thinking that a model cannot be told of so is written anew', () => {
    const request: Request = { ...hub(), reasoning: { mode: 'adaptive', effort: 'high' } };
    expect(gemini.passThroughEdits(request, 'gemini-2.5-pro')).toBeUndefined();
    expect(gemini.passThroughEdits(request, 'gemini-3-pro-preview')).toEqual({});
    expect(gemini.passThroughEdits(request, 'gemini-flash-latest')).toEqual({});
    const silent: Request = { ...hub(), reasoning: { mode: 'off' } };
    expect(gemini.passThroughEdits(silent, 'gemini-2.5-pro')).toBeUndefined();
    expect(gemini.passThroughEdits(silent, 'gemini-2.5-flash')).toEqual({});
  });

  test('case 59: calls of another model, which nobody signed, have the request written anew', () => {
    const asked = [
      said('user', text('Look.')),
      said('assistant', call('c', 'look')),
      said('user', result('c', 'yes')),
    ];
    const request = { ...hub(), turns: asked };
    expect(gemini.passThroughEdits(request, NEWER)).toBeUndefined();
    expect(gemini.passThroughEdits(request, OLDER)).toEqual({});
    const gone = {
      ...request,
      turns: [...asked, said('assistant', text('So.')), said('user', text('Thanks.'))],
    };
    expect(gemini.passThroughEdits(gone, NEWER)).toEqual({});
  });
});

describe('the contents that are written', () => {
  test('a user speaks first', () => {
    const turns = [said('assistant', text('Hello.')), said('user', text('Hi.'))];
    expect(outline(turns)).toEqual(['user [The conversation goes on.]', 'model Hello.', 'user Hi.']);
  });

  test('turns of one role in a row are one content, and empty ones none', () => {
    const turns = [
      said('user', text('a'), text('')),
      said('user', text('b')),
      said('assistant', text('')),
      said('user', text('c')),
      said('assistant', text('d')),
      said('assistant', text('e')),
    ];
    expect(outline(turns)).toEqual(['user a b c', 'model d e']);
  });

  test('system text in the middle is marked as such in what the user says, where it stood', () => {
    const turns = [
      said('user', text('a')),
      said('system', text('b'), text('c')),
      said('assistant', text('d')),
    ];
    expect(outline(turns)).toEqual(['user a <system-reminder>\nb\n\nc\n</system-reminder>', 'model d']);
  });

  test('case 24: results of parallel calls are one content, in the order of the calls', () => {
    const asked = openaiChat.readRequest(
      chat({
        messages: [
          { role: 'user', content: 'go' },
          {
            role: 'assistant',
            content: null,
            tool_calls: ['a', 'b'].map((id) => ({
              id,
              type: 'function',
              function: { name: `f_${id}`, arguments: '{}' },
            })),
          },
          { role: 'tool', tool_call_id: 'b', content: 'second' },
          { role: 'tool', tool_call_id: 'a', content: 'first' },
        ],
      }),
    );
    expect(outline(asked.turns, OLDER)).toEqual(['user go', 'model f_a(a) f_b(b)', 'user f_a=a f_b=b']);
  });

  test('case 23: a call without a result gets one, and a result without a call is told as text', () => {
    const turns = [
      said('user', result('gone', 'left')),
      said('assistant', call('a')),
      said('user', text('b')),
    ];
    expect(outline(turns, OLDER)).toEqual(['user [Tool result: left]', 'model f(a)', 'user f=a b']);
    expect(JSON.stringify(contents(turns))).toContain('[no result recorded]');
  });

  test.each([
    ['text', result('a', 'fine'), { output: 'fine' }],
    ['an error', result('a', 'bad', { isError: true }), { error: 'bad' }],
    ['nothing', result('a', '', { parts: [] }), { output: '' }],
    ['an error without a word', result('a', '', { parts: [], isError: true }), { error: 'failed' }],
    ['JSON, as text', result('a', '[1]'), { output: '[1]' }],
  ])('a result of %s is an object', (_, answer, response) => {
    const found = contents([said('assistant', call('a')), said('user', answer)])[2]?.parts[0];
    expect(found).toEqual({ functionResponse: { id: 'a', name: 'f', response } });
  });

  test('arguments are an object, and what is none is put into one', () => {
    const args = (argumentsText: string): JsonValue | undefined => {
      const [, content] = contents([said('assistant', call('a', 'f', argumentsText))], OLDER);
      return objectOf(content?.parts[0]?.functionCall)?.args;
    };
    expect(args('{"a":1}')).toEqual({ a: 1 });
    expect(args('')).toEqual({});
    expect(args('{"a":')).toEqual({ arguments: '{"a":' });
    expect(args('[1]')).toEqual({ arguments: '[1]' });
  });

  test.each([43, 65, 200])('case 36: an id of %i characters stays what it is, with its result', (length) => {
    const id = `call|${':x-'.repeat(length).slice(0, length - 5)}`;
    expect(id.length).toBe(length);
    const turns = [said('user', text('go')), said('assistant', call(id)), said('user', result(id, 'x'))];
    expect(outline(turns, OLDER)).toEqual(['user go', `model f(${id})`, `user f=${id}`]);
    expect(outline([...turns, said('assistant', text('ok'))], OLDER).slice(0, 3)).toEqual(
      outline(turns, OLDER),
    );
  });

  test('case 53: a second call of an id gets one of its own, and so does its result', () => {
    const turns = [
      said('assistant', call('a', 'f'), call('a', 'g')),
      said('user', result('a', 'first'), result('a', 'second')),
    ];
    expect(outline(turns, OLDER).slice(1)).toEqual(['model f(a) g(a_2)', 'user f=a g=a_2']);
  });

  test("case 14: Claude Code's billing line does not go to another provider, and a mark of the cache is named", () => {
    const system = [
      { kind: 'text' as const, text: 'x-anthropic-billing-header: cc_version=1;' },
      { kind: 'text' as const, text: 'Be brief.', cacheControl: { type: 'ephemeral' } },
    ];
    expect(write(hub({ system })).systemInstruction).toEqual({ parts: [{ text: 'Be brief.' }] });
    expect(dropped(hub({ system }))).toEqual(['cache_control', 'system.x-anthropic-billing-header']);
  });
});

describe('images and documents', () => {
  const pdf = { kind: 'base64' as const, mediaType: 'application/pdf', data: 'JVBERi0xLjQK' };
  test.each<[string, Part, JsonObject, string[]]>([
    ['an image', image, { inlineData: { mimeType: 'image/png', data: PNG } }, []],
    [
      'an image by its address',
      { kind: 'image', source: { kind: 'url', url: 'https://a.example/b.webp?x=1' }, detail: 'high' },
      { fileData: { mimeType: 'image/webp', fileUri: 'https://a.example/b.webp?x=1' } },
      ['messages.0.image_url.detail'],
    ],
    [
      'a document with a title',
      { kind: 'document', source: pdf, title: 'A' },
      { inlineData: { mimeType: 'application/pdf', data: 'JVBERi0xLjQK' } },
      ['messages.0.document.title'],
    ],
    [
      'a document that is text',
      { kind: 'document', source: { kind: 'text', text: 'words' }, title: 'A' },
      { text: 'A\n\nwords' },
      [],
    ],
    [
      "a file in another provider's store",
      { kind: 'document', source: { kind: 'file', fileId: 'file_1' } },
      { text: '[A file was attached that cannot be shown here.]' },
      ['messages.0.document'],
    ],
  ])('%s', (_, part, expected, names) => {
    const request = hub({ turns: [said('user', part)] });
    expect(write(request).contents).toEqual([{ role: 'user', parts: [expected] }]);
    expect(dropped(request)).toEqual(names);
  });

  const turns = [
    said('assistant', call('a', 'f'), call('b', 'g')),
    said(
      'user',
      result('a', 'Taken.', { parts: [{ kind: 'text', text: 'Taken.' }, image] }),
      result('b', 'x'),
      text('See?'),
    ),
  ];

  test('case 17: of a result stand in it from the third generation on', () => {
    const parts = contents(turns)[2]?.parts ?? [];
    expect(parts[0]?.functionResponse).toEqual({
      id: 'a',
      name: 'f',
      response: { output: 'Taken.' },
      parts: [{ inlineData: { mimeType: 'image/png', data: PNG } }],
    });
    expect(parts.slice(1).map((part) => Object.keys(part)[0])).toEqual(['functionResponse', 'text']);
  });

  test('case 17: of a result follow all results for models before it', () => {
    const parts = contents(turns, OLDER)[2]?.parts ?? [];
    expect(parts[0]?.functionResponse).toMatchObject({
      response: { output: 'Taken.\n[image attached below]' },
    });
    expect(parts.map((part) => Object.keys(part)[0])).toEqual([
      'functionResponse',
      'functionResponse',
      'inlineData',
      'text',
    ]);
  });
});
