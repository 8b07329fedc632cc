import { RESPONSES } from '../../gateway.ts';
import { itemsOf } from '../answers.ts';
import type { Client, Step } from '../client.ts';
import { type Json, objectOf, objectsOf, textOf } from '../json.ts';

type Kind = 'gpt-5.5' | 'an unknown model' | 'its default model';

/** By the name of the model: custom tools and searches, tools in namespaces, or all of them within the input. */
export function codex(kind: Kind): Client {
  return { name: `Codex for ${kind}`, path: RESPONSES, steps: STEPS[kind], begin: () => begin(kind) };
}

const PATCH = '*** Begin Patch\n*** Add File: a.py\n+"é\\n"\n*** End Patch\n';

const STEPS: Readonly<Record<Kind, readonly Step[]>> = {
  'gpt-5.5': [
    {
      calls: [
        { tool: 'exec_command', input: { cmd: 'ls' } },
        { tool: 'apply_patch', input: PATCH, as: 'custom apply_patch' },
      ],
    },
    { calls: [{ tool: 'tool_search', input: { query: 'calendar' }, as: 'search tool_search' }] },
    { calls: [{ tool: 'list_events', input: { day: 'today' }, as: 'mcp__calendar.list_events' }] },
  ],
  'an unknown model': [
    {
      calls: [
        { tool: 'exec_command', input: { cmd: 'ls' } },
        { tool: 'spawn_agent', input: { message: 'count' }, as: 'multi_agent_v1.spawn_agent' },
      ],
    },
    { calls: [{ tool: 'view_image', input: { path: '/x.png' } }] },
    { calls: [{ tool: 'exec_command', input: { cmd: 'pwd' } }] },
  ],
  'its default model': [
    { calls: [{ tool: 'exec', input: 'text(await tools.ls());', as: 'custom functions.exec' }] },
    { calls: [{ tool: 'spawn_agent', input: { message: 'count' }, as: 'collaboration.spawn_agent' }] },
    { calls: [{ tool: 'exec', input: 'done()', as: 'custom functions.exec' }] },
  ],
};

function begin(kind: Kind) {
  const isDefault = kind === 'its default model';
  const message = (role: string, text: string) => ({
    type: 'message',
    role,
    content: [{ type: 'input_text', text }],
    ...(isDefault && {
      id: 'msg_019aa6f0-41b7-7c33-9a1c-2b8f4f6f0e04',
      internal_chat_message_metadata_passthrough: { turn_id: 't' },
    }),
  });
  const input: Json[] = [
    ...(isDefault
      ? [{ type: 'additional_tools', role: 'developer', tools: ADDITIONAL, id: 'at_019aa6f0' }]
      : []),
    message('developer', 'You are Codex.'),
    message('user', '<environment_context>\n  <cwd>/repo</cwd>\n</environment_context>'),
    message('user', 'Look around.'),
  ];
  let calls: readonly Json[] = [];
  return {
    ask: (model: string, stream: boolean) => ({
      model,
      input: [...input],
      ...(kind === 'gpt-5.5' && { tools: TOOLS }),
      ...(kind === 'an unknown model' && { tools: TOOLS_OF_UNKNOWN }),
      tool_choice: 'auto',
      parallel_tool_calls: !isDefault,
      reasoning: { effort: 'medium', summary: 'auto', ...(isDefault && { context: 'all_turns' }) },
      store: false,
      stream,
      include: ['reasoning.encrypted_content'],
      prompt_cache_key: '019aa6f0-3a5c',
      text: { verbosity: 'low' },
      client_metadata: { session_id: '019aa6f0', 'x-codex-turn-metadata': '{"sandbox":"none"}' },
    }),
    hear(raw: string) {
      const items = itemsOf(raw);
      input.push(...items.map((item) => kept(item, isDefault)));
      calls = items.filter(({ type }) => /_call$/.test(textOf(type)));
      return {
        text: items
          .flatMap(({ content }) => objectsOf(content))
          .map(({ text }) => textOf(text))
          .join(''),
        calls: calls.map((item) => ({ id: textOf(item.call_id), tool: toolOf(item), input: inputOf(item) })),
      };
    },
    run(results: readonly string[]) {
      input.push(...calls.map((call, at) => outputOf(call, results[at] ?? '')));
    },
    say(text: string) {
      input.push(message('user', text));
    },
  };
}

