import { describe, expect, test } from 'vitest';
import { anthropicMessages } from '../src/anthropic-messages/index.ts';
import { gemini } from '../src/gemini/index.ts';
import { objectOf } from '../src/json/narrow.ts';
import type { JsonObject, JsonValue } from '../src/json/value.ts';
import type { Event } from '../src/model/event.ts';
import type { Part, Request, Tool, ToolResultPart, Turn } from '../src/model/request.ts';
import { openSeals, sealEvent } from '../src/model/seal.ts';
import { openaiChat } from '../src/openai-chat/index.ts';

const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const SENTINEL = 'skip_thought_signature_validator';
const OLDEST = 'gemini-2.0-flash';
const OLDER = 'gemini-2.5-pro';
const NEWER = 'gemini-3.8-flash';

const chat = (more: JsonObject = {}): JsonObject => ({
  model: 'm',
  messages: [{ role: 'user', content: 'hi' }],
  ...more,
});
const hub = (more: Partial<Request> = {}): Request => ({ ...openaiChat.readRequest(chat()), ...more });
const said = (role: Turn['role'], ...parts: Part[]): Turn => ({ role, parts });
const text = (value: string): Part => ({ kind: 'text', text: value });
const call = (id: string, name = 'f', argumentsText = '{}'): Part => ({
  kind: 'toolCall',
  id,
  name,
  argumentsText,
});
const thought = (value: string, signature?: string): Part => ({
  kind: 'thinking',
  text: value,
  ...(signature !== undefined && { signature }),
});
const result = (callId: string, value: string, more: Partial<ToolResultPart> = {}): Part => ({
  kind: 'toolResult',
  callId,
  parts: [{ kind: 'text', text: value }],
  isError: false,
  ...more,
});
const image: Part & { kind: 'image' } = {
  kind: 'image',
  source: { kind: 'base64', mediaType: 'image/png', data: PNG },
};
const tool = (name: string, schema: JsonObject = { type: 'object', properties: {} }): Tool => ({
  kind: 'function',
  name,
  schema,
});

const write = (request: Request, model = NEWER): JsonObject => gemini.writeRequest(request, model).body;
const dropped = (request: Request, model = NEWER): readonly string[] =>
  gemini.writeRequest(request, model).dropped;
const contents = (turns: readonly Turn[], model = NEWER): { role: string; parts: JsonObject[] }[] =>
  write(hub({ turns }), model).contents as { role: string; parts: JsonObject[] }[];
/** Each content in one line: `model Hello. f(a)+signature`. */
const outline = (turns: readonly Turn[], model = NEWER): string[] =>
  contents(turns, model).map(({ role, parts }) =>
    [
      role,
      ...parts.map((part) => {
        const made = part.functionCall as JsonObject | undefined;
        const answered = part.functionResponse as JsonObject | undefined;
        const shown =
          (made && `${made.name}(${made.id})`) ??
          (answered && `${answered.name}=${answered.id}`) ??
          part.text ??
          'media';
        const mark = part.thoughtSignature === SENTINEL ? 'sentinel' : part.thoughtSignature;
        return `${part.thought === true ? '*' : ''}${shown}${mark === undefined ? '' : `+${mark}`}`;
      }),
    ].join(' '),
  );

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

