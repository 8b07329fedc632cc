// One conversation, many models. What one model hid is nothing to the next, who must not be shown it, and gets it back when
// its turn comes again. The strict provider is the judge: it refuses what the real ones would.

import { describe, expect, it } from 'vitest';
import { ALIAS_NAMES, type AliasName, type Gateway } from '../gateway.ts';
import { seenBody } from '../seen.ts';
import type { SdkDriver } from './driver.ts';

/** Claude, GLM, Gemini, OpenAI, DeepSeek, and Claude again. */
const MODELS = ['messages', 'glm', 'gemini', 'responses', 'chat', 'messages'] as const;
const FORMS = [
  ['whole', false],
  ['streamed', true],
] as const;

export function describeSwitches(gateway: () => Gateway, driver: () => SdkDriver): void {
  describe.each(FORMS)('in a conversation of %s answers', (_form, isStreamed) => {
    const open = () => driver().open({ model: MODELS[0], isStreamed, hasTools: true, isThinking: true });
    const tool = (city: string) => ({ name: 'weather', arguments: [JSON.stringify({ city })] });

    it('case 58: each model takes over after the last has finished', async () => {
      const { provider } = gateway();
      const conversation = open();
      for (const [at, model] of MODELS.entries()) {
        conversation.model = model;
        provider.script(
          { thinking: [`Thought ${at}.`], tools: [tool('Bergen'), tool('Oslo')] },
          { thinking: ['And so.'], text: [`Answer ${at}.`] },
        );
        const asked = await conversation.say(`Question ${at}?`);
        expect(asked.calls).toHaveLength(2);
        const said = await conversation.answer(asked.calls.map((call) => ({ call, text: `result ${at}` })));
        expect(said.text).toBe(`Answer ${at}.`);
        for (let before = 0; before <= at; before += 1)
          expect(seenBody(provider)).toContain(`result ${before}`);
      }
      expect(provider.refusals).toEqual([]);
      expect(provider.requests).toHaveLength(2 * MODELS.length);
    });

    it('case 58: each model takes over in the middle of the work', async () => {
      const { provider } = gateway();
      const conversation = open();
      provider.script({ thinking: ['First.'], tools: [tool('0')] });
      let said = await conversation.say('Go on and on.');
      for (const [at, model] of [...MODELS, ...MODELS].entries()) {
        conversation.model = model;
        provider.script({ thinking: [`Thought ${at}.`], tools: [tool(`${at}`), tool(`${at}b`)] });
        said = await conversation.answer(said.calls.map((call) => ({ call, text: `result ${at}` })));
        expect(said.calls).toHaveLength(2);
      }
      expect(provider.refusals).toEqual([]);
      expect(provider.requests).toHaveLength(1 + 2 * MODELS.length);
    });
  });
}

export function describeLostReasoning(gateway: () => Gateway): void {
  const post = (path: string, body: object) =>
    fetch(gateway().url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway().key}` },
      body: JSON.stringify(body),
    });

  describe.each(Object.keys(HISTORIES))('a history of %s', (name) => {
    const history = HISTORIES[name] ?? expect.unreachable();

    it.each(ALIAS_NAMES)('case 59: whose calls nobody remembers is taken by %s', async (model) => {
      const { path, body } = history(model, undefined);
      const response = await post(path, body);
      expect([response.status, await response.json()]).toEqual([200, expect.anything()]);
      expect(gateway().provider.refusals).toEqual([]);
    });

    it.each(ALIAS_NAMES)('case 58: with thoughts that somebody else signed is taken by %s', async (model) => {
      const { path, body } = history(model, 'c29tZWJvZHkgZWxzZQ==');
      const response = await post(path, body);
      expect([response.status, await response.json()]).toEqual([200, expect.anything()]);
      // The same dialect passes it on, hears that it is invalid, and asks once more without.
      expect(gateway().provider.requests.length).toBeLessThanOrEqual(2);
      expect(gateway().provider.requests.at(-1)?.refusal).toBeUndefined();
    });
  });
}

interface Asked {
  readonly path: string;
  readonly body: object;
}

const ID = 'call_that_nobody_knows';
const input = { city: 'Bergen' };

/** A question, a call and its result, in each dialect of clients. */
const HISTORIES: Readonly<Record<string, (model: AliasName, signature: string | undefined) => Asked>> = {
  'Chat Completions': (model) => ({
    path: '/v1/chat/completions',
    body: {
      model,
      messages: [
        { role: 'user', content: 'How is the weather?' },
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: ID, type: 'function', function: { name: 'weather', arguments: JSON.stringify(input) } },
          ],
        },
        { role: 'tool', tool_call_id: ID, content: '11 degrees' },
      ],
      tools: [{ type: 'function', function: { name: 'weather', parameters: schema() } }],
    },
  }),
  Responses: (model, signature) => ({
    path: '/v1/responses',
    body: {
      model,
      store: false,
      input: [
        { role: 'user', content: 'How is the weather?' },
        ...(signature === undefined
          ? []
          : [{ type: 'reasoning', id: 'rs_0', summary: [], encrypted_content: signature }]),
        { type: 'function_call', call_id: ID, name: 'weather', arguments: JSON.stringify(input) },
        { type: 'function_call_output', call_id: ID, output: '11 degrees' },
      ],
      tools: [{ type: 'function', name: 'weather', parameters: schema(), strict: false }],
    },
  }),
  Messages: (model, signature) => ({
    path: '/v1/messages',
    body: {
      model,
      max_tokens: 100,
      messages: [
        { role: 'user', content: 'How is the weather?' },
        {
          role: 'assistant',
          content: [
            ...(signature === undefined ? [] : [{ type: 'thinking', thinking: 'Hm.', signature }]),
            { type: 'tool_use', id: ID, name: 'weather', input },
          ],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: ID, content: '11 degrees' }] },
      ],
      tools: [{ name: 'weather', input_schema: schema() }],
    },
  }),
  generateContent: (model, signature) => ({
    path: `/v1beta/models/${model}:generateContent`,
    body: {
      contents: [
        { role: 'user', parts: [{ text: 'How is the weather?' }] },
        {
          role: 'model',
          parts: [
            {
              functionCall: { name: 'weather', args: input },
              ...(signature !== undefined && { thoughtSignature: signature }),
            },
          ],
        },
        {
          role: 'user',
          parts: [{ functionResponse: { name: 'weather', response: { output: '11 degrees' } } }],
        },
      ],
      tools: [{ functionDeclarations: [{ name: 'weather', parametersJsonSchema: schema() }] }],
    },
  }),
};

function schema(): object {
  return { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
}
