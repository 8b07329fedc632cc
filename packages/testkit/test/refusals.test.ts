// The scripted provider is the judge of every conversion, so it has to refuse what the real ones refuse.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ScriptedProvider } from '../src/index.ts';
import { thinkingSignature } from '../src/providers/anthropic-messages-seals.ts';
import { thoughtSignature } from '../src/providers/gemini-signatures.ts';
import { encryptedReasoning } from '../src/providers/openai-responses-seals.ts';

let provider: ScriptedProvider;
beforeAll(async () => {
  provider = await ScriptedProvider.open();
});
afterAll(() => provider.close());
beforeEach(() => provider.reset());

type Case = readonly [title: string, body: object, words: string | undefined];

async function refusal(path: string, body: object): Promise<string | undefined> {
  const response = await fetch(provider.baseUrl + path, { method: 'POST', body: JSON.stringify(body) });
  const answer = (await response.json()) as { readonly error?: { readonly message: string } | null };
  expect(response.status >= 400).toBe(Boolean(answer.error));
  return answer.error?.message;
}

function check(path: string, cases: readonly Case[]): void {
  test.each(cases)('%s', async (_title, body, words) => {
    const said = await refusal(path, body);
    if (words === undefined) expect(said).toBeUndefined();
    else expect(said).toContain(words);
  });
}

const hello = { role: 'user', content: 'Hello' };
const args = '{"city":"Bergen"}';

describe('a provider of Chat Completions', () => {
  const call = (id: string, more: object = {}) => ({
    role: 'assistant',
    content: null,
    tool_calls: [{ id, type: 'function', function: { name: 'weather', arguments: args } }],
    ...more,
  });
  const result = (id: string, content: unknown = 'rain') => ({ role: 'tool', tool_call_id: id, content });
  const of = (...messages: object[]) => ({ model: 'm', messages });
  const deepseek = (...messages: object[]) => ({ model: 'deepseek-v4-pro', messages });
  check('/chat/completions', [
    ['takes a call and its result', of(hello, call('call_1'), result('call_1')), undefined],
    ['refuses no message', of(), "Invalid 'messages': empty array"],
    [
      'refuses a call without its result',
      of(hello, call('call_1'), hello),
      'did not have response messages: call_1',
    ],
    [
      'refuses a result without its call',
      of(hello, result('call_1')),
      'must be a response to a preceeding message',
    ],
    [
      'refuses an id that is too long',
      of(hello, call('c'.repeat(41)), result('c'.repeat(41))),
      'maximum length 40',
    ],
    [
      'refuses an image in a result',
      of(hello, call('c'), result('c', [{ type: 'image_url' }])),
      "Invalid value: 'image_url'",
    ],
    ['refuses nothing said', of({ role: 'assistant', content: null }), 'expected a string, got null'],
    ['refuses a role that it does not know', of({ role: 'model', content: 'x' }), "Invalid value: 'model'"],
    [
      'refuses tools of another dialect',
      { ...of(hello), tools: [{ name: 'a', input_schema: {} }] },
      'Supported values are',
    ],
    ['refuses the fields of others', { ...of(hello), max_output_tokens: 5 }, 'Unrecognized request argument'],
    ['refuses a choice without tools', { ...of(hello), tool_choice: 'required' }, 'only allowed when'],
    [
      'refuses the older limit for newer models',
      { ...of(hello), model: 'gpt-5.5', max_tokens: 5 },
      'max_completion_tokens',
    ],
    [
      'takes thoughts that come back',
      deepseek(hello, call('c', { reasoning_content: 'Hm.' }), result('c')),
      undefined,
    ],
    [
      'refuses a call without its thoughts',
      deepseek(hello, call('c'), result('c')),
      'must be passed back to the API',
    ],
  ]);
});

