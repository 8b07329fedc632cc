// What the official SDKs get from a gateway, whatever edition it is: both client dialects by both provider dialects.

import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ALIASES, type AliasName, type Gateway, PROVIDER_KEY } from './gateway.ts';

const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
const WEATHER = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } as const;
const CALL = { id: 'call_1', name: 'weather', arguments: ['{"city":', '"Bergen"}'] };
const USAGE = { input: 20, output: 5, cacheRead: 100 };

export function describeGateway(edition: string, open: () => Promise<Gateway>): void {
  describe(edition, () => {
    let gateway: Gateway;
    let openai: OpenAI;
    let anthropic: Anthropic;

    beforeAll(async () => {
      gateway = await open();
      openai = openaiWith(gateway.key);
      anthropic = anthropicWith(gateway.key);
    });
    afterAll(() => gateway[Symbol.asyncDispose]());
    beforeEach(() => gateway.provider.reset());

    const openaiWith = (apiKey: string) =>
      new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey, maxRetries: 0 });
    const anthropicWith = (apiKey: string) => new Anthropic({ baseURL: gateway.url, apiKey, maxRetries: 0 });
    const seenBody = (index = -1) => JSON.parse(gateway.provider.requests.at(index)?.body.toString() ?? '{}');

    describe.each(Object.keys(ALIASES) as AliasName[])('the openai SDK and a provider of %s', (model) => {
      const hello = { role: 'user', content: 'Hello' } as const;

      it('gets a whole text with usage', async () => {
        gateway.provider.script({ text: ['Good ', 'day.'], usage: USAGE });
        const { choices, usage } = await openai.chat.completions.create({ model, messages: [hello] });
        expect(choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'Good day.' } });
        expect(usage).toMatchObject({
          prompt_tokens: 120,
          completion_tokens: 5,
          total_tokens: 125,
          prompt_tokens_details: { cached_tokens: 100 },
        });
        expect(seenBody().model).toBe(`upstream-${model}`);
        const headers = JSON.stringify(gateway.provider.requests.at(-1)?.headers);
        expect(headers).toContain(PROVIDER_KEY);
        expect(headers).not.toContain(gateway.key);
      });

      it('gets a streamed text as it comes, with usage', async () => {
        gateway.provider.script({ text: ['Good ', 'day.'], usage: USAGE });
        const stream = openai.chat.completions.stream({
          model,
          messages: [hello],
          stream_options: { include_usage: true },
        });
        const { choices, usage } = await stream.finalChatCompletion();
        expect(choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'Good day.' } });
        expect(usage).toMatchObject({ prompt_tokens: 120, completion_tokens: 5 });
      });

      it.each([false, true])('calls a tool and gives its result (streamed: %s)', async (isStreamed) => {
        const tools = [
          { type: 'function' as const, function: { name: 'weather', parameters: { ...WEATHER } } },
        ];
        gateway.provider.script({ tools: [CALL] }, { text: ['Rain.'] });
        const request = { model, messages: [hello], tools };
        const { choices } = isStreamed
          ? await openai.chat.completions.stream(request).finalChatCompletion()
          : await openai.chat.completions.create(request);
        const call = choices[0]?.message.tool_calls?.[0];
        expect(choices[0]?.finish_reason).toBe('tool_calls');
        expect(call).toMatchObject({ id: 'call_1', function: { name: 'weather' } });
        if (call?.type !== 'function') return expect.unreachable();
        expect(JSON.parse(call.function.arguments)).toEqual({ city: 'Bergen' });

        const result = { role: 'tool', tool_call_id: call.id, content: '11 degrees' } as const;
        const asked = { role: 'assistant', tool_calls: [call] } as const;
        const second = await openai.chat.completions.create({
          model,
          messages: [hello, { ...asked, tool_calls: [call] }, result],
          tools,
        });
        expect(second.choices[0]?.message.content).toBe('Rain.');
        expect(JSON.stringify(seenBody().messages)).toContain('11 degrees');
        expect(JSON.stringify(seenBody().messages)).toContain('Bergen');
      });

      it('sends an image', async () => {
        const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } } as const;
        const content = [{ type: 'text', text: 'What is it?' } as const, image];
        await openai.chat.completions.create({ model, messages: [{ role: 'user', content }] });
        expect(JSON.stringify(seenBody().messages)).toContain(PIXEL);
      });

      it('gets what the model thought', async () => {
        gateway.provider.script({ thinking: ['Let me ', 'see.'], text: ['Yes.'] });
        const { choices } = await openai.chat.completions.create({ model, messages: [hello] });
        expect(choices[0]?.message).toMatchObject({ reasoning_content: 'Let me see.', content: 'Yes.' });
      });

      it('may leave in the middle of a stream, which is settled', async () => {
        const before = await gateway.outputTokens();
        gateway.provider.script({ text: ['one ', 'two ', 'three '], hang: 3 });
        const stream = await openai.chat.completions.create({ model, messages: [hello], stream: true });
        for await (const _chunk of stream) break;
        stream.controller.abort();
        await expectSettled(gateway, before.used);
      });
    });

    describe.each(Object.keys(ALIASES) as AliasName[])('the Anthropic SDK and a provider of %s', (model) => {
      const hello = { role: 'user', content: 'Hello' } as const;
      const request = { model, max_tokens: 100, messages: [hello] };

      it('gets a whole text with usage', async () => {
        gateway.provider.script({ text: ['Good ', 'day.'], usage: USAGE });
        const message = await anthropic.messages.create(request);
        expect(message.content).toMatchObject([{ type: 'text', text: 'Good day.' }]);
        expect(message.stop_reason).toBe('end_turn');
        expect(message.usage).toMatchObject({
          input_tokens: 20,
          output_tokens: 5,
          cache_read_input_tokens: 100,
        });
      });

      it('gets a streamed text as it comes, with usage', async () => {
        gateway.provider.script({ text: ['Good ', 'day.'], usage: USAGE });
        const deltas: string[] = [];
        const stream = anthropic.messages.stream(request).on('text', (text) => deltas.push(text));
        const message = await stream.finalMessage();
        expect(deltas).toEqual(['Good ', 'day.']);
        expect(message.stop_reason).toBe('end_turn');
        expect(message.usage).toMatchObject({ output_tokens: 5, cache_read_input_tokens: 100 });
      });

      it.each([false, true])('calls a tool and gives its result (streamed: %s)', async (isStreamed) => {
        const tools = [{ name: 'weather', input_schema: { ...WEATHER, required: ['city'] } }];
        gateway.provider.script({ tools: [CALL] }, { text: ['Rain.'] });
        const message = isStreamed
          ? await anthropic.messages.stream({ ...request, tools }).finalMessage()
          : await anthropic.messages.create({ ...request, tools });
        expect(message.stop_reason).toBe('tool_use');
        const call = message.content.find(({ type }) => type === 'tool_use');
        if (call?.type !== 'tool_use') return expect.unreachable();
        expect(call).toMatchObject({ name: 'weather', input: { city: 'Bergen' } });

        const result = { type: 'tool_result', tool_use_id: call.id, content: '11 degrees' } as const;
        const second = await anthropic.messages.create({
          ...request,
          tools,
          messages: [
            hello,
            { role: 'assistant', content: message.content },
            { role: 'user', content: [result] },
          ],
        });
        expect(second.content).toMatchObject([{ type: 'text', text: 'Rain.' }]);
        expect(JSON.stringify(seenBody().messages)).toContain('11 degrees');
        expect(JSON.stringify(seenBody().messages)).toContain('Bergen');
      });

      it('sends an image', async () => {
        const source = { type: 'base64', media_type: 'image/png', data: PIXEL } as const;
        const content = [{ type: 'text', text: 'What is it?' } as const, { type: 'image', source } as const];
        await anthropic.messages.create({ ...request, messages: [{ role: 'user', content }] });
        expect(JSON.stringify(seenBody().messages)).toContain(PIXEL);
      });

      it.each([false, true])('gets what the model thought (streamed: %s)', async (isStreamed) => {
        gateway.provider.script({ thinking: ['Let me ', 'see.'], text: ['Yes.'] });
        const message = isStreamed
          ? await anthropic.messages.stream(request).finalMessage()
          : await anthropic.messages.create(request);
        expect(message.content).toMatchObject([
          { type: 'thinking', thinking: 'Let me see.' },
          { type: 'text', text: 'Yes.' },
        ]);
      });

      it('may leave in the middle of a stream, which is settled', async () => {
        const before = await gateway.outputTokens();
        // Before the third text: a message begins with three frames of its own.
        gateway.provider.script({ text: ['one ', 'two ', 'three '], hang: 5 });
        const stream = anthropic.messages.stream(request);
        stream.on('text', () => stream.abort());
        await expect(stream.finalMessage()).rejects.toBeInstanceOf(Anthropic.APIUserAbortError);
        await expectSettled(gateway, before.used);
      });
    });

    describe('an error is one of the SDK’s own types:', () => {
      const messages = [{ role: 'user' as const, content: 'Hello' }];
      const askOpenai = (client: OpenAI, model = 'chat') =>
        client.chat.completions.create({ model, messages });
      const askAnthropic = (client: Anthropic, model = 'messages') =>
        client.messages.create({ model, max_tokens: 100, messages });

      it('a wrong key', async () => {
        await expect(askOpenai(openaiWith('ais_wrong'))).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
        await expect(askAnthropic(anthropicWith('ais_wrong'))).rejects.toBeInstanceOf(
          Anthropic.AuthenticationError,
        );
        expect(gateway.provider.requests).toHaveLength(0);
      });

      it('an unknown model', async () => {
        await expect(askOpenai(openai, 'nobody')).rejects.toBeInstanceOf(OpenAI.NotFoundError);
        await expect(askAnthropic(anthropic, 'nobody')).rejects.toBeInstanceOf(Anthropic.NotFoundError);
        expect(gateway.provider.requests).toHaveLength(0);
      });

      it('a spent quota', async () => {
        const key = await gateway.limitedKey(0);
        await expect(askOpenai(openaiWith(key))).rejects.toBeInstanceOf(OpenAI.RateLimitError);
        await expect(askAnthropic(anthropicWith(key))).rejects.toBeInstanceOf(Anthropic.RateLimitError);
        expect(gateway.provider.requests).toHaveLength(0);
      });

      it('a request that is wrong', async () => {
        const wrong = { model: 'chat', messages: [] };
        await expect(openai.chat.completions.create(wrong)).rejects.toBeInstanceOf(OpenAI.BadRequestError);
        await expect(
          anthropic.messages.create({ model: 'messages', max_tokens: 100, messages: [] }),
        ).rejects.toBeInstanceOf(Anthropic.BadRequestError);
        expect(gateway.provider.requests).toHaveLength(0);
      });

      it('a provider that is overloaded', async () => {
        gateway.provider.otherwise = { status: 503 };
        await expect(askOpenai(openai)).rejects.toBeInstanceOf(OpenAI.InternalServerError);
        await expect(askAnthropic(anthropic)).rejects.toBeInstanceOf(Anthropic.InternalServerError);
      });

      it('a provider that refuses our credential is no fault of the client', async () => {
        gateway.provider.otherwise = { status: 401 };
        await expect(askOpenai(openai)).rejects.toBeInstanceOf(OpenAI.InternalServerError);
        await expect(askAnthropic(anthropic)).rejects.toBeInstanceOf(Anthropic.InternalServerError);
      });

      it('a stream that breaks in the middle', async () => {
        gateway.provider.otherwise = { text: ['one ', 'two ', 'three '], cutAfterFrames: 4 };
        const read = async (stream: AsyncIterable<unknown>) => {
          for await (const _chunk of stream);
        };
        const chat = await openai.chat.completions.create({ model: 'chat', messages, stream: true });
        await expect(read(chat)).rejects.toBeInstanceOf(OpenAI.APIError);
        const stream = anthropic.messages.stream({ model: 'messages', max_tokens: 100, messages });
        await expect(stream.finalMessage()).rejects.toBeInstanceOf(Anthropic.APIError);
      });
    });

    it('both SDKs list the models in their own form', async () => {
      const names = Object.keys(ALIASES);
      expect((await openai.models.list()).data.map(({ id }) => id)).toEqual(expect.arrayContaining(names));
      expect((await anthropic.models.list()).data.map(({ id }) => id)).toEqual(expect.arrayContaining(names));
    });

    it('at the end nothing is held', async () => {
      await expect.poll(async () => (await gateway.outputTokens()).held).toBe(0);
    });
  });
}

/** The provider was told, nothing is held any more, and what was delivered is charged. */
async function expectSettled(gateway: Gateway, usedBefore: number): Promise<void> {
  await expect.poll(() => gateway.provider.requests.at(-1)?.abortedAtMs).toBeTypeOf('number');
  await expect.poll(async () => (await gateway.outputTokens()).held).toBe(0);
  expect((await gateway.outputTokens()).used).toBeGreaterThan(usedBefore);
}
