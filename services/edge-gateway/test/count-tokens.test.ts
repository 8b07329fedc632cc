import { sealEvent } from '@ai-switch/dialects';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Gateway, isNothing, openGateway } from './gateway.ts';
import { codingSession, document, image, rendered } from './prompts.ts';
import { addTarget } from './targets.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway();
  const counts = { capabilities: { countTokens: true } };
  await addTarget(gateway, 'claude', { dialect: 'anthropic-messages', ...counts });
  await addTarget(gateway, 'google', { dialect: 'gemini', ...counts });
});
afterAll(() => gateway[Symbol.asyncDispose]());
beforeEach(() => gateway.provider.reset());

const MESSAGES = '/v1/messages/count_tokens';
const hello = [{ role: 'user', content: 'Hello there, how are you today?' }];

async function count(path: string, body: object, headers: Record<string, string> = {}): Promise<number> {
  const response = await gateway.post(path, body, { 'x-api-key': gateway.key, ...headers });
  const answer = (await response.json()) as { input_tokens?: number; totalTokens?: number };
  expect([response.status, answer]).toEqual([200, expect.anything()]);
  const tokens = answer.input_tokens ?? answer.totalTokens;
  if (typeof tokens !== 'number') throw new Error(`no count: ${JSON.stringify(answer)}`);
  return tokens;
}

test.each([
  ['chat', 'OpenAI'],
  ['messages', "Anthropic's dialect without a count of its own"],
])('case 19: a prompt for %s (%s) is counted without max_tokens and with no tools', async (model) => {
  const tokens = await count(MESSAGES, { model, messages: hello, tools: [] });
  expect(tokens).toBeGreaterThanOrEqual(8);
  expect(tokens).toBeLessThan(20);
  expect(gateway.provider.requests).toEqual([]);
});

test('case 2: count_tokens is counted alike with and without a query', async () => {
  const body = { model: 'chat', messages: hello };
  const plain = await count(MESSAGES, body);
  const beta = { 'anthropic-beta': 'token-counting-2024-11-01,one-that-nobody-knows-2030-01-01' };
  expect(await count(`${MESSAGES}?beta=true`, body, beta)).toBe(plain);
  expect(await count('/cursor/v1/messages/count_tokens?a=b&beta=true', body)).toBe(plain);
});

test('case 86: system, tools, thinking, calls and their results are counted, within 10 % of the tokenizer', async () => {
  const body = codingSession({ seed: 1, bytes: 60_000 });
  const direct = countTokens(rendered(body));
  const tokens = await count(MESSAGES, { ...body, model: 'chat' });
  expect(Math.abs(tokens - direct) / direct).toBeLessThan(0.1);
  for (const part of ['system', 'tools', 'messages'] as const) {
    const less = { ...body, model: 'chat', [part]: part === 'messages' ? hello : [] };
    const without = await count(MESSAGES, less);
    const own = countTokens(rendered({ ...body, system: [], tools: [], messages: [], [part]: body[part] }));
    expect(Math.abs(tokens - without - own) / own).toBeLessThan(0.1);
  }
});

test.each([
  ['a small picture', image(300, 250), 100],
  ['a picture that is made smaller first', image(8_000, 2_000), 820],
  ['the largest picture', image(1_568, 1_568), 1_600],
  [
    'a picture that is elsewhere',
    { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } },
    1_600,
  ],
  ['a document of three pages', document(3), 6_750],
])('case 86: %s is counted by the formula', async (_name, block, expected) => {
  const message = (content: object[]) => ({ model: 'chat', messages: [{ role: 'user', content }] });
  const text = { type: 'text', text: 'What is this?' };
  const plain = await count(MESSAGES, message([text]));
  const tokens = (await count(MESSAGES, message([text, block]))) - plain;
  expect(Math.abs(tokens - expected) / expected).toBeLessThan(0.05);
});