describe('case 59: signatures of the third generation', () => {
  const steps = (first: Part[], second: Part[]): Turn[] => [
    said('user', text('before')),
    said('assistant', call('old')),
    said('user', result('old', 'x')),
    said('assistant', text('done')),
    said('user', text('now')),
    said('assistant', ...first),
    said('user', result('a', 'x'), result('b', 'y')),
    said('assistant', ...second),
    said('user', result('c', 'z')),
  ];

  test('stand on the first of parallel calls, and on the call of each further step', () => {
    expect(
      outline(steps([thought('', 's1'), call('a'), call('b')], [thought('Hm.', 's2'), call('c')])),
    ).toEqual([
      'user before',
      'model f(old)',
      'user f=old',
      'model done',
      'user now',
      'model f(a)+s1 f(b)',
      'user f=a f=b',
      'model *Hm. f(c)+s2',
      'user f=c',
    ]);
  });

  test('that are lost are stood in for, in the current turn alone', () => {
    expect(outline(steps([call('a'), call('b')], [thought('Hm.'), text('I see.'), call('c')]))).toEqual([
      'user before',
      'model f(old)',
      'user f=old',
      'model done',
      'user now',
      'model f(a)+sentinel f(b)',
      'user f=a f=b',
      'model I see. f(c)+sentinel',
      'user f=c',
    ]);
  });

  test('that are lost are stood in for although a reminder stands beside the results', () => {
    const turns = [
      said('user', text('now')),
      said('assistant', call('a')),
      said('user', result('a', 'x')),
      said('system', text('Remember.')),
      said('assistant', call('b')),
      said('user', result('b', 'y')),
    ];
    expect(outline(turns).filter((line) => line.startsWith('model'))).toEqual([
      'model f(a)+sentinel',
      'model f(b)+sentinel',
    ]);
  });

  test('of other models are not needed', () => {
    expect(outline(steps([call('a'), call('b')], [call('c')]), OLDER).join()).not.toContain('sentinel');
    expect(outline(steps([call('a'), call('b')], [call('c')]), 'gemma-3-27b-it').join()).not.toContain(
      'sentinel',
    );
    expect(outline(steps([call('a'), call('b')], [call('c')]), 'gemini-flash-latest').join()).toContain(
      'sentinel',
    );
  });

  test('of a thought that nothing follows stand on an empty part, and two thoughts keep one each', () => {
    expect(outline([said('user', text('x')), said('assistant', text('a'), thought('b', 's1'))])).toEqual([
      'user x',
      'model a *b +s1',
    ]);
    expect(
      outline([said('user', text('x')), said('assistant', thought('', 's1'), thought('b', 's2'), text('c'))]),
    ).toEqual(['user x', 'model +s1 *b c+s2']);
  });

  test('go through an Anthropic client and back, with the calls they belong to', () => {
    const origin = 'provider-1/gemini-3.8-flash';
    const events: Event[] = gemini
      .readReply({
        candidates: [
          {
            content: {
              parts: [
                { text: 'I look.', thought: true },
                { functionCall: { name: 'f', args: { n: 1 } }, thoughtSignature: 's1' },
                { functionCall: { name: 'f', args: { n: 2 } } },
                { text: '', thoughtSignature: 's2' },
              ],
            },
            finishReason: 'STOP',
          },
        ],
        responseId: 'r1',
      })
      .map((event) => sealEvent(event, origin));
    const context = { requestId: 'r', model: 'm', createdAtMs: 0, isStreamUsageWanted: true };
    const writer = anthropicMessages.streamWriter(context);
    const streamed = events.map((event) => writer.write(event)).join('');
    const content: JsonObject[] = [];
    for (const line of streamed.split('\n').filter((one) => one.startsWith('data: '))) {
      const event = JSON.parse(line.slice('data: '.length)) as JsonObject;
      const delta = event.delta as JsonObject;
      const at = Number(event.index);
      if (event.type === 'content_block_start') content.push({ ...(event.content_block as JsonObject) });
      if (event.type !== 'content_block_delta') continue;
      const { type, ...values } = delta;
      if (type === 'input_json_delta')
        content[at] = { ...content[at], input: JSON.parse(String(delta.partial_json)) };
      else content[at] = { ...content[at], ...values };
    }
    const ids = content.filter(({ type }) => type === 'tool_use').map(({ id }) => id);
    const asked = anthropicMessages.readRequest({
      model: 'm',
      max_tokens: 9,
      messages: [
        { role: 'user', content: 'go' },
        { role: 'assistant', content },
        {
          role: 'user',
          content: ids.map((id) => ({ type: 'tool_result', tool_use_id: id ?? null, content: 'x' })),
        },
      ],
    });
    expect(outline(openSeals(asked, origin, false).turns)[1]).toBe(
      `model *I look. f(${ids[0]})+s1 f(${ids[1]}) +s2`,
    );
    expect(outline(openSeals(asked, 'provider-2/gemini-3.8-flash', false).turns)[1]).toBe(
      `model f(${ids[0]})+sentinel f(${ids[1]})`,
    );
  });

  test('case 57: a thought that is hidden whole goes through a client of this dialect and back', () => {
    const origin = 'provider-1/claude-opus-4-8';
    const context = { requestId: 'r', model: 'm', createdAtMs: 0, isStreamUsageWanted: true };
    const writer = gemini.streamWriter(context);
    const events: Event[] = [
      { type: 'partStart', index: 0, part: { kind: 'redactedThinking', data: 'hidden==' } },
      { type: 'partStop', index: 0 },
      { type: 'partStart', index: 1, part: { kind: 'text' } },
      { type: 'textDelta', index: 1, text: 'Hi.' },
      { type: 'partStop', index: 1 },
      { type: 'finish', reason: 'stop' },
    ];
    const parts = events
      .map((event) => writer.write(sealEvent(event, origin)))
      .filter((frame) => frame !== '')
      .map(
        (frame) =>
          JSON.parse(frame.slice('data: '.length)) as { candidates: { content: { parts: JsonObject[] } }[] },
      )
      .flatMap((chunk) => chunk.candidates[0]?.content.parts ?? []);
    const asked = gemini.readRequest(
      { contents: [{ parts: [{ text: 'x' }] }, { role: 'model', parts }] },
      { model: 'm', isStreaming: true },
    );
    expect(openSeals(asked, origin, false).turns[1]?.parts.slice(0, 2)).toEqual([
      { kind: 'redactedThinking', data: 'hidden==' },
      text('Hi.'),
    ]);
  });
});

