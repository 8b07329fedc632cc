// What every SDK gets from every provider. The scripted provider refuses what the real one would, so that a request which
// was converted wrongly fails here.

import { readPrompt, type ScriptedProvider } from '@ai-switch/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import type { AliasName, Gateway } from '../gateway.ts';
import { expectSettled, seenBody } from '../seen.ts';
import { type Conversation, PIXEL, type Said, type SdkDriver } from './driver.ts';

const BERGEN = { name: 'weather', arguments: ['{"city":', '"Bergen"}'] };
const OSLO = { name: 'weather', arguments: ['{"city":"Oslo"}'] };
const USAGE = { input: 20, output: 5, cacheRead: 100 };
const FORMS = [
  ['a whole reply', false],
  ['a stream', true],
] as const;

export function describeConversations(
  gateway: () => Gateway,
  driver: () => SdkDriver,
  aliases: readonly AliasName[],
): void {
  describe.each(aliases)('and a provider of %s', (model) => {
    const provider = (): ScriptedProvider => gateway().provider;
    afterEach(() => {
      expect(provider().refusals).toEqual([]);
    });

    describe.each(FORMS)('in %s', (_form, isStreamed) => {
      it('case 94: says what the provider says, and how much was used', async () => {
        provider().script({ text: ['Good ', 'day.'], usage: USAGE });
        const said = await driver().open({ model, isStreamed }).say('Hello');
        expect(said).toMatchObject({ text: 'Good day.', calls: [], usage: { output: 5, cacheRead: 100 } });
        // Anthropic counts what came from the cache beside the rest, the others within it.
        expect([20, 120]).toContain(said.usage?.input);
        if (isStreamed) expect(said.pieces).toEqual(['Good ', 'day.']);
      });

      it('case 94: calls a tool, takes its result and goes on', async () => {
        provider().script({ tools: [BERGEN] }, { text: ['Rain.'] });
        const conversation = driver().open({ model, isStreamed, hasTools: true });
        const asked = await conversation.say('How is the weather in Bergen?');
        expect(asked.calls).toMatchObject([{ name: 'weather', input: { city: 'Bergen' } }]);
        const said = await answerAll(conversation, asked, ['11 degrees']);
        expect(said).toMatchObject({ text: 'Rain.', calls: [] });
        expect(seenBody(provider())).toContain('11 degrees');
      });

      it('case 52: calls two tools at once, both of which get their results', async () => {
        provider().script({ text: ['I look.'], tools: [BERGEN, OSLO] }, { text: ['Rain, sun.'] });
        const conversation = driver().open({ model, isStreamed, hasTools: true });
        const asked = await conversation.say('How is the weather in Bergen and in Oslo?');
        expect(asked.text).toBe('I look.');
        expect(asked.calls.map(({ input }) => input)).toEqual([{ city: 'Bergen' }, { city: 'Oslo' }]);
        const said = await answerAll(conversation, asked, ['11 degrees', '7 degrees']);
        expect(said.text).toBe('Rain, sun.');
        const seen = seenBody(provider());
        expect(seen.indexOf('11 degrees')).toBeGreaterThan(0);
        expect(seen.indexOf('7 degrees')).toBeGreaterThan(seen.indexOf('11 degrees'));
      });

      it('case 57: thoughts before calls come back to who had them, step after step', async () => {
        provider().script(
          { thinking: ['Let me ', 'look.'], tools: [BERGEN] },
          { thinking: ['And ', 'there.'], tools: [OSLO] },
          { thinking: ['So.'], text: ['Rain, sun.'] },
          { text: ['You are welcome.'] },
        );
        const conversation = driver().open({ model, isStreamed, hasTools: true, isThinking: true });
        const first = await conversation.say('How is the weather in Bergen?');
        expect(first.thinking).toBe('Let me look.');
        const second = await answerAll(conversation, first, ['11 degrees']);
        expect(second).toMatchObject({ thinking: 'And there.', calls: [{ input: { city: 'Oslo' } }] });
        const third = await answerAll(conversation, second, ['7 degrees']);
        expect(third).toMatchObject({ thinking: 'So.', text: 'Rain, sun.' });
        expectThoughtsKept(provider(), model);
        expect((await conversation.say('Thanks.')).text).toBe('You are welcome.');
      });
    });

    it('case 94: sees an image', async () => {
      provider().script({ text: ['A pixel.'] });
      const said = await driver().open({ model }).say('What is it?', PIXEL);
      expect(said.text).toBe('A pixel.');
      expect(seenBody(provider())).toContain(PIXEL);
    });

    it('case 40: answers in JSON of the wanted form', async () => {
      const json = '{"city":"Bergen","degrees":11}';
      // Some SDKs ask for JSON by a tool that has to be called; a model that answers in text puts it in a fence at times.
      const fenced = model === 'chat' ? ['```json\n', json, '\n```'] : [json];
      provider().script((request) => {
        const { forcedTool: name } = readPrompt(request);
        return name === undefined ? { text: fenced } : { tools: [{ name, arguments: [json] }] };
      });
      const said = await driver().open({ model, isStructured: true }).say('How is the weather?');
      expect(said.text).toBe(json);
      expect(seenBody(provider())).toContain('degrees');
    });

    it('case 10: may leave in the middle of a stream, which is settled', async () => {
      const before = await gateway().outputTokens();
      provider().script({ text: ['one ', 'two ', 'three '], hangAfterPieces: 2 });
      await driver().leave(model);
      await expectSettled(gateway(), before.used);
    });
  });
}

function answerAll(conversation: Conversation, { calls }: Said, texts: readonly string[]): Promise<Said> {
  return conversation.answer(calls.map((call, at) => ({ call, text: texts[at] ?? '' })));
}

/** The last request holds the thoughts of both steps before it, in the place that its dialect has for them. */
function expectThoughtsKept(provider: ScriptedProvider, model: AliasName): void {
  const body: Fields = JSON.parse(seenBody(provider));
  const kept: Readonly<Record<AliasName, () => readonly unknown[]>> = {
    chat: () => listIn(body.messages).flatMap((message) => message.reasoning_content || []),
    messages: () =>
      listIn(body.messages)
        .flatMap(({ content }) => listIn(content))
        .filter(({ type }) => type === 'thinking'),
    responses: () => listIn(body.input).filter((item) => item.type === 'reasoning' && item.encrypted_content),
    gemini: () =>
      listIn(body.contents)
        .flatMap(({ parts }) => listIn(parts))
        .filter((part) => part.functionCall && OF_THE_PROVIDER.test(String(part.thoughtSignature))),
  };
  expect(kept[model]()).toHaveLength(2);
}

/** `gemini:` in base64: no stand-in for a signature that is gone. */
const OF_THE_PROVIDER = /^Z2VtaW5p/;

type Fields = Readonly<Record<string, unknown>>;

function listIn(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value : [];
}
