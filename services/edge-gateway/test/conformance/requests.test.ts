// Requests that clients send beside their conversations, and what becomes of what not every provider has.

import type { Script } from '@ai-switch/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Gateway, GEMINI, MESSAGES } from '../gateway.ts';
import { textIn } from '../wire.ts';
import { claudeCode, webSearchOf } from './clients/claude-code.ts';
import { ROUTER_CALL } from './clients/gemini-cli.ts';
import { converse } from './conversation.ts';
import { type Json, objectOf, objectsOf, textOf } from './json.ts';
import { MODELS, type ModelName, openModels } from './models.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await openModels();
});
afterAll(() => gateway[Symbol.asyncDispose]());

const names = Object.keys(MODELS) as ModelName[];
const SEARCHING: readonly ModelName[] = ['claude', 'claude-with-budget', 'gpt', 'gemini-2', 'gemini-3'];

describe.each([true, false])('streamed: %s', (isStreaming) => {
  test.each(names)('case 16: the search of Claude Code is answered by %s', async (model) => {
    const { provider } = gateway;
    provider.reset();
    provider.script({ text: ['Swifts fly.'] });
    const response = await gateway.post(MESSAGES, webSearchOf(model, isStreaming));
    expect([response.status, provider.refusals]).toEqual([200, []]);
    expect(textIn(await response.text())).toBe('Swifts fly.');
    const sent = JSON.parse(String(provider.requests[0]?.body));
    const isNamed =
      response.headers.get('x-aiswitch-dropped')?.split(',').includes('tools.webSearch') ?? false;
    expect([sent.tools !== undefined, isNamed]).toEqual(
      SEARCHING.includes(model) ? [true, false] : [false, true],
    );
  });

  test.each(names)(
    'case 40: the question that Gemini CLI begins with is answered in JSON by %s',
    async (model) => {
      const { provider } = gateway;
      provider.reset();
      provider.script({ text: ['{"reasoning":"It is', ' short.","complexity":3}'] });
      const response = await gateway.post(GEMINI, { ...ROUTER_CALL, model, stream: isStreaming });
      expect([response.status, provider.refusals]).toEqual([200, []]);
      expect(JSON.parse(textIn(await response.text()))).toEqual({ reasoning: 'It is short.', complexity: 3 });
    },
  );
});

const FOREIGN = names.filter((name) => MODELS[name][1] !== 'anthropic-messages');

describe('what Claude Code sends', () => {
  const sentTo = async (model: ModelName): Promise<readonly Json[]> =>
    (await converse(gateway, claudeCode(), [model], true)).map(({ sent }) => objectOf(JSON.parse(sent)));

  test.each(FOREIGN)(
    'case 15: names tools to %s once they were found, and the placeholder never',
    async (model) => {
      const bodies = (await sentTo(model)).map((body) => JSON.stringify(body));
      const [first = '', , , found = ''] = bodies;
      expect(first).not.toContain('mcp__chat__post');
      expect(JSON.parse(found).tools.length ?? 0).toBeGreaterThan(0);
      expect(JSON.stringify(JSON.parse(found).tools)).toContain('mcp__chat__post');
      expect(found).toMatch(/"[^"]*mcp__chat__post[^"]*(?:loaded|available)[^"]*"/i);
      for (const body of bodies) expect(body).not.toContain('DeferredToolPlaceholder');
      for (const body of bodies) expect(body).not.toContain('defer_loading');
    },
  );

  test.each(names)('case 13: keeps system text in its place for %s, in each form', async (model) => {
    for (const body of await sentTo(model)) {
      const items = objectsOf(body.messages ?? body.input ?? body.contents).map((item) =>
        JSON.stringify(item),
      );
      const [asked, told] = ['Look around.', 'The user works in /srv'].map((words) =>
        items.findIndex((item) => item.includes(words)),
      );
      expect(asked).toBeGreaterThanOrEqual(0);
      expect([asked, (asked ?? 0) + 1]).toContain(told);
      const later = items.flatMap((item, at) => (item.includes('The user opened a.ts') ? [at] : []));
      const results = items.flatMap((item, at) => (/result \d\.\d/.test(item) ? [at] : []));
      if (results.length > 0) expect(later[0]).toBeGreaterThanOrEqual(results[0] ?? 0);
    }
  });

  test.each(names)(
    'case 17: shows %s the pictures and papers of a result behind its words',
    async (model) => {
      const [, body = {}] = await sentTo(model);
      const sent = JSON.stringify(body.messages ?? body.input ?? body.contents);
      const places = ['result 0.1', 'iVBORw0KGgo', PDF_START].map((words) => sent.indexOf(words));
      const isBlind = model === 'glm';
      expect(places[0]).toBeGreaterThan(0);
      if (!isBlind) expect(places[1]).toBeGreaterThan(places[0] ?? 0);
      if (model === 'gemini-3') {
        const responses = objectsOf(body.contents).flatMap(({ parts }) => objectsOf(parts));
        const shown = responses
          .map(({ functionResponse }) => objectOf(functionResponse))
          .find(({ parts }) => parts);
        expect(JSON.stringify(shown?.parts)).toContain('iVBORw0KGgo');
      }
    },
  );
});

const PDF_START = Buffer.from('%PDF-1.4').toString('base64').slice(0, 9);

describe('case 62: a stream of Gemini that is not asked for as events', () => {
  const post = (model: string, script: Script) => {
    gateway.provider.reset();
    gateway.provider.otherwise = script;
    return fetch(`${gateway.url}/v1beta/models/${model}:streamGenerateContent`, {
      method: 'POST',
      headers: { 'x-goog-api-key': gateway.key, 'content-type': 'application/json' },
      body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'go' }] }], ...TOOLS }),
    });
  };

  test.each(names)('is one list of JSON from %s, with each call once', async (model) => {
    const response = await post(model, {
      thinking: ['Hm.'],
      tools: [
        { name: 'look', arguments: ['{"at":', '"a"}'] },
        { name: 'look', arguments: ['{}'] },
      ],
    });
    const replies = objectsOf(JSON.parse(await response.text()));
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    const last = replies.at(-1) ?? {};
    expect(objectsOf(last.candidates)[0]?.finishReason).toBe('STOP');
    expect(objectOf(last.usageMetadata).totalTokenCount).toBe(18);
    const parts = replies.flatMap(({ candidates }) =>
      objectsOf(candidates).flatMap(({ content }) => objectsOf(objectOf(content).parts)),
    );
    const calls = parts.flatMap(({ functionCall }) =>
      functionCall === undefined ? [] : [objectOf(functionCall)],
    );
    expect(calls.map(({ name, args }) => [textOf(name), args])).toEqual([
      ['look', { at: 'a' }],
      ['look', {}],
    ]);
  });

  test.each(names)('is an error of JSON when %s fails', async (model) => {
    const response = await post(model, { problem: 'badRequest' });
    expect(response.status).toBe(400);
    expect(objectOf(JSON.parse(await response.text())).error).toMatchObject({
      code: 400,
      status: 'INVALID_ARGUMENT',
    });
  });
});

const TOOLS = {
  tools: [
    {
      functionDeclarations: [
        {
          name: 'look',
          description: 'Looks.',
          parameters: { type: 'OBJECT', properties: { at: { type: 'STRING' } } },
        },
      ],
    },
  ],
};