test('case 86: a burst of 25 counts of real sizes takes less than a second and costs nothing', async () => {
  const bodies = Array.from({ length: 25 }, (_, at) => ({
    ...codingSession({ seed: at, bytes: 40_000 + at * 2_000 }),
    model: 'chat',
  }));
  const before = await gateway.balance();
  const begun = performance.now();
  const counted = await Promise.all(bodies.map((body) => count(`${MESSAGES}?beta=true`, body)));
  const elapsedMs = performance.now() - begun;
  const directBegun = performance.now();
  for (const [at, tokens] of counted.entries()) {
    const direct = countTokens(rendered(bodies[at] ?? expect.unreachable()));
    expect(Math.abs(tokens - direct) / direct).toBeLessThan(0.1);
  }
  const directMs = performance.now() - directBegun;
  // A machine that is busy with something else takes longer for the counting alone.
  expect(elapsedMs).toBeLessThan(Math.max(1_000, 3 * directMs));
  expect(await gateway.balance()).toEqual(before);
  expect(isNothing(before.held)).toBe(true);
});

test('case 86: a count is recorded and not billed', async () => {
  const response = await gateway.post(MESSAGES, { model: 'chat', messages: hello });
  expect(response.headers.get('x-aiswitch-reservation')).toBeNull();
  expect(await gateway.accessRecord(response.headers.get('request-id'))).toMatchObject({
    alias: 'chat',
    outcome: 'counted',
    httpStatus: 200,
    attempts: 0,
    provider: '',
    usage: undefined,
  });
});

test('case 86: a provider that counts for itself is asked, in the bytes of the client', async () => {
  gateway.provider.script({ body: '{"input_tokens":4321}' });
  const body = `{ "messages": [{"role":"user","content":"hi"}],\n "model":"claude", "unknown": 1e2 }`;
  const response = await gateway.post(`${MESSAGES}?beta=true`, body, {
    'x-api-key': gateway.key,
    'anthropic-beta': 'token-counting-2024-11-01',
    'anthropic-version': '2026-10-21',
  });
  expect(await response.json()).toEqual({ input_tokens: 4321 });
  const [seen] = gateway.provider.requests;
  expect(seen?.path).toBe('/v1/messages/count_tokens');
  expect(String(seen?.body)).toBe(body.replace('"claude"', '"upstream-claude"'));
  expect(seen?.headers).toMatchObject({
    'anthropic-beta': 'token-counting-2024-11-01',
    'anthropic-version': '2026-10-21',
  });
  expect(await gateway.accessRecord(response.headers.get('request-id'))).toMatchObject({
    outcome: 'counted',
    attempts: 1,
    provider: 'claude',
    usage: undefined,
  });
});

test('case 86: a thought in an envelope is counted by the provider that made it, without the envelope', async () => {
  gateway.provider.script({ thinking: ['Hm.'], text: ['Well.'] });
  const thought = { type: 'enabled', budget_tokens: 1_024 };
  const asked = { model: 'claude', max_tokens: 2_000, thinking: thought, messages: hello };
  const answer = (await (await gateway.post('/v1/messages', asked)).json()) as {
    content: { signature: string }[];
  };
  const raw = answer.content[0]?.signature ?? '';
  const sealed = sealEvent({ type: 'signature', index: 0, signature: raw }, 'claude/upstream-claude');
  const signature = 'signature' in sealed ? sealed.signature : '';
  expect(signature).toMatch(/^aisw1\./);
  const [thinking, ...rest] = answer.content;
  const content = [{ ...thinking, signature }, ...rest];
  const messages = [...hello, { role: 'assistant', content }, ...hello];
  const linesBefore = gateway.logged.length;
  await count(MESSAGES, { model: 'claude', thinking: thought, messages });
  const [, counted] = gateway.provider.requests;
  expect(counted?.path).toBe('/v1/messages/count_tokens');
  const prompt = JSON.parse(String(counted?.body));
  expect(prompt.messages[1].content[0]).toEqual({ ...thinking, signature: raw });
  expect(prompt).not.toHaveProperty('max_tokens');
  expect(gateway.logged.slice(linesBefore).join('')).not.toContain('did not count');
});

test.each([
  ['a 404', { status: 404 }],
  ['a 429', { status: 429 }],
  ['an answer that is no JSON', { body: '<html>' }],
  ['an answer without a count', { body: '{"input_tokens":"many"}' }],
  ['a connection that breaks', { isRefusing: true }],
])('case 86: when the provider gives %s, the prompt is counted here', async (_name, script) => {
  gateway.provider.script(script);
  const tokens = await count(MESSAGES, { model: 'claude', messages: hello });
  expect(tokens).toBe(await count(MESSAGES, { model: 'chat', messages: hello }));
});

