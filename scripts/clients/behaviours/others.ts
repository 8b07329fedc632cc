// What only OpenCode and Gemini CLI do. Cases 92 and 93 name these.

import type { Behaviour } from '../behaviour.ts';
import { text } from './answers.ts';
import { tools } from './tools.ts';

export const OPENCODE_BEHAVIOURS: readonly Behaviour[] = [
  {
    ...text,
    name: 'built-in-provider',
    title: "its own provider `anthropic`, at the gateway's address, with a small model for titles",
    clients: ['opencode'],
    task: ({ gatewayUrl, gatewayKey }) => ({
      prompt: 'Say hello to the world, please.',
      isUnconnected: true,
      models: ['claude-opus-5-5', 'claude-haiku-4-5-20251001'],
      projectFiles: {
        'opencode.json': JSON.stringify({
          provider: { anthropic: { options: { baseURL: `${gatewayUrl}/v1`, apiKey: gatewayKey } } },
          model: 'anthropic/claude-opus-5-5',
        }),
      },
    }),
    hasLog: true,
    expectations: [
      ...text.expectations,
      {
        says: 'the small model makes the title',
        holds: ({ log }) => {
          const small = log.filter(({ alias }) => alias === 'claude-haiku-4-5-20251001');
          return (
            (small.length === 1 && small.every(({ httpStatus }) => httpStatus === 200)) ||
            `the log says ${JSON.stringify(log)}`
          );
        },
      },
    ],
  },
];

export const GEMINI_CLI_BEHAVIOURS: readonly Behaviour[] = [
  {
    ...tools,
    name: 'without-model',
    title: 'tools without `-m`: another model decides which one is asked',
    clients: ['gemini-cli'],
    task: ({ gatewayUrl, gatewayKey, ...setting }) => ({
      ...tools.task({ gatewayUrl, gatewayKey, ...setting }),
      isUnconnected: true,
      models: ['gemini-3.5-flash-lite', 'gemini-3.8-flash'],
      homeFiles: {
        '.gemini/settings.json': JSON.stringify({ security: { auth: { selectedType: 'gemini-api-key' } } }),
      },
      environment: { GOOGLE_GEMINI_BASE_URL: gatewayUrl, GEMINI_API_KEY: gatewayKey },
    }),
    playBeside: ({ text }) =>
      text.includes('complexity_score')
        ? { text: ['{"complexity_reasoning":"A small change.",', '"complexity_score":10}'] }
        : undefined,
    hasLog: true,
    expectations: [
      ...tools.expectations,
      {
        says: 'the decision is understood: the small model is asked for the rest',
        holds: ({ log }) => {
          const asked = log.map(({ alias }) => alias);
          return (
            (asked.includes('gemini-3.5-flash-lite') && asked.includes('gemini-3.8-flash')) ||
            `it asks ${[...new Set(asked)].join(', ')}`
          );
        },
      },
    ],
  },
];