describe('a provider of Responses', () => {
  const call = (more: object = {}) => ({
    type: 'function_call',
    call_id: 'call_1',
    name: 'weather',
    arguments: args,
    ...more,
  });
  const output = { type: 'function_call_output', call_id: 'call_1', output: 'rain' };
  const thought = (more: object) => ({ type: 'reasoning', summary: [], ...more });
  const of = (...input: object[]) => ({ model: 'gpt-5.5', store: false, input });
  const sealed = encryptedReasoning('rs_1');
  check('/responses', [
    [
      'takes a thought, a call and its result',
      of(hello, thought({ id: 'rs_1', encrypted_content: sealed }), call(), output),
      undefined,
    ],
    ['takes a thought that lost its id', of(hello, thought({ encrypted_content: sealed }), hello), undefined],
    [
      'refuses a thought under another id',
      of(hello, thought({ id: 'rs_2', encrypted_content: sealed })),
      'could not be verified',
    ],
    [
      'refuses the thought of another',
      of(hello, thought({ id: 'rs_1', encrypted_content: 'gAAA' })),
      'could not be verified',
    ],
    ['refuses a thought that it did not keep', of(hello, thought({ id: 'rs_1' })), 'Items are not persisted'],
    [
      'refuses a thought without a summary',
      of(hello, { type: 'reasoning', encrypted_content: sealed }),
      "input[1].summary'",
    ],
    ['refuses a call without its result', of(hello, call()), 'No tool output found for function call call_1'],
    ['refuses a result without its call', of(hello, output), 'No tool call found for function call output'],
    ['refuses the id of another kind of item', of(hello, call({ id: 'call_1' }), output), "begins with 'fc'"],
    ['refuses arguments that are an object', of(hello, call({ arguments: {} }), output), 'expected a string'],
    [
      'refuses content of another role',
      of({ role: 'assistant', content: [{ type: 'input_text', text: 'x' }] }),
      "'output_text'",
    ],
    ['refuses the fields of others', { ...of(hello), messages: [] }, "Unknown parameter: 'messages'"],
    [
      'refuses a strict schema that is none',
      {
        ...of(hello),
        tools: [{ type: 'function', name: 'a', strict: true, parameters: { type: 'object' } }],
      },
      "'additionalProperties' is required",
    ],
  ]);
});

describe('a provider of Messages', () => {
  const call = { type: 'tool_use', id: 'toolu_1', name: 'weather', input: {} };
  const result = { type: 'tool_result', tool_use_id: 'toolu_1', content: 'rain' };
  const text = { type: 'text', text: 'So?' };
  const said = (...content: object[]) => ({ role: 'assistant', content });
  const user = (...content: object[]) => ({ role: 'user', content });
  const thought = (signature: string) => ({ type: 'thinking', thinking: 'Hm.', signature });
  const of = (...messages: object[]) => ({ model: 'claude-sonnet-4-5', max_tokens: 9_000, messages });
  const thinks = { thinking: { type: 'enabled', budget_tokens: 2_000 } };
  const own = thinkingSignature('Hm.');
  check('/messages', [
    [
      'takes a thought, a call and its result',
      of(hello, said(thought(own), call), user(result, text)),
      undefined,
    ],
    ['refuses no limit', { model: 'm', messages: [hello] }, 'max_tokens: Field required'],
    ['refuses that another begins', of(said(text), hello), 'first message must use the "user" role'],
    ['refuses an empty text', of(user({ type: 'text', text: '' })), 'must be non-empty'],
    [
      'refuses the thought of another',
      of(hello, said(thought('c2ln'), call), user(result)),
      'Invalid `signature` in `thinking` block',
    ],
    [
      'refuses other words under its signature',
      of(hello, said({ ...thought(own), thinking: 'Ha.' }), hello),
      'Invalid `signature`',
    ],
    [
      'refuses a call without its result',
      of(hello, said(call), hello),
      'without `tool_result` blocks immediately after: toolu_1',
    ],
    ['refuses words before the result', of(hello, said(call), user(text, result)), 'immediately after'],
    ['refuses a result without its call', of(hello, said(text), user(result)), 'unexpected `tool_use_id`'],
    [
      'refuses an id that it cannot be',
      of(hello, said({ ...call, id: 'a|b' }), user({ ...result, tool_use_id: 'a|b' })),
      'should match pattern',
    ],
    [
      'refuses a call without a thought while it thinks',
      { ...of(hello, said(call), user(result)), ...thinks },
      'must start with a thinking block',
    ],
    [
      'refuses a system turn in older models',
      of(hello, { role: 'system', content: 'x' }, hello),
      'Unexpected role "system"',
    ],
    [
      'refuses prefill in newer models',
      { ...of(hello, said(text)), model: 'claude-opus-5-5' },
      'assistant message prefill',
    ],
    [
      'refuses sampling in newer models',
      { ...of(hello), model: 'claude-opus-5-5', temperature: 0.5 },
      'is deprecated for this model',
    ],
    [
      'refuses tools of another dialect',
      { ...of(hello), tools: [{ type: 'function', function: {} }] },
      'does not match any of the expected tags',
    ],
    [
      'refuses a schema of branches',
      { ...of(hello), tools: [{ name: 'a', input_schema: { type: 'object', anyOf: [] } }] },
      'at the top level',
    ],
    [
      'refuses a fifth mark',
      of(user(...Array.from({ length: 5 }, () => ({ ...text, cache_control: { type: 'ephemeral' } })))),
      'Found 5',
    ],
  ]);
});

