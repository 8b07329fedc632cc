import { CHAT } from '../../gateway.ts';
import { chatMessageOf } from '../answers.ts';
import type { Client } from '../client.ts';
import { type Json, objectOf, textOf } from '../json.ts';

/** Its own tools, in the words of Chat Completions. */
export const STEPS_OF_SHELLS = [
  {
    calls: [
      { tool: 'bash', input: { command: 'ls' } },
      { tool: 'read', input: { filePath: '/a' } },
    ],
  },
  { calls: [{ tool: 'bash', input: { command: 'pwd' } }] },
  { calls: [{ tool: 'read', input: { filePath: '/b' } }] },
];

/** @param isThoughtEchoed OpenCode sends thoughts back as words, the SDK's users do not */
function chatClient(name: string, isThoughtEchoed: boolean): Client {
  return { name, path: CHAT, steps: STEPS_OF_SHELLS, begin: () => begin(isThoughtEchoed) };
}

export const openCodeChat = chatClient('OpenCode in Chat Completions', true);
export const openaiSdkChat = chatClient('a loop of the OpenAI SDK', false);

function begin(isThoughtEchoed: boolean) {
  const messages: Json[] = [
    { role: 'system', content: 'You are opencode.' },
    { role: 'user', content: 'Look around.' },
  ];
  let calls: readonly Json[] = [];
  return {
    ask: (model: string, stream: boolean) => ({
      model,
      messages: [...messages],
      tools: TOOLS,
      tool_choice: 'auto',
      max_tokens: 32_000,
      ...(isThoughtEchoed && { reasoning_effort: 'medium' }),
      stream,
      ...(stream && { stream_options: { include_usage: true } }),
    }),
    hear(raw: string) {
      const { content, reasoning, toolCalls } = chatMessageOf(raw);
      messages.push({
        role: 'assistant',
        content,
        ...(isThoughtEchoed && reasoning !== '' && { reasoning_content: reasoning }),
        ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
      });
      calls = toolCalls;
      return { text: content, calls: calls.map(heard) };
    },
    run(results: readonly string[]) {
      messages.push(...calls.map(({ id }, at) => ({ role: 'tool', tool_call_id: id, content: results[at] })));
    },
    say(text: string) {
      messages.push({ role: 'user', content: text });
    },
  };
}

function heard({ id, function: called }: Json) {
  const { name, arguments: given } = objectOf(called);
  return { id: textOf(id), tool: textOf(name), input: JSON.parse(textOf(given)) };
}

const SCHEMA = 'http://json-schema.org/draft-07/schema#';

export function parametersOf(property: string): Json {
  return {
    $schema: SCHEMA,
    type: 'object',
    properties: {
      [property]: { type: 'string' },
      limit: { type: 'integer', minimum: -9_007_199_254_740_991, maximum: 9_007_199_254_740_991 },
    },
    required: [property],
    additionalProperties: false,
  };
}

const TOOLS = [
  { type: 'function', function: { name: 'bash', description: 'Runs.', parameters: parametersOf('command') } },
  {
    type: 'function',
    function: { name: 'read', description: 'Reads.', parameters: parametersOf('filePath') },
  },
];