test.each([
  ['no model', { messages: hello }, 400],
  ['no messages', { model: 'chat' }, 400],
  ['a model that is not there', { model: 'nothing', messages: hello }, 404],
  ['a body that is no JSON', '{', 400],
])('%s is refused in the form of the client', async (_name, body, status) => {
  const response = await gateway.post(MESSAGES, body);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ type: 'error', error: { message: expect.any(String) } });
});

test('a key that may not use the model may not count for it', async () => {
  const { plaintext } = await gateway.makeKey({ models: ['both'] });
  const response = await gateway.post(
    MESSAGES,
    { model: 'chat', messages: hello },
    { 'x-api-key': plaintext },
  );
  expect(response.status).toBe(403);
});

test('GET on the address of a count is refused', async () => {
  const response = await fetch(`${gateway.url}${MESSAGES}`, { headers: { 'x-api-key': gateway.key } });
  expect([404, 405]).toContain(response.status);
});

test('a prompt of Responses is counted with its instructions and tools', async () => {
  const path = '/v1/responses/input_tokens';
  const instructions = 'You are helpful. '.repeat(50);
  const tools = [
    { type: 'function', name: 'look', description: 'Looks at a file.', parameters: { type: 'object' } },
  ];
  const alone = await count(path, { model: 'chat', input: 'Hello there, how are you today?' });
  expect(alone).toBe(await count(MESSAGES, { model: 'chat', messages: hello }));
  const response = await gateway.post(path, { model: 'chat', input: 'Hello there', instructions, tools });
  const answer = (await response.json()) as { object: string; input_tokens: number };
  expect(answer.object).toBe('response.input_tokens');
  const direct = alone + countTokens(instructions) + 20;
  expect(Math.abs(answer.input_tokens - direct) / direct).toBeLessThan(0.1);
});

const contents = [{ role: 'user', parts: [{ text: 'Hello there, how are you today?' }] }];
const declared = {
  systemInstruction: { parts: [{ text: 'You are helpful. '.repeat(50) }] },
  tools: [
    {
      functionDeclarations: [
        { name: 'look', description: 'Looks at a file.', parameters: { type: 'OBJECT' } },
      ],
    },
  ],
};

test.each(['/v1beta/models/chat:countTokens', '/v1/models/chat:countTokens'])(
  'case 87: %s takes contents alone and a whole request',
  async (path) => {
    const alone = await count(path, { contents });
    expect(alone).toBeGreaterThanOrEqual(8);
    expect(alone).toBeLessThan(20);
    const whole = { model: 'models/chat', contents, ...declared };
    const tokens = await count(path, { generateContentRequest: whole });
    const direct = alone + countTokens('You are helpful. '.repeat(50)) + 20;
    expect(Math.abs(tokens - direct) / direct).toBeLessThan(0.1);
    expect(await count(path, { generate_content_request: whole })).toBe(tokens);
  },
);

test("case 87: Gemini's own count is asked for, under the target's name", async () => {
  gateway.provider.script({ body: '{"totalTokens":77}' });
  const body = { generateContentRequest: { model: 'models/google', contents, somethingNew: 1 } };
  expect(await count('/v1beta/models/google:countTokens', body)).toBe(77);
  const [seen] = gateway.provider.requests;
  expect(seen?.path).toBe('/v1/models/upstream-google:countTokens');
  expect(JSON.parse(String(seen?.body))).toEqual({
    generateContentRequest: { model: 'models/upstream-google', contents, somethingNew: 1 },
  });
});

test('case 86: a provider of another dialect counts what it would be sent', async () => {
  gateway.provider.script({ body: '{"totalTokens":55}' }, { body: '{"input_tokens":66}' });
  expect(await count(MESSAGES, { model: 'google', system: 'Be brief.', messages: hello })).toBe(55);
  expect(JSON.parse(String(gateway.provider.requests[0]?.body))).toMatchObject({
    generateContentRequest: {
      model: 'models/upstream-google',
      systemInstruction: { parts: [{ text: 'Be brief.' }] },
      contents: [{ role: 'user' }],
    },
  });
  expect(await count('/v1beta/models/claude:countTokens', { contents })).toBe(66);
  const asked = JSON.parse(String(gateway.provider.requests[1]?.body));
  expect(Object.keys(asked).sort()).toEqual(['messages', 'model']);
});

test('a refusal of a count of Gemini is in the form of Gemini', async () => {
  const response = await gateway.post('/v1beta/models/nothing:countTokens', { contents });
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ error: { code: 404, status: 'NOT_FOUND' } });
});