describe('tools', () => {
  const schema: JsonObject = {
    $schema: 'x',
    type: 'object',
    properties: { a: { const: 'x' }, b: { type: 'integer', exclusiveMinimum: 0 } },
    required: ['a'],
    additionalProperties: false,
  };

  test('are given their JSON Schema, and models before 2.5 the subset', () => {
    const request = hub({ tools: [tool('f', schema), tool('g')] });
    expect(write(request, OLDER).tools).toEqual([
      {
        functionDeclarations: [
          {
            name: 'f',
            parametersJsonSchema: {
              type: 'object',
              properties: { a: { enum: ['x'] }, b: { type: 'integer', exclusiveMinimum: 0 } },
              required: ['a'],
              additionalProperties: false,
            },
          },
          { name: 'g', parametersJsonSchema: { type: 'object', properties: {} } },
        ],
      },
    ]);
    expect(write(request, OLDEST).tools).toEqual([
      {
        functionDeclarations: [
          {
            name: 'f',
            parameters: {
              type: 'OBJECT',
              properties: { a: { type: 'STRING', enum: ['x'] }, b: { type: 'INTEGER', minimum: 1 } },
              required: ['a'],
            },
          },
          { name: 'g' },
        ],
      },
    ]);
  });

  test.each<[string, Request['toolChoice'], JsonObject]>([
    ['auto', { kind: 'auto' }, { mode: 'AUTO' }],
    ['none', { kind: 'none' }, { mode: 'NONE' }],
    ['any', { kind: 'any' }, { mode: 'ANY' }],
    ['one', { kind: 'tool', name: 'f' }, { mode: 'ANY', allowedFunctionNames: ['f'] }],
  ])('a choice of %s', (_, toolChoice, functionCallingConfig) => {
    const request = { ...hub({ tools: [tool('f')] }), ...(toolChoice && { toolChoice }) };
    expect(write(request).toolConfig).toEqual({ functionCallingConfig });
    expect('toolConfig' in write({ ...request, tools: [] })).toBe(false);
  });

  test('case 35: names that are taken nowhere here are mapped, with their calls and the choice, and back', () => {
    const names = ['9lives', 'a b', 'x'.repeat(71), 'dots.and:colons-', 'ümlaut'];
    const request = hub({
      tools: names.map((name) => tool(name)),
      toolChoice: { kind: 'tool', name: '9lives' },
      turns: [said('user', text('go')), said('assistant', call('a', 'a b')), said('user', result('a', 'x'))],
    });
    const { body, restore } = gemini.writeRequest(request, OLDER);
    const [{ functionDeclarations }] = body.tools as [{ functionDeclarations: { name: string }[] }];
    const written = functionDeclarations.map(({ name }) => name);
    expect(new Set(written).size).toBe(names.length);
    for (const name of written) expect(name).toMatch(/^[A-Za-z_][A-Za-z0-9_.:-]{0,63}$/);
    expect(written[3]).toBe('dots.and:colons-');
    expect(JSON.stringify(body.toolConfig)).toContain(`["${written[0]}"]`);
    expect(JSON.stringify(body.contents)).toContain(`"name":"${written[1]}"`);
    const back = restore?.();
    const called = written.flatMap(
      (name, index) => back?.({ type: 'partStart', index, part: { kind: 'toolCall', id: 'x', name } }) ?? [],
    );
    expect(
      called.map((event) => (event.type === 'partStart' && 'name' in event.part ? event.part.name : '')),
    ).toEqual(names);
  });

  test('a search of the web is asked of the provider where no function stands beside it', () => {
    const search: Tool = { kind: 'webSearch', dialect: 'anthropic-messages', value: {}, usesMax: 8 };
    expect(write(hub({ tools: [search] })).tools).toEqual([{ googleSearch: {} }]);
    expect(dropped(hub({ tools: [search] }))).toEqual(['tools.webSearch.max_uses']);
    const both = hub({ tools: [search, tool('f')] });
    expect(JSON.stringify(write(both).tools)).not.toContain('googleSearch');
    expect(dropped(both)).toEqual(['tools.webSearch']);
  });

  test('of other providers are named', () => {
    const foreign: Tool = { kind: 'foreign', dialect: 'openai-responses', type: 'computer', value: {} };
    expect(dropped(hub({ tools: [foreign] }))).toEqual(['tools.computer']);
  });
});

