// Every client through every provider, turn by turn, and through all of them in turn.

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Gateway } from '../gateway.ts';
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

for (const client of CLIENTS) {
  for (const isStreaming of FORMS) {
    test.each(names)(`${client.name} with %s, streamed: ${isStreaming}`, async (name) => {
      const spoken = await converse(gateway, client, [name], isStreaming);
      expect(spoken).toHaveLength(client.steps.length + 3);
    });
  }
}

const ROUND: readonly ModelName[] = ['claude', 'glm', 'gemini-3', 'gpt'];

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
