// What the official SDKs make of a rule: a refusal that says why and is not asked again, and never the call.

import { join } from 'node:path';
import { temporaryFolder } from '@ai-switch/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AliasName, type Gateway, openStandaloneGateway } from './gateway.ts';
import { anthropicDriver } from './sdk/anthropic.ts';
import type { Said, SdkDriver } from './sdk/driver.ts';
import { genaiDriver } from './sdk/genai.ts';
import { openaiChatDriver } from './sdk/openai-chat.ts';
import { openaiResponsesDriver } from './sdk/openai-responses.ts';
import { vercelDrivers } from './sdk/vercel.ts';

const folder = temporaryFolder();
let gateway: Gateway;
let drivers: readonly SdkDriver[];
beforeAll(async () => {
  gateway = await openStandaloneGateway(join(folder.path, 'data'));
  await admin('PUT', '/rule-sets/no-harm', {
    name: 'No harm',
    rules: [
      {
        ruleId: 'no-rm',
        mode: 'prefix',
        pattern: 'rm -rf',
        action: 'block',
        surfaces: ['toolCall'],
        message: CALL_MESSAGE,
      },
      {
        ruleId: 'no-names',
        mode: 'contains',
        pattern: 'Project Nightingale',
        action: 'block',
        surfaces: ['prompt'],
        message: PROMPT_MESSAGE,
      },
    ],
  });
  await admin('PUT', '/access-policies/company', { ruleSets: ['no-harm'] });
  drivers = [
    openaiChatDriver(gateway),
    openaiResponsesDriver(gateway),
    anthropicDriver(gateway),
    genaiDriver(gateway),
    ...vercelDrivers(gateway),
  ];
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});
beforeEach(() => gateway.provider.reset());

const CALL_MESSAGE = 'Ask operations to delete it.';
const PROMPT_MESSAGE = 'Nightingale is confidential.';
const DESTRUCTIVE = { name: 'weather', arguments: ['{"city":"r', 'm -rf ', '/"}'] };
const HARMLESS = { name: 'weather', arguments: ['{"city":"P', 'aris"}'] };

async function admin(method: string, path: string, body: object): Promise<void> {
  const headers = { 'x-api-key': gateway.key, 'content-type': 'application/json' };
  const url = `${gateway.url}/api/admin/v1${path}`;
  const response = await fetch(url, { method, headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
}

const NAMES = [
  'openai, chat completions',
  'openai, responses',
  '@anthropic-ai/sdk',
  '@google/genai',
  ...vercelDrivers({ url: 'http://nowhere', key: 'none' }).map(({ name }) => name),
];
/** A provider of the client's own dialect and one of another. */
const OWN: Readonly<Record<SdkDriver['dialect'], AliasName>> = {
  'openai-chat': 'chat',
  'openai-responses': 'responses',
  'anthropic-messages': 'messages',
  gemini: 'gemini',
};

describe.each(NAMES)('%s', (name) => {
  const driver = () => drivers.find((one) => one.name === name) ?? expect.unreachable();
  const models = () =>
    [OWN[driver().dialect], OWN[driver().dialect] === 'chat' ? 'messages' : 'chat'] as const;
  const outcome = async (model: string, isStreamed: boolean, text = 'Hello'): Promise<Said | string> => {
    try {
      return await driver().open({ model, isStreamed, hasTools: true }).say(text);
    } catch (error) {
      return whole(error);
    }
  };

  it('reads why a prompt was refused, and does not ask again', async () => {
    for (const model of models()) {
      for (const isStreamed of [false, true]) {
        const conversation = driver().open({ model, isStreamed });
        const error = await conversation.say('Tell me of Project Nightingale.').then(
          (said) => expect.unreachable(JSON.stringify(said)),
          (reason: unknown) => driver().readError(reason),
        );
        expect(error.status).toBe(400);
        expect(error.body).toContain(`${PROMPT_MESSAGE} (rule no-names, request req_`);
      }
    }
    expect(gateway.provider.requests).toEqual([]);
  });

  it('reads why nothing came, when all that came was a call', async () => {
    for (const model of models()) {
      for (const isStreamed of [false, true]) {
        gateway.provider.reset();
        gateway.provider.otherwise = { tools: [DESTRUCTIVE] };
        const error = await outcome(model, isStreamed);
        expect(error).toContain(CALL_MESSAGE);
        expect(error).not.toContain('rm -rf');
        expect(gateway.provider.requests).toHaveLength(1);
      }
    }
  });

  it('reads why an answer ended in the middle, and gets no call', async () => {
    for (const model of models()) {
      gateway.provider.reset();
      gateway.provider.otherwise = { text: ['I will ', 'do it.'], tools: [DESTRUCTIVE], chunkDelayMs: 3 };
      const said = await outcome(model, true);
      const told = typeof said === 'string' ? said : `${said.text} ${said.finish}`;
      expect(told).not.toContain('rm -rf');
      if (typeof said !== 'string') expect(said.calls).toEqual([]);
      expect(told).toMatch(TOLD[name] ?? CALL_MESSAGE);
      expect(gateway.provider.requests).toHaveLength(1);
    }
  });

  it('gets a call that no rule names', async () => {
    for (const model of models()) {
      gateway.provider.otherwise = { text: ['Look.'], tools: [HARMLESS] };
      const said = await outcome(model, true);
      expect(typeof said === 'string' ? said : said.calls).toMatchObject([{ input: { city: 'Paris' } }]);
    }
  });
});

/** The helper of OpenAI's for Responses gives the failed response, and its words only in there. */
const TOLD: Readonly<Record<string, RegExp>> = { 'openai, responses': /failed|Ask operations/ };

/** All that an error of any SDK says. */
function whole(error: unknown): string {
  const {
    message = '',
    responseBody = '',
    error: body,
  } = error as {
    readonly message?: string;
    readonly responseBody?: string;
    readonly error?: unknown;
  };
  return `${message} ${responseBody} ${JSON.stringify(body)} ${String(error)} ${JSON.stringify(error)}`;
}