/** Of what is stored nowhere, ids are of no use but to who made them. */
function kept(item: Json, isDefault: boolean): Json {
  const { id, status, ...rest } = item;
  if (item.type === 'reasoning') {
    if (!Array.isArray(item.summary)) throw new Error('a thought without a summary');
    return { content: null, encrypted_content: null, ...rest, ...(id !== undefined && { id }) };
  }
  const isCustom = item.type === 'custom_tool_call' || item.type === 'tool_search_call';
  return { ...rest, ...(isCustom && { status }), ...(isDefault && { id }) };
}

function toolOf({ type, name, namespace }: Json): string {
  if (type === 'tool_search_call') return 'search tool_search';
  const whole = namespace === undefined ? textOf(name) : `${namespace}.${name}`;
  return type === 'custom_tool_call' ? `custom ${whole}` : whole;
}

function inputOf({ type, input, arguments: given }: Json): unknown {
  if (type === 'custom_tool_call') return input;
  if (type === 'tool_search_call') return given;
  if (typeof given !== 'string') throw new Error('arguments have to be text');
  return JSON.parse(given);
}

function outputOf({ type, call_id, name }: Json, result: string): Json {
  if (type === 'tool_search_call') {
    const tools = [
      namespace('mcp__calendar', [{ ...fn('list_events', { day: STRING }), defer_loading: true }]),
    ];
    return {
      type: 'tool_search_output',
      id: 'tso_019aa6f0',
      call_id,
      status: 'completed',
      execution: 'client',
      tools,
    };
  }
  const text = { type: 'input_text', text: result };
  const image = { type: 'input_image', image_url: PNG, detail: 'original' };
  if (type === 'custom_tool_call') return { type: 'custom_tool_call_output', call_id, output: [text] };
  const output = name === 'view_image' ? [text, image] : result;
  return { type: 'function_call_output', call_id, output };
}

const PNG =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const STRING = { type: 'string' };

function fn(name: string, properties: Json): Json {
  const parameters = {
    type: 'object',
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  };
  return { type: 'function', name, description: `Does ${name}.`, strict: false, parameters };
}

function custom(name: string): Json {
  const format = { type: 'grammar', syntax: 'lark', definition: 'start: /[\\s\\S]+/' };
  return { type: 'custom', name, description: 'Takes text.', format };
}

function namespace(name: string, tools: readonly Json[]): Json {
  return { type: 'namespace', name, description: `Tools of ${name}.`, tools };
}

const WEB_SEARCH = {
  type: 'web_search',
  external_web_access: false,
  search_content_types: ['text', 'image'],
};
const FUNCTIONS = [fn('exec_command', { cmd: STRING }), fn('view_image', { path: STRING })];

const TOOLS = [
  ...FUNCTIONS,
  custom('apply_patch'),
  objectOf({
    type: 'tool_search',
    execution: 'client',
    description: 'Finds tools.',
    parameters: fn('', { query: STRING }).parameters,
  }),
  WEB_SEARCH,
];
const TOOLS_OF_UNKNOWN = [
  ...FUNCTIONS,
  namespace('multi_agent_v1', [fn('spawn_agent', { message: STRING }), fn('wait_agent', { target: STRING })]),
  WEB_SEARCH,
];
const ADDITIONAL = [
  namespace('functions', [custom('exec'), fn('wait', { cell_id: STRING })]),
  namespace('clock', [fn('now', {})]),
  namespace('collaboration', [fn('spawn_agent', { message: { ...STRING, encrypted: true } })]),
];
