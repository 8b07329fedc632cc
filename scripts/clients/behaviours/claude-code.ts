// What only Claude Code does. Case 90 names these.

import type { Behaviour } from '../behaviour.ts';
import { asks, says, succeeds, text } from './answers.ts';
import { tools } from './tools.ts';

const clients = ['claude-code'];

const ADDRESS = { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1' };

export const CLAUDE_CODE_BEHAVIOURS: readonly Behaviour[] = [
  {
    ...text,
    name: 'api-key',
    title: 'x-api-key, and the model that it asks for by itself',
    clients,
    task: ({ gatewayUrl, gatewayKey }) => ({
      prompt: 'Say hello to the world, please.',
      isUnconnected: true,
      environment: { ...ADDRESS, ANTHROPIC_BASE_URL: gatewayUrl, ANTHROPIC_API_KEY: gatewayKey },
    }),
  },
  {
    ...tools,
    name: 'foreign-name',
    title: 'tools with a model named `glm-5`',
    clients,
    task: (setting) => ({ ...tools.task(setting), model: 'glm-5', models: ['glm-5'] }),
  },
  {
    name: 'json-schema',
    title: '`--json-schema`',
    clients,
    task: () => ({ prompt: 'What is the answer?', args: ['--json-schema', JSON.stringify(ANSWER_SCHEMA)] }),
    play: ({ rounds }) =>
      rounds === 0
        ? { calls: [{ name: 'StructuredOutput', input: { answer: 'forty-two' } }] }
        : { text: ['That is it.'] },
    expectations: [
      succeeds,
      {
        says: 'the object comes out as it was made',
        holds: ({ ended }) => ended.stdout.includes('"structured_output":{"answer":"forty-two"}'),
      },
    ],
  },
  {
    name: 'tool-search',
    title: 'a deferred tool, through ToolSearch',
    clients,
    task: () => ({ prompt: 'Which timers are set?' }),
    play: ({ rounds }) => {
      if (rounds === 0)
        return { calls: [{ name: 'ToolSearch', input: { query: 'select:CronList', max_results: 1 } }] };
      return rounds === 1 ? { calls: [{ name: 'CronList', input: {} }] } : { text: ['None is set.'] };
    },
    expectations: [
      succeeds,
      says('None is set.'),
      asks(3),
      {
        says: 'the model is told of the tool once it is found',
        holds: ({ main }) => main[1]?.tools.some(({ name }) => name === 'CronList') === true,
      },
      {
        says: 'the tool that was found runs',
        holds: ({ main }) => {
          const last = main[2]?.toolResults.at(-1) ?? '';
          return (main[2]?.toolResults.length === 2 && !/error/i.test(last)) || last;
        },
      },
    ],
  },
  {
    name: 'sub-agent',
    title: 'a sub-agent',
    clients,
    task: () => ({ prompt: 'Let somebody find a number.' }),
    play: ({ text, rounds }) => {
      if (text.includes(DELEGATED) && !text.includes('Let somebody find'))
        return { text: ['The number is 42.'] };
      if (rounds > 0) return { text: ['They found it.'] };
      const input = { description: 'find a number', prompt: DELEGATED, subagent_type: 'general-purpose' };
      return { calls: [{ name: 'Agent', input: { ...input, run_in_background: false } }] };
    },
    expectations: [
      succeeds,
      says('They found it.'),
      asks(3),
      {
        says: 'what the sub-agent found comes back',
        holds: ({ main }) => main[2]?.toolResults[0]?.includes('The number is 42.') === true,
      },
    ],
  },
  {
    name: 'web-search',
    title: 'WebSearch',
    clients,
    task: () => ({ prompt: 'Search for a gateway.' }),
    play: ({ rounds, tools: declared, text }) => {
      if (/web search for the query/i.test(text) && declared.length <= 1) return FOUND;
      if (rounds === 0)
        return { calls: [{ name: 'ToolSearch', input: { query: 'select:WebSearch', max_results: 1 } }] };
      if (rounds > 1) return { text: ['It was found.'] };
      return { calls: [{ name: 'WebSearch', input: { query: 'a gateway' } }] };
    },
    // A back end without a search gets the question without the tool.
    playBeside: ({ text }) => (/web search for the query/i.test(text) ? FOUND : undefined),
    expectations: [
      succeeds,
      says('It was found.'),
      {
        says: 'what was found comes back',
        holds: ({ main }) => {
          const last = main.at(-1)?.toolResults.at(-1) ?? '';
          return last.includes('A gateway stands there.') || last.slice(0, 300);
        },
      },
    ],
  },
  {
    ...text,
    name: 'discovery',
    title: "the gateway's models in its list",
    clients,
    task: () => ({
      prompt: 'Say hello to the world, please.',
      models: ['claude-glm-5', 'glm-5'],
      environment: {
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '',
        CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY: '1',
      },
    }),
    expectations: [
      ...text.expectations,
      {
        says: 'its list has what is named like a model of Claude',
        holds: ({ homeText }) => {
          const list = homeText('.claude/cache/gateway-models.json');
          return (list.includes('"claude-glm-5"') && !list.includes('"glm-5"')) || list.slice(0, 300);
        },
      },
    ],
  },
];

const DELEGATED = 'Find a number and name it.';
const FOUND = { text: ['A gateway stands there.'] };
const ANSWER_SCHEMA = {
  type: 'object',
  properties: { answer: { type: 'string' } },
  required: ['answer'],
  additionalProperties: false,
};
