// Every client through every provider, turn by turn, and through all of them in turn.

import type { Script } from '@ai-switch/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Gateway } from '../gateway.ts';
import type { Client } from './client.ts';
import { CLIENTS } from './clients/index.ts';
import { converse } from './conversation.ts';
import { MODELS, type ModelName, openModels } from './models.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await openModels();
});
afterAll(() => gateway[Symbol.asyncDispose]());

const names = Object.keys(MODELS) as ModelName[];
const FORMS = [true, false];

/** The numbered cases that are about one client. */
function caseOf({ name }: Client): string {
  if (name.startsWith('Codex')) return 'case 25: ';
  return name.startsWith('Cursor') ? 'case 31: case 95: ' : '';
}

const ROUND: readonly ModelName[] = ['claude', 'glm', 'gemini-3', 'gpt'];

for (const client of CLIENTS) {
  for (const isStreaming of FORMS) {
    test.each(names)(`${caseOf(client)}${client.name} with %s, streamed: ${isStreaming}`, async (name) => {
      const spoken = await converse(gateway, client, [name], isStreaming);
      expect(spoken).toHaveLength(client.steps.length + 3);
    });
  }
}

const ANSWERS: readonly [string, Script][] = [
  ['with thoughts that are hidden whole', { isThinkingRedacted: true, thinking: undefined }],
  ['with open and hidden thoughts', { isThinkingRedacted: true }],
  ['with words before calls', { text: ['I do', ' it.'] }],
  ['without thoughts', { thinking: undefined }],
  ['with thoughts of no words', { thinking: [''] }],
  ['without usage, split at every byte', { usage: 'none', chunkBytes: 1 }],
];

for (const client of CLIENTS) {
  for (const isStreaming of FORMS) {
    describe.each(ANSWERS)(`${client.name}, streamed: ${isStreaming}, %s`, (_what, more) => {
      test.each([ROUND, ['claude'], ['gemini-3'], ['gpt']] as const)(
        'by %s, and others where more are named',
        async (...models) => {
          await converse(gateway, client, models, isStreaming, more);
        },
      );
    });
  }
}

for (const client of CLIENTS) {
  for (const isStreaming of FORMS) {
    test.each(ROUND.map((_, at) => [...ROUND.slice(at), ...ROUND.slice(0, at)]))(
      `case 58: ${client.name} switches %s, %s, %s, %s, streamed: ${isStreaming}`,
      async (...models) => {
        await converse(gateway, client, models, isStreaming);
      },
    );
  }
}
