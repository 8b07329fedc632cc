import { MESSAGES } from '../../gateway.ts';
import { blocksOf } from '../answers.ts';
import type { Client } from '../client.ts';
import { type Json, objectOf, textOf } from '../json.ts';

export interface Habits {
  /** Of a model that thinks by a budget, as older ones do. */
  readonly hasBudget?: boolean;
}

/** Tools that it holds back until a search found them, results with pictures and papers, and system text anywhere. */
export function claudeCode({ hasBudget = false }: Habits = {}): Client {
  return {
    name: hasBudget ? 'Claude Code with a budget to think' : 'Claude Code',
    path: MESSAGES,
    steps: [
      {
        calls: [
          { tool: 'Bash', input: { command: 'ls' } },
          { tool: 'Read', input: { file_path: '/srv/a.png' } },
        ],
      },
      { calls: [{ tool: 'ToolSearch', input: { query: 'select:mcp__chat__post' } }] },
      { calls: [{ tool: 'mcp__chat__post', input: { text: 'hi' } }] },
    ],
    begin: () => begin(hasBudget),
  };
}

function begin(hasBudget: boolean) {
  const messages: Json[] = [
    {
      role: 'user',
      content: [
        { type: 'text', text: '<system-reminder>\nToday is 2026-11-22.\n</system-reminder>\n' },
        { type: 'text', text: 'Look around.', cache_control: CACHE },
      ],
    },
  ];
  let calls: readonly Json[] = [];
  let isFound = false;
  let askedOnce = false;
  return {
    ask(model: string, stream: boolean) {
      // What was told in blocks the first time is a plain string from then on.
      const system = 'The user works in /srv, a git repository.';
      const told = askedOnce
        ? { role: 'system', content: system }
        : {
            role: 'system',
            content: [{ type: 'text', text: system, cache_control: CACHE }],
            output_config: { effort: 'medium' },
          };
      askedOnce = true;
      return {
        ...settings(model, hasBudget),
        messages: [messages[0], told, ...messages.slice(1)],
        tools: tools(isFound),
        stream,
      };
    },
    hear(raw: string) {
      const content = blocksOf(raw);
      messages.push({ role: 'assistant', content });
      calls = content.filter(({ type }) => type === 'tool_use');
      return {
        text: content.map(({ text }) => textOf(text)).join(''),
        calls: calls.map(({ id, name, input }) => ({ id: textOf(id), tool: textOf(name), input })),
      };
    },
    run(results: readonly string[]) {
      const content = calls.map(({ id, name }, at) => {
        isFound ||= name === 'ToolSearch';
        return { tool_use_id: id, type: 'tool_result', content: resultOf(textOf(name), results[at] ?? '') };
      });
      messages.push({
        role: 'user',
        content: [...content, { type: 'text', text: '<system-reminder>\nBe brief.\n</system-reminder>' }],
      });
      messages.push({ role: 'system', content: 'The user opened a.ts in the editor.' });
    },
    say(text: string) {
      messages.push({ role: 'user', content: text });
    },
  };
}

const CACHE = { type: 'ephemeral' };
const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const PDF = Buffer.from('%PDF-1.4\n%%EOF\n').toString('base64');

function resultOf(tool: string, result: string): string | readonly object[] {
  if (tool === 'ToolSearch') return [{ type: 'tool_reference', tool_name: 'mcp__chat__post' }];
  if (tool !== 'Read') return result;
  return [
    { type: 'text', text: result },
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
    { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: PDF } },
  ];
}

function settings(model: string, hasBudget: boolean): object {
  return {
    model,
    system: [
      {
        type: 'text',
        text: 'x-anthropic-billing-header: cc_version=2.1.330.a81; cc_entrypoint=sdk-cli; cch=00000;',
      },
      { type: 'text', text: 'You are a Claude agent.', cache_control: CACHE },
      { type: 'text', text: 'You help with software.', cache_control: CACHE },
    ],
    metadata: { user_id: '{"device_id":"5f1c","account_uuid":"","session_id":"0d6e7a52"}' },
    max_tokens: 64_000,
    thinking: hasBudget
      ? { type: 'enabled', budget_tokens: 31_999 }
      : { type: 'adaptive', display: 'summarized' },
    ...(!hasBudget && { output_config: { effort: 'high' } }),
    context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
  };
}

function tools(isFound: boolean): readonly object[] {
  const schema = (properties: object, required: readonly string[]) => ({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties,
    required,
    additionalProperties: false,
  });
  return [
    {
      name: 'Bash',
      description: 'Runs a command.',
      input_schema: schema(
        {
          command: { type: 'string' },
          timeout: { type: 'number', exclusiveMinimum: 0, maximum: 9_007_199_254_740_991 },
          run_in_background: { type: 'boolean', default: false },
        },
        ['command'],
      ),
    },
    {
      name: 'Read',
      description: 'Reads a file.',
      input_schema: schema({ file_path: { type: 'string' } }, ['file_path']),
    },
    {
      name: 'WebFetch',
      description: 'Fetches.',
      input_schema: schema({ url: { type: 'string', format: 'uri' } }, ['url']),
    },
    {
      name: 'ToolSearch',
      description: 'Finds tools.',
      input_schema: schema({ query: { type: 'string' } }, ['query']),
    },
    ...(isFound
      ? [
          {
            name: 'mcp__chat__post',
            description: 'Posts.',
            input_schema: schema({ text: { type: 'string' } }, ['text']),
            defer_loading: true,
          },
        ]
      : []),
    {
      name: 'DeferredToolPlaceholder',
      description: 'Never called.',
      input_schema: { type: 'object', properties: {} },
      defer_loading: true,
    },
  ];
}

/** The request of its WebSearch tool, a conversation of its own. */
export function webSearchOf(model: string, isStreaming: boolean): Json {
  return objectOf({
    model,
    max_tokens: 32_000,
    system: [{ type: 'text', text: 'You are an assistant for performing a web search tool use' }],
    messages: [{ role: 'user', content: 'Perform a web search for the query: swifts' }],
    tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses: 8 }],
    tool_choice: { type: 'auto' },
    stream: isStreaming,
  });
}
