import { expect, test } from 'vitest';
import {
  type EmbeddingReply,
  type EmbeddingRequest,
  embeddingsOf,
  geminiEmbeddings,
  InvalidReply,
  InvalidRequest,
  openaiEmbeddings,
} from '../src/index.ts';

const NOWHERE = { model: '', isSingle: false };
const VECTOR = Float32Array.of(0, 1, -0.5, 3.4028234663852886e38);
/** The bytes of VECTOR by hand: IEEE 754 single precision, the lowest byte first. */
const BASE64 = Buffer.from('000000000000803f000000bfffff7f7f', 'hex').toString('base64');

const read = (body: object) => openaiEmbeddings.readRequest({ model: 'e', ...body }, NOWHERE);
const fieldOf = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    if (error instanceof InvalidRequest) return error.field;
    throw error;
  }
  return 'accepted';
};

test.each<[string, object, EmbeddingRequest['inputs']]>([
  ['a text', { input: 'one' }, [{ kind: 'text', text: 'one' }]],
  [
    'a list of texts',
    { input: ['one', 'two'] },
    [
      { kind: 'text', text: 'one' },
      { kind: 'text', text: 'two' },
    ],
  ],
  ['a text as tokens', { input: [1, 2, 3] }, [{ kind: 'tokens', tokens: [1, 2, 3] }]],
  [
    'a list of them',
    { input: [[1], [2, 3]] },
    [
      { kind: 'tokens', tokens: [1] },
      { kind: 'tokens', tokens: [2, 3] },
    ],
  ],
])("%s is read from OpenAI's form and written to it", (_name, body, inputs) => {
  const request = read({ ...body, dimensions: 8, encoding_format: 'base64', user: 'u' });
  expect(request).toMatchObject({ inputs, dimensions: 8, encoding: 'base64', user: 'u' });
  const { bodies, dropped } = openaiEmbeddings.writeRequest(request, 'real');
  expect(bodies).toHaveLength(1);
  expect(bodies[0]).toMatchObject({ model: 'real', dimensions: 8, encoding_format: 'base64', user: 'u' });
  expect(read({ input: bodies[0]?.input as string[] }).inputs).toEqual(inputs);
  expect(dropped).toEqual([]);
});

test.each<[string, object, string]>([
  ['no input', {}, 'input'],
  ['an empty text', { input: '' }, 'input'],
  ['an empty list', { input: [] }, 'input'],
  ['a list with an empty text', { input: ['one', ''] }, 'input.1'],
  ['a list with an object', { input: [{}] }, 'input.0'],
  ['half a token', { input: [1.5] }, 'input'],
  ['a token below zero', { input: [[-1]] }, 'input.0'],
  ['too many texts', { input: new Array(2_049).fill('x') }, 'input'],
  ['no model', { model: '', input: 'x' }, 'model'],
  ['an encoding that is none', { input: 'x', encoding_format: 'hex' }, 'encoding_format'],
  ['no dimensions at all', { input: 'x', dimensions: 0 }, 'dimensions'],
])('%s is refused by its field', (_name, body, field) => {
  expect(fieldOf(() => read(body as object))).toBe(field);
});

test('numbers become base64 of 32-bit floats, the lowest byte first, and come back', () => {
  const reply: EmbeddingReply = { vectors: [VECTOR], encoding: 'float', inputTokens: 4 };
  const written = openaiEmbeddings.writeReply(reply, read({ input: 'x', encoding_format: 'base64' }), 4);
  expect(written).toEqual({
    object: 'list',
    data: [{ object: 'embedding', index: 0, embedding: BASE64 }],
    model: 'e',
    usage: { prompt_tokens: 4, total_tokens: 4 },
  });
  expect(openaiEmbeddings.readReply(written)).toEqual({ ...reply, encoding: 'base64' });
});

test('vectors are put in the order that their indexes say', () => {
  const row = (index: number, embedding: readonly number[] | string) => ({
    object: 'embedding',
    index,
    embedding,
  });
  const reply = openaiEmbeddings.readReply({ data: [row(1, BASE64), row(0, [2])] });
  expect(reply).toEqual({ vectors: [Float32Array.of(2), VECTOR], encoding: 'mixed' });
});

test.each<[string, unknown]>([
  ['nothing', null],
  ['an error', { error: { message: 'no' } }],
  ['no vectors', { data: [] }],
  ['an empty vector', { data: [{ embedding: [] }] }],
  ['a vector of texts', { data: [{ embedding: ['1'] }] }],
  ['a vector that is missing', { data: [{ index: 0 }] }],
  ['base64 of seven bytes', { data: [{ embedding: 'AAAAAAAAAA==' }] }],
  ['what is not base64', { data: [{ embedding: 'AAA*AA==' }] }],
  ['a number that is none', { data: [{ embedding: Buffer.from('0000c07f', 'hex').toString('base64') }] }],
])('%s is not taken for embeddings', (_name, body) => {
  expect(() => openaiEmbeddings.readReply(body as never)).toThrow(InvalidReply);
});

