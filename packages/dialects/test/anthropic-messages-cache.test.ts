import { describe, expect, test } from 'vitest';
import { anthropicMessages } from '../src/anthropic-messages/index.ts';
import type { JsonObject } from '../src/json/value.ts';
import { sealEvent } from '../src/model/seal.ts';
import { openaiChat } from '../src/openai-chat/index.ts';

const mark = { cache_control: { type: 'ephemeral' } };
const text = (value: string): JsonObject => ({ type: 'text', text: value });

describe('what is cached for clients whose dialect has no marks', () => {
  const turn = (...messages: JsonObject[]): JsonObject => ({
    model: 'm',
    messages: [{ role: 'system', content: 'Be brief.' }, ...messages],
    tools: ['a', 'b'].map((name) => ({
      type: 'function',
      function: { name, parameters: { type: 'object' } },
    })),
  });
  const question = { role: 'user', content: 'go' };
  const called = {
    role: 'assistant',
    tool_calls: [{ id: 'c', type: 'function', function: { name: 'a', arguments: '{}' } }],
  };
  const result = { role: 'tool', tool_call_id: 'c', content: 'done' };
  const write = (body: JsonObject): JsonObject =>
    anthropicMessages.writeRequest(openaiChat.readRequest(body), 'claude-sonnet-4-5').body;

  test('case 99: the end of the system prompt, the last tool and the last words of the user are marked', () => {
    const body = write(turn(question, called, result));
    expect(body.system).toEqual([{ ...text('Be brief.'), ...mark }]);
    expect(body.tools).toMatchObject([{ name: 'a' }, { name: 'b', ...mark }]);
    const blocks = (body.messages as { content: JsonObject[] }[]).flatMap(({ content }) => content);
    expect(blocks.at(-1)).toMatchObject({ type: 'tool_result', ...mark });
    expect(JSON.stringify(body).match(/cache_control/g)).toHaveLength(3);
  });

  test('case 98: the marks aside, a later turn begins with the same bytes as the one before', () => {
    const bare = (body: JsonObject): JsonObject =>
      JSON.parse(JSON.stringify(body).replaceAll(`,"cache_control":{"type":"ephemeral"}`, '')) as JsonObject;
    const first = bare(write(turn(question)));
    const later = bare(write(turn(question, called, result)));
    expect(JSON.stringify([later.system, later.tools])).toBe(JSON.stringify([first.system, first.tools]));
    const messages = JSON.stringify(first.messages).slice(0, -1);
    expect(JSON.stringify(later.messages).startsWith(messages)).toBe(true);
  });

  test('is nothing where the target takes no marks', () => {
    const request = openaiChat.readRequest(turn(question));
    const { body } = anthropicMessages.writeRequest(request, 'claude-sonnet-4-5', { cacheControl: false });
    expect(JSON.stringify(body)).not.toContain('cache_control');
  });
});

test('case 99: a client that could have set marks is given none', () => {
  const body = {
    model: 'm',
    max_tokens: 9,
    system: 'Be brief.',
    messages: [{ role: 'user', content: 'go' }],
  };
  const written = anthropicMessages.writeRequest(anthropicMessages.readRequest(body), 'claude-sonnet-4-5');
  expect(JSON.stringify(written.body)).not.toContain('cache_control');
});

describe('a request of this dialect for a provider of this dialect', () => {
  const sealed = (signature: string): string => {
    const event = sealEvent({ type: 'signature', index: 0, signature }, 'zai/glm-5');
    return event.type === 'signature' ? event.signature : '';
  };
  const asked = (...thoughts: JsonObject[]): JsonObject => ({
    model: 'm',
    max_tokens: 9,
    messages: [
      { role: 'user', content: 'go' },
      { role: 'assistant', content: [...thoughts, text('Gone.')] },
      { role: 'user', content: 'on' },
    ],
  });
  const edits = (body: JsonObject, model: string): unknown =>
    anthropicMessages.passThroughEdits(anthropicMessages.readRequest(body), model);
  const thought = (signature: string): JsonObject => ({ type: 'thinking', thinking: 'Hm.', signature });

  test('case 57: goes through as it came when its thoughts are of that provider', () => {
    const body = asked(thought('EqQB'), { type: 'redacted_thinking', data: 'EmwK' });
    expect(edits(body, 'claude-opus-5')).toEqual({ model: 'claude-opus-5' });
  });

  test.each([
    ['a thought without a signature', thought('')],
    ['a thought in an envelope', thought(sealed('x'))],
    ['a hidden thought in an envelope', { type: 'redacted_thinking', data: sealed('x') }],
  ])('case 58: is written anew for %s', (_what, block) => {
    expect(edits(asked(block), 'claude-opus-5')).toBeUndefined();
  });

  test.each([
    ['case 20: adaptive thinking', { thinking: { type: 'adaptive' } }, 'claude-sonnet-4-5'],
    ['case 13: system text in the middle', {}, 'claude-sonnet-4-5'],
  ])('%s is written anew for a model before it, and for no other', (_what, more, model) => {
    const told = { role: 'system', content: 'The user opened a.ts.' };
    const body = { ...asked(), messages: [{ role: 'user', content: 'go' }, told], ...more };
    expect(edits(body, model)).toBeUndefined();
    expect(edits(body, 'claude-opus-4-8')).toEqual({ model: 'claude-opus-4-8' });
    expect(edits(body, 'glm-5')).toEqual({ model: 'glm-5' });
  });

  test('case 58: a thought without a signature goes to no Claude', () => {
    const { body, dropped } = anthropicMessages.writeRequest(
      anthropicMessages.readRequest(asked(thought(''))),
      'claude-opus-5',
    );
    expect(JSON.stringify(body)).not.toContain('thinking');
    expect(dropped).toEqual(['messages.1.thinking']);
  });

  test('other models of this dialect send thoughts without signatures, and get them back', () => {
    expect(edits(asked(thought('')), 'glm-5')).toEqual({ model: 'glm-5' });
    const request = anthropicMessages.readRequest(asked(thought('')));
    const { body, dropped } = anthropicMessages.writeRequest(request, 'glm-5');
    expect(body.messages).toMatchObject([{}, { content: [thought(''), text('Gone.')] }, {}]);
    expect(dropped).toEqual([]);
  });
});

test('a class of service has another name here', () => {
  const chat = (service_tier: string): JsonObject => ({
    model: 'm',
    messages: [{ role: 'user', content: 'hi' }],
    service_tier,
  });
  const write = (tier: string): [unknown, readonly string[]] => {
    const { body, dropped } = anthropicMessages.writeRequest(
      openaiChat.readRequest(chat(tier)),
      'claude-opus-5',
    );
    return [body.service_tier, dropped];
  };
  expect(write('default')).toEqual(['standard_only', []]);
  expect(write('auto')).toEqual(['auto', []]);
  expect(write('flex')).toEqual([undefined, ['service_tier']]);
});