describe('the form of an answer', () => {
  const schema: JsonObject = { type: 'object', properties: { a: { const: 1 } }, additionalProperties: false };
  test.each<[string, string, Request['output'], JsonObject]>([
    ['text', NEWER, { kind: 'text' }, { responseMimeType: 'text/plain' }],
    ['JSON', NEWER, { kind: 'json' }, { responseMimeType: 'application/json' }],
    [
      'a schema',
      OLDER,
      { kind: 'schema', schema, name: 'n', isStrict: true },
      {
        responseMimeType: 'application/json',
        responseJsonSchema: { type: 'object', properties: { a: { enum: [1] } }, additionalProperties: false },
      },
    ],
    [
      'a schema for models before 2.5',
      OLDEST,
      { kind: 'schema', schema },
      {
        responseMimeType: 'application/json',
        responseSchema: { type: 'OBJECT', properties: { a: { type: 'STRING', enum: ['1'] } } },
      },
    ],
  ])('case 40: %s', (_, model, output, expected) => {
    const request = { ...hub(), ...(output && { output }) };
    expect(write(request, model).generationConfig).toEqual(expected);
    expect(dropped(request, model)).toEqual([]);
  });

  test('case 40: beside functions it is told in words to models before 3, and the answer is bare', () => {
    const request = hub({ tools: [tool('f')], output: { kind: 'schema', schema } });
    expect(write(request, NEWER).generationConfig).toMatchObject({ responseMimeType: 'application/json' });
    const { body, dropped: names, restore } = gemini.writeRequest(request, OLDER);
    expect('generationConfig' in body).toBe(false);
    expect(JSON.stringify(body.systemInstruction)).toContain('additionalProperties');
    expect(names.join()).toContain('response_format');
    const back = restore?.();
    const events: Event[] = [
      { type: 'partStart', index: 0, part: { kind: 'text' } },
      { type: 'textDelta', index: 0, text: '```json\n{"a":' },
      { type: 'textDelta', index: 0, text: '1}\n```' },
      { type: 'partStop', index: 0 },
    ];
    const answered = events.flatMap((event) => back?.(event) ?? []);
    expect(answered.flatMap((event) => (event.type === 'textDelta' ? [event.text] : [])).join('')).toBe(
      '{"a":1}',
    );
  });
});

