// What only Codex does. It chooses its tools by the model's name. Case 91 names these.

import type { Behaviour } from '../behaviour.ts';
import { asks, says, sees, succeeds, text } from './answers.ts';
import { tools } from './tools.ts';

const clients = ['codex'];

export const CODEX_BEHAVIOURS: readonly Behaviour[] = [
  {
    ...tools,
    name: 'foreign-name',
    title: 'tools with a model named `glm-5`',
    clients,
    task: (setting) => ({ ...tools.task(setting), model: 'glm-5', models: ['glm-5'] }),
    play: (request, setting, turn) => {
      const { run } = setting.client.tools;
      const edit = (path: string, before: string, after: string) =>
        run(`sed -i 's/${before}/${after}/' '${path}'`);
      return tools.play(
        request,
        { ...setting, client: { ...setting.client, tools: { ...setting.client.tools, edit } } },
        turn,
      );
    },
  },
  {
    ...tools,
    name: 'default-model',
    title: 'tools with its default model: JavaScript in a namespace',
    clients,
    task: (setting) => ({ ...tools.task(setting), model: 'gpt-6.1-sol', models: ['gpt-6.1-sol'] }),
    play: ({ rounds }, { file }) => {
      const path = file('notes.txt');
      switch (rounds) {
        case 0:
          return { calls: [script(`text((await tools.exec_command({ cmd: "cat '${path}'" })).output)`)] };
        case 1:
          return { calls: [script(`text(await tools.apply_patch(${JSON.stringify(patch(path))}))`)] };
        case 2:
          return { calls: [script(`text((await tools.exec_command({ cmd: "cat '${path}'" })).output)`)] };
        default:
          return { text: ['Done: the colour is ', 'blue.'] };
      }
    },
  },
  {
    name: 'view-image',
    title: '`view_image`',
    clients,
    task: () => ({ prompt: 'What is in picture.png?' }),
    play: ({ rounds }, { file }) =>
      rounds === 0
        ? { calls: [{ name: 'view_image', input: { path: file('picture.png') } }] }
        : { text: ['Stripes.'] },
    expectations: [succeeds, says('Stripes.'), asks(2), sees(2)],
  },
  {
    name: 'output-schema',
    title: '`--output-schema`',
    clients,
    task: () => ({
      prompt: 'What is the answer?',
      projectFiles: { 'schema.json': JSON.stringify(ANSWER_SCHEMA) },
      args: ['--output-schema', 'schema.json'],
    }),
    play: () => ({ text: ['{"answer":', '"forty-two"}'] }),
    expectations: [
      succeeds,
      says('{"answer":"forty-two"}'),
      {
        says: 'the schema reaches the model',
        // Where there is no field for it, it stands in a text.
        holds: ({ main }) =>
          main[0]?.text.replaceAll('\\', '').includes('"answer":{"type":"string"}') === true,
      },
    ],
  },
  {
    name: 'spawn-agent',
    title: '`tool_search`, then `spawn_agent` of what it found',
    clients,
    task: () => ({ prompt: 'Let somebody find a number.' }),
    play: ({ text, rounds, toolResults }) => {
      if (text.includes(DELEGATED) && !text.includes('Let somebody find'))
        return { text: ['The number is 42.'] };
      switch (rounds) {
        case 0:
          return { calls: [{ name: 'tool_search', input: { query: 'spawn_agent wait_agent sub-agent' } }] };
        case 1:
          return { calls: [{ name: 'spawn_agent', input: { message: DELEGATED } }] };
        case 2: {
          const [, agent = ''] = /"agent_id":"([\w-]+)"/.exec(toolResults.at(-1) ?? '') ?? [];
          return { calls: [{ name: 'wait_agent', input: { targets: [agent], timeout_ms: 20_000 } }] };
        }
        default:
          return { text: ['They found it.'] };
      }
    },
    expectations: [
      succeeds,
      says('They found it.'),
      {
        says: 'what the sub-agent found comes back',
        holds: ({ main }) => main.at(-1)?.toolResults.at(-1)?.includes('The number is 42.') === true,
      },
    ],
  },
  {
    ...compaction('compaction', 'compaction, by itself'),
    task: () => ({ prompt: 'Read the long file, and tell me when you did.' }),
  },
  {
    ...compaction('remote-compaction', 'compaction, asked of the server'),
    // A provider of Responses has a compaction of its own.
    upstreams: ['chat', 'messages', 'gemini'],
    task: ({ gatewayUrl, gatewayKey, client }) => ({
      prompt: 'Read the long file, and tell me when you did.',
      ...builtIn(gatewayUrl, gatewayKey, client.model),
    }),
  },
  {
    ...text,
    name: 'built-in-provider',
    title: '`openai_base_url`: a WebSocket is refused with 426',
    clients,
    task: ({ gatewayUrl, gatewayKey, client }) => ({
      prompt: 'Say hello to the world, please.',
      ...builtIn(gatewayUrl, gatewayKey, client.model),
    }),
    expectations: [
      ...text.expectations,
      {
        says: 'it tries one WebSocket, not seven',
        holds: ({ ended }) => ended.stderr.split('failed to connect to Responses WebSocket').length === 2,
      },
    ],
  },
];

function compaction(name: string, title: string): Omit<Behaviour, 'task'> {
  return {
    name,
    title,
    clients,
    play: ({ text, rounds }, { client, file }) => {
      if (text.includes(SUMMARY)) return { text: ['Done, by the summary.'] };
      if (rounds > 0) return { text: [SUMMARY] };
      return { calls: [client.tools.read(file('long.txt'))], usage: { input: 1_000_000, output: 9 } };
    },
    playBeside: () => ({ text: [SUMMARY] }),
    expectations: [succeeds, says('Done, by the summary.')],
  };
}

/** The provider that Codex comes with, at another address. */
function builtIn(gatewayUrl: string, gatewayKey: string, model: string) {
  return {
    isUnconnected: true,
    model,
    args: ['-c', `openai_base_url="${gatewayUrl}/v1"`],
    environment: { CODEX_API_KEY: gatewayKey },
  };
}

function script(input: string) {
  return { name: 'exec', input };
}

function patch(path: string): string {
  return `*** Begin Patch\n*** Update File: ${path}\n@@\n-colour: red\n+colour: blue\n*** End Patch\n`;
}

const DELEGATED = 'Find a number and name it.';
const SUMMARY = 'In sum: the long file was read.';
const ANSWER_SCHEMA = {
  type: 'object',
  properties: { answer: { type: 'string' } },
  required: ['answer'],
  additionalProperties: false,
};
