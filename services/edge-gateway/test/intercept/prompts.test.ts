// What a client sends is looked at before anybody is asked: in every dialect, wherever in the request it stands.

import { RuleAction, RuleMode, Surface } from '@ai-switch/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ask, CHAT, GEMINI, MESSAGES, PATHS, RESPONSES } from '../gateway.ts';
import { ON_PROMPTS, openRuledGateway, type RuledGateway, setOf } from './with-rules.ts';

let gateway: RuledGateway;
beforeAll(async () => {
  gateway = await openRuledGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());
beforeEach(() => {
  gateway.rules.length = 0;
  gateway.provider.reset();
});

const SECRET = 'Project Nightingale';
const BLOCK = { pattern: SECRET, ruleId: 'no-nightingale', message: 'Nightingale is confidential.' };

/** The same words in each place of a request that holds any. */
const PLACES: readonly { readonly where: string; readonly path: string; readonly body: object }[] = [
  ...PATHS.map((path) => ({ where: 'what the user says', path, body: ask(path, 'chat', { text: SECRET }) })),
  ...PATHS.map((path) => ({
    where: 'what the user says, streamed',
    path,
    body: ask(path, 'chat', { text: `Tell me of ${SECRET}, please.`, stream: true }),
  })),
  { where: 'the system prompt', path: MESSAGES, body: ask(MESSAGES, 'chat', { system: SECRET }) },
  { where: 'the instructions', path: RESPONSES, body: ask(RESPONSES, 'chat', { instructions: SECRET }) },
  {
    where: 'the system instruction',
    path: GEMINI,
    body: ask(GEMINI, 'chat', { systemInstruction: { parts: [{ text: SECRET }] } }),
  },
  {
    where: 'what a tool is for',
    path: CHAT,
    body: ask(CHAT, 'chat', {
      tools: [
        { type: 'function', function: { name: 'x', description: SECRET, parameters: { type: 'object' } } },
      ],
    }),
  },
  {
    where: 'a document in base64',
    path: MESSAGES,
    body: ask(MESSAGES, 'chat', {
      text: [
        {
          type: 'document',
          source: { type: 'base64', media_type: 'text/plain', data: Buffer.from(SECRET).toString('base64') },
        },
      ],
    }),
  },
  {
    where: 'what an assistant is said to have said',
    path: CHAT,
    body: {
      model: 'chat',
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: SECRET },
        { role: 'user', content: 'Go on' },
      ],
    },
  },
  {
    where: 'a field that nobody knows',
    path: CHAT,
    body: ask(CHAT, 'chat', { prediction: { type: 'content', content: SECRET } }),
  },
];

