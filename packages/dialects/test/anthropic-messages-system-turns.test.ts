// https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages

import { describe, expect, test } from 'vitest';
import { anthropicMessages } from '../src/anthropic-messages/index.ts';
import type { WrittenRequest } from '../src/dialect.ts';
import type { JsonObject, JsonValue } from '../src/json/value.ts';
import { openaiChat } from '../src/openai-chat/index.ts';

const user = { role: 'user', content: 'Hi.' };
const assistant = { role: 'assistant', content: 'Hello.' };
const system = { role: 'system', content: 'Be brief.' };
const effort = { output_config: { effort: 'high' } };
const directive = { role: 'system', content: [], ...effort };
const called = { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'now', input: {} }] };
const answered = {
  role: 'user',
  content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'noon' }],
};

const read = (messages: JsonValue) => anthropicMessages.readRequest({ model: 'm', max_tokens: 1, messages });
const write = (messages: JsonValue, model: string): WrittenRequest =>
  anthropicMessages.writeRequest(read(messages), model);

/** Each message as its role and texts; a result as what it says, a reminder as `<…>`. */
function outline({ body }: WrittenRequest): string[] {
  return (body.messages as readonly JsonObject[]).map((message) => {
    const blocks = message.content as readonly JsonObject[];
    const texts = blocks.map((block) =>
      block.type === 'text'
        ? String(block.text).replace(/^<system-reminder>\n(.*)\n<\/system-reminder>$/s, '<$1>')
        : String(block.type),
    );
    const own = 'output_config' in message ? ' with output_config' : '';
    return `${message.role}: ${texts.join(' | ')}${own}`;
  });
}

describe('system text in the middle, for a model that takes it there', () => {
  test.each<[string, JsonValue, string[]]>([
    [
      'behind a user and before an assistant stays',
      [user, system, assistant, user],
      ['user: Hi.', 'system: Be brief.', 'assistant: Hello.', 'user: Hi.'],
    ],
    [
      'at the very end stays',
      [user, assistant, user, system],
      ['user: Hi.', 'assistant: Hello.', 'user: Hi.', 'system: Be brief.'],
    ],
    [
      'behind the results of calls stays',
      [user, called, answered, system],
      ['user: Hi.', 'assistant: tool_use', 'user: tool_result', 'system: Be brief.'],
    ],
    [
      'between a call and its result moves behind the result',
      [user, called, system, answered],
      ['user: Hi.', 'assistant: tool_use', 'user: tool_result', 'system: Be brief.'],
    ],
    [
      'twice in a row is one message',
      [user, system, system, assistant, user],
      ['user: Hi.', 'system: Be brief. | Be brief.', 'assistant: Hello.', 'user: Hi.'],
    ],
    ['between two users is told among their words', [user, system, user], ['user: Hi. | <Be brief.> | Hi.']],
    [
      'behind an assistant is told by the user',
      [user, assistant, system, user],
      ['user: Hi.', 'assistant: Hello.', 'user: <Be brief.> | Hi.'],
    ],
    ['first of all is told by the user', [system, user], ['user: <Be brief.> | Hi.']],
    [
      'keeps what it sets',
      [user, { ...system, ...effort }, assistant, user],
      ['user: Hi.', 'system: Be brief. with output_config', 'assistant: Hello.', 'user: Hi.'],
    ],
    [
      'that only sets something stays wherever it stands',
      [directive, user, assistant, directive, user],
      [
        'user: [The conversation goes on.]',
        'system:  with output_config',
        'user: Hi.',
        'assistant: Hello.',
        'system:  with output_config',
        'user: Hi.',
      ],
    ],
  ])('case 13: %s', (_, messages, expected) => {
    const written = write(messages, 'claude-opus-4-8');
    expect(outline(written)).toEqual(expected);
    expect(written.dropped).toEqual([]);
  });
});

describe('system text in the middle, for another model', () => {
  test.each(['claude-opus-4-7', 'claude-sonnet-4-5', 'claude-3-5-haiku-20241022', 'MiniMax-M3'])(
    'case 13: %s reads it among the words of the user',
    (model) => {
      const written = write([user, system, assistant, user], model);
      expect(outline(written)).toEqual(['user: Hi. | <Be brief.>', 'assistant: Hello.', 'user: Hi.']);
    },
  );

  test('case 13: what it sets is named as dropped, and one that says nothing is no message', () => {
    const written = write([user, { ...system, ...effort }, assistant, directive, user], 'claude-sonnet-4-5');
    expect(outline(written)).toEqual(['user: Hi. | <Be brief.>', 'assistant: Hello.', 'user: Hi.']);
    expect(written.dropped).toEqual(['messages.1.output_config', 'messages.3.output_config']);
  });

  test('case 13: Chat Completions keeps it in its place and names what it set', () => {
    const written = openaiChat.writeRequest(
      read([user, { ...system, ...effort }, assistant, directive, user]),
      'glm-5',
    );
    expect(written.body.messages).toEqual([user, system, assistant, user]);
    expect(written.dropped).toEqual(['messages.1.output_config', 'messages.3.output_config']);
  });
});
