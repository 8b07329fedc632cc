import { CHAT } from '../../gateway.ts';
import { chatMessageOf } from '../answers.ts';
import type { Client, Step } from '../client.ts';
import { type Json, objectOf, textOf } from '../json.ts';

const PATCH = '*** Begin Patch\n*** End Patch\n';

const STEPS: readonly Step[] = [
  {
    calls: [
      { tool: 'Shell', input: { command: 'ls' } },
      { tool: 'Read', input: { path: 'a' } },
    ],
  },
  { calls: [{ tool: 'ApplyPatch', input: PATCH, as: 'custom ApplyPatch' }] },
  { calls: [{ tool: 'Shell', input: { command: 'pwd' } }] },
];

/** Bodies of Responses where Chat Completions are asked for, which are what it wants as answers. */
export const cursorResponses: Client = {
  name: 'Cursor with bodies of Responses',
  path: CHAT,
  steps: STEPS,
  begin() {
    const input: Json[] = [
      { role: 'system', content: 'You are an AI coding assistant. You operate in Cursor.' },
      { role: 'user', content: [{ type: 'input_text', text: '<user_query>\nLook around.\n</user_query>' }] },
    ];
    let calls: readonly Json[] = [];
    return {
      ask: (model, stream) => ({
        model,
        user: 'google-oauth2|1234567890',
        input: [...input],
        tools: [
          { type: 'function', name: 'Shell', description: 'Runs.', parameters: schemaOf('command') },
          {
            type: 'function',
            function: { name: 'Read', description: 'Reads.', parameters: schemaOf('path') },
          },
          {
            type: 'custom',
            name: 'ApplyPatch',
            description: 'Patches.',
            format: { type: 'grammar', syntax: 'lark', definition: 'start: /.+/' },
          },
        ],
        tool_choice: 'auto',
        store: false,
        stream,
        ...(stream && { stream_options: { include_usage: true } }),
        include: ['reasoning.encrypted_content'],
        reasoning: { effort: 'high', summary: 'auto' },
        text: { format: { type: 'text' }, verbosity: 'medium' },
        truncation: 'disabled',
        previous_response_id: null,
        metadata: { cursorConversationId: 'c-1' },
        prompt_cache_retention: '24h',
      }),
      hear(raw) {
        const { content, toolCalls } = chatMessageOf(raw);
        if (content !== '')
          input.push({ role: 'assistant', content: [{ type: 'output_text', text: content }] });
        input.push(...toolCalls.map(itemOf));
        calls = toolCalls;
        return { text: content, calls: toolCalls.map(heard) };
      },
      run(results) {
        const outputs = calls.map(({ id, type }, at) => ({
          type: type === 'custom' ? 'custom_tool_call_output' : 'function_call_output',
          call_id: id,
          output: results[at],
        }));
        input.push(...outputs);
      },
      say: (text) => input.push({ role: 'user', content: [{ type: 'input_text', text }] }),
    };
  },
};

function itemOf({ id, type, custom, function: called }: Json): Json {
  return type === 'custom'
    ? { type: 'custom_tool_call', call_id: id, ...objectOf(custom) }
    : { type: 'function_call', call_id: id, status: 'completed', ...objectOf(called) };
}

function heard({ id, type, custom, function: called }: Json) {
  const { name, arguments: given, input } = objectOf(type === 'custom' ? custom : called);
  const tool = type === 'custom' ? `custom ${name}` : textOf(name);
  return { id: textOf(id), tool, input: type === 'custom' ? input : JSON.parse(textOf(given)) };
}

function schemaOf(property: string): Json {
  return { type: 'object', properties: { [property]: { type: 'string' } }, required: [property] };
}

/** What it sends for names that look like Anthropic's: blocks of Messages within Chat Completions. */
export const cursorBlocks: Client = {
  name: 'Cursor with blocks of Messages',
  path: CHAT,
  steps: STEPS.slice(0, 1),
  begin() {
    const messages: Json[] = [
      { role: 'system', content: 'You are a coding assistant.' },
      { role: 'user', content: [{ type: 'text', text: 'Look around.' }] },
    ];
    let calls: readonly Json[] = [];
    return {
      ask: (model, stream) => ({
        model,
        messages: [...messages],
        tools: [
          { type: 'function', name: 'Shell', parameters: schemaOf('command') },
          { name: 'Read', description: 'Reads.', input_schema: schemaOf('path') },
          { type: 'custom', name: 'ApplyPatch', description: 'Patches.' },
        ],
        tool_choice: { type: 'auto' },
        stream,
        ...(stream && { stream_options: { include_usage: true } }),
      }),
      hear(raw) {
        const { content, toolCalls } = chatMessageOf(raw);
        const blocks = toolCalls.map(({ id, function: called }) => {
          const { name, arguments: given } = objectOf(called);
          return { type: 'tool_use', id, name, input: JSON.parse(textOf(given)) };
        });
        const text = content === '' ? [] : [{ type: 'text', text: content }];
        messages.push({ role: 'assistant', content: [...text, ...blocks] });
        calls = toolCalls;
        return { text: content, calls: toolCalls.map(heard) };
      },
      run(results) {
        const content = calls.map(({ id }, at) => ({
          type: 'tool_result',
          tool_use_id: id,
          content: [{ type: 'text', text: results[at] }],
        }));
        messages.push({ role: 'user', content });
      },
      say: (text) => messages.push({ role: 'user', content: text }),
    };
  },
};
