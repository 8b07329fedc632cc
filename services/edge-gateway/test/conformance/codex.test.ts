// What Codex asks for beside its conversations with tools.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Gateway, RESPONSES } from '../gateway.ts';
import { itemsOf } from './answers.ts';
import { codex } from './clients/codex.ts';
import { converse } from './conversation.ts';
import { type Json, textOf } from './json.ts';
import { MODELS, type ModelName, openModels } from './models.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await openModels();
});
afterAll(() => gateway[Symbol.asyncDispose]());

const names = Object.keys(MODELS) as ModelName[];
/** Shown no pictures, and told so. */
const BLIND: readonly ModelName[] = ['glm'];

test.each(names)(
  'case 26: the picture that its tool returns reaches %s, behind the words of the result',
  async (model) => {
    const spoken = await converse(gateway, codex('an unknown model'), [model], true);
    const { sent = '', dropped = '' } = spoken[2] ?? {};
    const words = sent.indexOf('result 1.0');
    expect(words).toBeGreaterThan(0);
    if (BLIND.includes(model)) expect(dropped).toContain('image');
    else expect(sent.indexOf('iVBORw0KGgo')).toBeGreaterThan(words);
  },
);

describe.each(names.filter((name) => MODELS[name][0] !== 'openai'))(
  'a conversation that is to be shortened by %s',
  (model) => {
    const asked = (input: readonly Json[]) => ({
      model,
      input,
      stream: true,
      store: false,
      include: ['reasoning.encrypted_content'],
    });
    const said = (role: string, text: string) => ({
      type: 'message',
      role,
      content: [{ type: 'input_text', text }],
    });

    test('case 30: becomes one item, from which every model goes on', async () => {
      const { provider } = gateway;
      provider.reset();
      provider.script({ thinking: ['Short.'], text: ['Two of five', ' are fixed.'] });
      const begun = [said('developer', 'You are Codex.'), said('user', 'Fix five tests.')];
      const response = await gateway.post(RESPONSES, asked([...begun, { type: 'compaction_trigger' }]));
      expect([response.status, provider.refusals]).toEqual([200, []]);
      const items = itemsOf(await response.text());
      expect(items.map(({ type }) => type)).toEqual(['compaction']);
      for (const next of names) {
        provider.reset();
        const body = { ...asked([...items, said('user', 'Go on.')]), model: next };
        const answer = await gateway.post(RESPONSES, body);
        await answer.text();
        expect([next, answer.status, provider.refusals]).toEqual([next, 200, []]);
        const sent = textOf(provider.requests[0]?.body.toString());
        expect(sent).toContain('Two of five are fixed.');
        expect(sent).not.toContain('aisw1');
      }
    });
  },
);