describe('a provider of generateContent', () => {
  const model = 'gemini-3.8-flash';
  const user = (...parts: object[]) => ({ role: 'user', parts });
  const said = (...parts: object[]) => ({ role: 'model', parts });
  const call = (thoughtSignature?: string, more: object = {}) => ({
    functionCall: { name: 'weather', args: {}, ...more },
    ...(thoughtSignature !== undefined && { thoughtSignature }),
  });
  const response = (more: object = {}) => ({
    functionResponse: { name: 'weather', response: { output: 'rain' }, ...more },
  });
  const own = thoughtSignature(model);
  const of = (...contents: object[]) => ({ contents: [user({ text: 'Hello' }), ...contents] });
  const declares = (parameters: object) => ({
    ...of(),
    tools: [{ functionDeclarations: [{ name: 'a', parameters }] }],
  });
  const property = (schema: object) => declares({ type: 'OBJECT', properties: { a: schema } });
  check(`/models/${model}:generateContent`, [
    ['takes a signed call and its response', of(said(call(own)), user(response())), undefined],
    ['takes the sentinel', of(said(call('skip_thought_signature_validator')), user(response())), undefined],
    [
      'takes one signature for calls made at once',
      of(said(call(own), call()), user(response(), response())),
      undefined,
    ],
    ['refuses a call without a signature', of(said(call()), user(response())), 'missing a thought_signature'],
    [
      'refuses a second step without one',
      of(said(call(own)), user(response()), said(call()), user(response())),
      'missing a thought_signature',
    ],
    [
      'takes older calls without one',
      of(said(call()), user(response()), said({ text: 'Rain.' }), user({ text: 'Thanks.' })),
      undefined,
    ],
    [
      'refuses the signature of another',
      of(said(call('c2ln')), user(response())),
      'Corrupted thought signature',
    ],
    [
      'refuses a signature that is no base64',
      of(said(call('aisw1.s.x')), user(response())),
      'Base64 decoding failed',
    ],
    [
      'refuses a call without its response',
      of(said(call(own)), user({ text: 'x' })),
      'equal to the number of function call parts',
    ],
    ['refuses a response without its call', of(user(response())), 'immediately after a function call turn'],
    [
      'refuses a response of another id',
      of(said(call(own, { id: 'a' })), user(response({ id: 'b' }))),
      'has no function call',
    ],
    [
      'refuses a response that is a text',
      of(said(call(own)), user(response({ response: 'rain' }))),
      'protobuf.Struct',
    ],
    ['refuses a name that it does not know', { ...of(), messages: [] }, 'Unknown name "messages"'],
    [
      'refuses a keyword that it does not know',
      property({ type: 'INTEGER', exclusiveMinimum: 0 }),
      'Unknown name "exclusiveMinimum"',
    ],
    ['refuses a list without its items', property({ type: 'ARRAY' }), 'items: missing field'],
    [
      'refuses an object without properties',
      declares({ type: 'OBJECT', properties: {} }),
      'should be non-empty for OBJECT type',
    ],
    [
      'refuses a role that it does not know',
      of({ role: 'assistant', parts: [{ text: 'x' }] }),
      'Please use a valid role',
    ],
    ['refuses an empty part', of(user({})), "required oneof field 'data'"],
    [
      'refuses two measures of thinking',
      { ...of(), generationConfig: { thinkingConfig: { thinkingBudget: 1, thinkingLevel: 'LOW' } } },
      'only one of thinking budget',
    ],
  ]);
});

test('what it refuses is remembered, and taken when it is not to be strict', async () => {
  await refusal('/messages', { model: 'm', messages: [] });
  expect(provider.refusals).toEqual(['/v1/messages: max_tokens: Field required']);
  provider.isStrict = false;
  expect(await refusal('/messages', { model: 'm', messages: [] })).toBeUndefined();
  provider.isStrict = true;
});
