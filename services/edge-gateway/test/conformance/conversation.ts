// A conversation of a client with one model after another: the model thinks, calls the client's tools, gets their results,
// and says that it is done; then the user goes on.

import { type Behaviour, readPrompt, type Script, type SeenRequest } from '@ai-switch/testkit';
import { expect } from 'vitest';
import type { Gateway } from '../gateway.ts';
import type { Client, HeardCall, Step } from './client.ts';
import type { ModelName } from './models.ts';

export interface Spoken {
  readonly model: ModelName;
  readonly calls: readonly HeardCall[];
  readonly dropped: string;
  /** What the provider was sent. */
  readonly sent: string;
}

/**
 * @param models one for each request; the first again when there are too few
 * @param more what goes into every answer
 */
export async function converse(
  gateway: Gateway,
  client: Client,
  models: readonly ModelName[],
  isStreaming: boolean,
  more: Script = {},
): Promise<readonly Spoken[]> {
  const { provider } = gateway;
  provider.reset();
  const conversation = client.begin();
  const spoken: Spoken[] = [];
  const ask = async (behaviour: Behaviour) => {
    const model = models[spoken.length % models.length] ?? 'glm';
    provider.script((request) => ({
      ...(typeof behaviour === 'function' ? behaviour(request) : behaviour),
      ...more,
    }));
    const response = await gateway.post(client.path, conversation.ask(model, isStreaming));
    const raw = await response.text();
    const place = `${client.name}, request ${spoken.length} to ${model}, streamed: ${isStreaming}`;
    expect(provider.refusals, place).toEqual([]);
    expect(response.status, `${place}: ${raw}`).toBe(200);
    const heard = conversation.hear(raw);
    spoken.push({
      model,
      calls: heard.calls,
      dropped: response.headers.get('x-aiswitch-dropped') ?? '',
      sent: provider.requests.at(-1)?.body.toString() ?? '',
    });
    return heard;
  };
  for (const [at, step] of client.steps.entries()) {
    const { calls } = await ask(stepBehaviour(step));
    expect(calls.map(({ input }) => input)).toEqual(step.calls.map(({ input }) => input));
    expect(calls.map(({ tool }) => tool)).toEqual(step.calls.map(({ tool, as }) => as ?? tool));
    const ids = calls.map(({ id }) => id).filter((id) => id !== '');
    expect(new Set(ids).size).toBe(ids.length);
    const results = calls.map((_, index) => `result ${at}.${index}`);
    conversation.run(results);
  }
  expect((await ask(spokenAnswer)).text).toBe((more.text ?? ['Done.']).join(''));
  expect(resultsSeen(provider.requests.at(-1))).toEqual(resultsOf(client));
  conversation.say('Once more.');
  const [first] = client.steps;
  if (first !== undefined) {
    await ask(stepBehaviour(first));
    conversation.run(first.calls.map((_, index) => `last result ${index}`));
  }
  expect((await ask(spokenAnswer)).text).toBe((more.text ?? ['Done.']).join(''));
  return spoken;
}

/** What the tools answered, in the order of their calls; a search answers with tools. */
function resultsOf({ steps }: Client): readonly string[] {
  return steps.flatMap(({ calls }, at) =>
    calls.flatMap(({ tool }, index) => (/search/i.test(tool) ? [] : [`result ${at}.${index}`])),
  );
}

function resultsSeen(request: SeenRequest | undefined): readonly string[] {
  if (request === undefined) return [];
  return readPrompt(request).results.flatMap((text) => /result \d\.\d/.exec(text)?.[0] ?? []);
}

const spokenAnswer: Behaviour = { thinking: ['All', ' is there.'], text: ['Do', 'ne.'] };

/** The tools are called by the names under which they are offered by now, in pieces. */
function stepBehaviour({ calls }: Step): Behaviour {
  return (request) => {
    const { tools } = readPrompt(request);
    return {
      thinking: ['I look', ' first.'],
      tools: calls.map(({ tool, input }) => {
        const found = tools.find(({ name }) => name === tool || name.endsWith(`__${tool}`));
        if (found === undefined)
          throw new Error(`no ${tool} among ${tools.map(({ name }) => name).join(', ')}`);
        const given = typeof input === 'string' && !found.isCustom ? { input } : input;
        const text = typeof given === 'string' ? given : JSON.stringify(given);
        return { name: found.name, arguments: [text.slice(0, 5), text.slice(5)] };
      }),
    };
  };
}
