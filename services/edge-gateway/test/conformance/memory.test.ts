// What of a conversation comes back to the model that it was with: its thoughts, and every byte that it may have kept.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Gateway } from '../gateway.ts';
import { CLIENTS } from './clients/index.ts';
import { converse } from './conversation.ts';
import { type Json, objectOf, objectsOf } from './json.ts';
import { MODELS, type ModelName, openModels } from './models.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await openModels();
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** What a thought looks like where it comes back, once for each answer that had calls. */
const THOUGHTS: readonly [string, ModelName, RegExp][] = [
  ['case 57', 'claude', /"type":"thinking","thinking":"I look first\."/g],
  ['case 57', 'claude-with-budget', /"type":"thinking","thinking":"I look first\."/g],
  ['case 43', 'deepseek', /"reasoning_content":"I look first\."/g],
  ['case 44', 'glm', /"reasoning_content":"I look first\."/g],
  ['case 59', 'gemini-3', /"thoughtSignature":"(?!skip)/g],
  ['case 28', 'gpt', /"encrypted_content":"(?!")/g],
];

describe.each(CLIENTS)('the thoughts before calls, with $name', (client) => {
  describe.each([true, false])('streamed: %s', (isStreaming) => {
    test.each(THOUGHTS)('%s: come back to %s', async (_case, model, pattern) => {
      const spoken = await converse(gateway, client, [model], isStreaming);
      const before = spoken[client.steps.length];
      expect(before?.sent.match(pattern)?.length).toBeGreaterThanOrEqual(client.steps.length);
    });
  });
});

describe.each(CLIENTS)('case 98: what is written of a conversation, with $name', (client) => {
  test.each(Object.keys(MODELS) as ModelName[])('goes on from the same beginning for %s', async (model) => {
    const spoken = await converse(gateway, client, [model], true);
    const bodies = spoken.map(({ sent }) => withoutMarks(sent));
    for (const [at, body] of bodies.entries()) {
      const next = bodies[at + 1];
      if (next === undefined) continue;
      const begun = conversationIn(body).map(withoutForm);
      expect(conversationIn(next).map(withoutForm).slice(0, begun.length)).toEqual(begun);
    }
  });
});

/** Marks of what to cache wander on with the conversation, and count for nothing in what is cached. */
function withoutMarks(sent: string): Json {
  return objectOf(JSON.parse(sent.replaceAll(/,?"cache_control":\{[^}]*\}/g, '')));
}

/** Claude Code itself tells the same system text in two forms, which are its own when they go to Claude. */
function withoutForm(message: string): string {
  return message.replace(
    '[{"type":"text","text":"The user works in /srv, a git repository."}],"output_config":{"effort":"medium"}',
    '"The user works in /srv, a git repository."',
  );
}

function conversationIn(body: Json): readonly string[] {
  const list = body.messages ?? body.input ?? body.contents;
  return objectsOf(list).map((item) => JSON.stringify(item));
}