describe('how a model is to think', () => {
  test.each<[string, string, Request['reasoning'], JsonObject | undefined, string[]]>([
    [
      'an effort by its level',
      NEWER,
      { mode: 'adaptive', effort: 'medium' },
      { thinkingLevel: 'MEDIUM', includeThoughts: true },
      [],
    ],
    [
      'the highest level for all above',
      NEWER,
      { mode: 'adaptive', effort: 'max' },
      { thinkingLevel: 'HIGH', includeThoughts: true },
      [],
    ],
    [
      'a level that is missing by the next',
      'gemini-3-pro-preview',
      { mode: 'adaptive', effort: 'medium' },
      { thinkingLevel: 'HIGH', includeThoughts: true },
      [],
    ],
    [
      'the least of a model without the least',
      'gemini-3.1-pro',
      { mode: 'adaptive', effort: 'minimal' },
      { thinkingLevel: 'LOW', includeThoughts: true },
      [],
    ],
    [
      'a budget by its level',
      NEWER,
      { mode: 'budget', budgetTokens: 1_024 },
      { thinkingLevel: 'LOW', includeThoughts: true },
      [],
    ],
    ['its own measure', NEWER, { mode: 'adaptive' }, { includeThoughts: true }, []],
    [
      'thoughts that nobody wants to see',
      NEWER,
      { mode: 'adaptive', display: 'omitted' },
      { includeThoughts: false },
      [],
    ],
    [
      'thoughts shown in another way',
      NEWER,
      { mode: 'adaptive', display: 'updates' },
      { includeThoughts: true },
      ['thinking.display'],
    ],
    [
      'not at all, as little as can be',
      NEWER,
      { mode: 'off' },
      { thinkingLevel: 'MINIMAL', includeThoughts: false },
      ['thinking'],
    ],
    [
      'a budget',
      OLDER,
      { mode: 'budget', budgetTokens: 9_000 },
      { thinkingBudget: 9_000, includeThoughts: true },
      [],
    ],
    [
      'a budget over the most',
      'gemini-2.5-flash',
      { mode: 'budget', budgetTokens: 99_000 },
      { thinkingBudget: 24_576, includeThoughts: true },
      [],
    ],
    [
      'a budget below the least',
      OLDER,
      { mode: 'budget', budgetTokens: 1 },
      { thinkingBudget: 128, includeThoughts: true },
      [],
    ],
    [
      'an effort by its budget',
      OLDER,
      { mode: 'adaptive', effort: 'low' },
      { thinkingBudget: 4_096, includeThoughts: true },
      [],
    ],
    [
      'its own measure, of a budget',
      OLDER,
      { mode: 'adaptive' },
      { thinkingBudget: -1, includeThoughts: true },
      [],
    ],
    ['not at all, where that can be', 'gemini-2.5-flash', { mode: 'off' }, { thinkingBudget: 0 }, []],
    [
      'not at all, where it cannot',
      OLDER,
      { mode: 'off' },
      { thinkingBudget: 128, includeThoughts: false },
      ['thinking'],
    ],
    [
      'a name without a version by a budget, which all take',
      'gemini-flash-latest',
      { mode: 'adaptive', effort: 'high' },
      { thinkingBudget: 24_576, includeThoughts: true },
      [],
    ],
    [
      'an effort of a model that does not think',
      OLDEST,
      { mode: 'adaptive', effort: 'high' },
      undefined,
      ['reasoning_effort'],
    ],
    [
      'a budget of a model that does not think',
      'gemma-3-27b-it',
      { mode: 'budget', budgetTokens: 9 },
      undefined,
      ['thinking'],
    ],
    ['nothing of a model that does not think', OLDEST, { mode: 'off' }, undefined, []],
  ])('%s', (_, model, reasoning, thinkingConfig, names) => {
    const request = { ...hub(), ...(reasoning && { reasoning }) };
    const config = write(request, model).generationConfig as JsonObject | undefined;
    expect(config?.thinkingConfig).toEqual(thinkingConfig);
    expect(dropped(request, model)).toEqual(names);
  });
});

test('settings of the answer are written under their names, and what has none is named', () => {
  const request = hub({
    temperature: 3,
    topP: 0.5,
    topK: 7,
    seed: 1,
    presencePenalty: 0.1,
    frequencyPenalty: 0.2,
    stop: ['a', '', 'b', 'c', 'd', 'e', 'f'],
    outputTokensMax: 0,
    answerCount: 2,
    user: 'me',
    verbosity: 'low',
    cacheKey: 'k',
    isParallelToolCalls: false,
    serviceTier: 'flex',
    extra: { 'openai-chat': { logit_bias: {} } },
  });
  expect(gemini.writeRequest(request, NEWER)).toEqual({
    body: {
      contents: [{ role: 'user', parts: [{ text: 'hi' }] }],
      generationConfig: {
        temperature: 2,
        topP: 0.5,
        topK: 7,
        seed: 1,
        presencePenalty: 0.1,
        frequencyPenalty: 0.2,
        stopSequences: ['a', 'b', 'c', 'd', 'e'],
        maxOutputTokens: 1,
      },
      serviceTier: 'flex',
    },
    dropped: [
      'logit_bias',
      'n',
      'parallel_tool_calls',
      'prompt_cache_key',
      'stop',
      'temperature',
      'user',
      'verbosity',
    ],
  });
});