const content = (...texts: string[]) => ({ parts: texts.map((text) => ({ text })) });

test("Gemini's embedContent is answered with one vector", () => {
  const body = { content: content('one', 'two'), taskType: 'RETRIEVAL_QUERY', output_dimensionality: 4 };
  const request = geminiEmbeddings.readRequest(body, { model: 'g', isSingle: true });
  expect(request).toMatchObject({ model: 'g', dimensions: 4, task: 'RETRIEVAL_QUERY', isSingle: true });
  expect(request.inputs).toMatchObject([{ kind: 'text', text: 'one\ntwo' }]);
  const reply = { vectors: [Float32Array.of(1, 2)], encoding: 'float' } as const;
  expect(geminiEmbeddings.writeReply(reply, request, 3)).toEqual({
    embedding: { values: [1, 2] },
    usageMetadata: { promptTokenCount: 3, totalTokenCount: 3 },
  });
  const openai = openaiEmbeddings.writeRequest(request, 'real');
  expect(openai.bodies).toEqual([
    { model: 'real', input: ['one\ntwo'], encoding_format: 'float', dimensions: 4 },
  ]);
  expect(openai.dropped).toEqual(['taskType']);
});

test("Gemini's own requests go to Gemini as they came, under the target's name", () => {
  const entry = { model: 'models/g', content: content('one'), title: 't', somethingNew: { a: 1 } };
  const picture = {
    model: 'models/g',
    content: { parts: [{ inlineData: { mimeType: 'image/png', data: 'AA' } }] },
  };
  const request = geminiEmbeddings.readRequest(
    { requests: [entry, picture] },
    { model: 'g', isSingle: false },
  );
  expect(geminiEmbeddings.writeRequest(request, 'real').bodies).toEqual([
    {
      requests: [
        { ...entry, model: 'models/real' },
        { ...picture, model: 'models/real' },
      ],
    },
  ]);
  expect(fieldOf(() => openaiEmbeddings.writeRequest(request, 'real'))).toBe('requests.1.content');
});

test("OpenAI's requests go to Gemini in calls of a hundred texts at most", () => {
  const texts = Array.from({ length: 201 }, (_, at) => `text ${at}`);
  const { bodies, dropped } = geminiEmbeddings.writeRequest(
    read({ input: texts, dimensions: 8, user: 'u' }),
    'real',
  );
  expect(bodies.map(({ requests }) => (requests as object[]).length)).toEqual([100, 100, 1]);
  expect((bodies.at(-1)?.requests as object[] | undefined)?.[0]).toEqual({
    model: 'models/real',
    content: content('text 200'),
    outputDimensionality: 8,
  });
  expect(dropped).toEqual(['user']);
});

test('lists of tokens are refused towards Gemini, and the refusal says what to send', () => {
  expect(() => geminiEmbeddings.writeRequest(read({ input: [[1, 2]] }), 'real')).toThrow(
    /Send the texts themselves/,
  );
});

test.each<[string, object, string]>([
  ['no requests', {}, 'requests'],
  ['an empty list', { requests: [] }, 'requests'],
  ['a request without a content', { requests: [{}] }, 'requests.0.content'],
  ['a content without parts', { requests: [{ content: {} }] }, 'requests.0.content.parts'],
])("%s is refused in Gemini's form by its field", (_name, body, field) => {
  const address = { model: 'g', isSingle: false };
  expect(fieldOf(() => geminiEmbeddings.readRequest(body as never, address))).toBe(field);
});

test("Gemini's vectors are read with the count where it sends one", () => {
  const embeddings = [{ values: [1, 2] }, { values: [3, 4] }];
  expect(geminiEmbeddings.readReply({ embeddings, usageMetadata: { promptTokenCount: 5 } })).toEqual({
    vectors: [Float32Array.of(1, 2), Float32Array.of(3, 4)],
    encoding: 'float',
    inputTokens: 5,
  });
  expect(geminiEmbeddings.readReply({ embeddings }).inputTokens).toBeUndefined();
  expect(() => geminiEmbeddings.readReply({ embeddings: [{}] })).toThrow(InvalidReply);
});

test('every dialect but Anthropic has embeddings', () => {
  expect(embeddingsOf('openai-chat')).toBe(openaiEmbeddings);
  expect(embeddingsOf('openai-responses')).toBe(openaiEmbeddings);
  expect(embeddingsOf('gemini')).toBe(geminiEmbeddings);
  expect(embeddingsOf('anthropic-messages')).toBeUndefined();
});