describe.each(PLACES)('$where of $path', ({ path, body }) => {
  test('is refused with the message of the rule, and nobody is asked', async () => {
    gateway.rules.push(setOf({ ...BLOCK, surfaces: ON_PROMPTS }));
    const response = await gateway.post(path, body);
    const text = await response.text();
    expect(response.status).toBe(400);
    const requestId = response.headers.get('x-request-id');
    expect(text).toContain('Nightingale is confidential.');
    expect(text).toContain(requestId);
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(gateway.provider.requests).toEqual([]);
    const [event] = await gateway.events(requestId, 1);
    expect(event).toMatchObject({
      action: 'interception.block',
      subject: 'no-nightingale',
      actor: gateway.userId,
      details: { mode: 'contains', surface: 'prompt', length: String(SECRET.length) },
    });
    expect(
      JSON.stringify(event, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
    ).not.toContain('Nightingale');
    const record = await gateway.accessRecord(requestId);
    expect(record).toMatchObject({
      outcome: 'intercepted',
      faultCode: 'forbidden',
      httpStatus: 400,
      attempts: 0,
    });
  });

  test('goes to the provider where the rule only flags, and where another surface is ruled', async () => {
    gateway.rules.push(setOf({ ...BLOCK, surfaces: [Surface.TOOL_RESULT] }));
    expect((await gateway.post(path, body)).status).toBe(200);
    gateway.rules.push(setOf({ ...BLOCK, action: RuleAction.FLAG, surfaces: ON_PROMPTS }));
    const response = await gateway.post(path, body);
    expect(response.status).toBe(200);
    await response.text();
    const [event] = await gateway.events(response.headers.get('x-request-id'), 1);
    expect(event).toMatchObject({ action: 'interception.flag', subject: 'no-nightingale' });
  });
});

test('what a tool answered is a surface of its own', async () => {
  gateway.rules.push(setOf({ ...BLOCK, surfaces: [Surface.TOOL_RESULT] }));
  const conversation = (path: string) => TOOL_CONVERSATIONS[path]?.('{"x":1}', SECRET) ?? {};
  for (const path of PATHS) expect((await gateway.post(path, conversation(path))).status).toBe(400);
  expect((await gateway.post(CHAT, ask(CHAT, 'chat', { text: SECRET }))).status).toBe(200);
});

test('a call that a client sends back is a surface of its own', async () => {
  const rule = { pattern: 'rm -rf /', mode: RuleMode.PREFIX, surfaces: [Surface.TOOL_CALL] };
  gateway.rules.push(setOf(rule));
  for (const path of PATHS) {
    const body = TOOL_CONVERSATIONS[path]?.('{"command":"ls; rm -rf /home"}', 'done') ?? {};
    expect([path, (await gateway.post(path, body)).status]).toEqual([path, 400]);
  }
  expect((await gateway.post(CHAT, ask(CHAT, 'chat', { text: 'rm -rf /' }))).status).toBe(200);
});

/** A conversation with one call and its answer, in each dialect. */
const TOOL_CONVERSATIONS: Readonly<Record<string, (args: string, result: string) => object>> = {
  [CHAT]: (args, content) => ({
    model: 'chat',
    messages: [
      { role: 'user', content: 'Go' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'run', arguments: args } }],
      },
      { role: 'tool', tool_call_id: 'call_1', content },
    ],
  }),
  [RESPONSES]: (args, output) => ({
    model: 'chat',
    input: [
      { role: 'user', content: 'Go' },
      { type: 'function_call', call_id: 'call_1', name: 'run', arguments: args },
      { type: 'function_call_output', call_id: 'call_1', output },
    ],
  }),
  [MESSAGES]: (args, content) => ({
    model: 'chat',
    max_tokens: 100,
    messages: [
      { role: 'user', content: 'Go' },
      {
        role: 'assistant',
        content: [{ type: 'tool_use', id: 'call_1', name: 'run', input: JSON.parse(args) }],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content }] },
    ],
  }),
  [GEMINI]: (args, output) => ({
    model: 'chat',
    contents: [
      { role: 'user', parts: [{ text: 'Go' }] },
      { role: 'model', parts: [{ functionCall: { name: 'run', args: JSON.parse(args) } }] },
      { role: 'user', parts: [{ functionResponse: { name: 'run', response: { output } } }] },
    ],
  }),
};

test('embeddings are looked at like prompts, and tokens that cannot be are refused', async () => {
  gateway.rules.push(setOf({ ...BLOCK, surfaces: ON_PROMPTS }));
  for (const input of [SECRET, ['fine', SECRET], [1, 2, 3]]) {
    const response = await gateway.post('/v1/embeddings', { model: 'chat', input });
    expect(response.status).toBe(400);
    await gateway.events(response.headers.get('x-request-id'), 1);
  }
  expect((await gateway.post('/v1/embeddings', { model: 'chat', input: 'fine' })).status).toBe(200);
});

test('what a rule blocks is not counted by a provider either', async () => {
  gateway.rules.push(setOf({ ...BLOCK, surfaces: ON_PROMPTS }));
  const response = await gateway.post(
    '/v1/messages/count_tokens',
    ask(MESSAGES, 'messages', { text: SECRET }),
  );
  expect(response.status).toBe(400);
});
