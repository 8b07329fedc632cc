// What the SDKs ask besides answers: lists of models, vectors, counts.

import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { scriptedVector } from '@ai-switch/testkit';
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import { embedMany } from 'ai';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { ALIAS_NAMES, type Gateway } from '../gateway.ts';

const TEXTS = ['one', 'zwei', '三'];
const vectors = (dimensions?: number) => TEXTS.map((text) => scriptedVector(text, dimensions));

/** Whose providers can make vectors. */
const EMBEDDERS = ['chat', 'responses', 'gemini'] as const;

export function describeAuxiliary(gateway: () => Gateway): void {
  const openai = () => new OpenAI({ baseURL: `${gateway().url}/v1`, apiKey: gateway().key, maxRetries: 0 });
  const anthropic = () => new Anthropic({ baseURL: gateway().url, apiKey: gateway().key, maxRetries: 0 });
  const genai = (apiVersion?: string) =>
    new GoogleGenAI({
      apiKey: gateway().key,
      httpOptions: { baseUrl: gateway().url, ...(apiVersion !== undefined && { apiVersion }) },
    });

  describe('the list of models', () => {
    it('case 89: holds every alias for the openai SDK', async () => {
      const { data } = await openai().models.list();
      expect(data.map(({ id }) => id)).toEqual(expect.arrayContaining([...ALIAS_NAMES]));
      expect(await openai().models.retrieve('messages')).toMatchObject({ id: 'messages', object: 'model' });
    });

    it('case 89: holds every alias for the Anthropic SDK, page by page', async () => {
      const seen: string[] = [];
      for await (const { id, display_name: name, created_at: created } of anthropic().models.list({
        limit: 3,
      })) {
        seen.push(id);
        expect([name, Number.isNaN(Date.parse(created))]).toEqual([expect.any(String), false]);
      }
      expect(seen).toEqual(expect.arrayContaining([...ALIAS_NAMES]));
      expect(new Set(seen).size).toBe(seen.length);
      expect((await anthropic().models.retrieve('chat')).id).toBe('chat');
    });

    it.each([undefined, 'v1beta'])(
      'case 89: holds every alias for Google’s SDK (version %s)',
      async (version) => {
        const seen: string[] = [];
        for await (const { name } of await genai(version).models.list()) seen.push(String(name));
        expect(seen).toEqual(expect.arrayContaining(ALIAS_NAMES.map((name) => `models/${name}`)));
        expect((await genai(version).models.get({ model: 'gemini' })).name).toBe('models/gemini');
      },
    );
  });

  describe.each(EMBEDDERS)('vectors of a provider of %s', (model) => {
    it.each([undefined, 'float', 'base64'] as const)(
      'case 88: are the same for the openai SDK (encoding %s)',
      async (encoding) => {
        const { data, usage } = await openai().embeddings.create({
          model,
          input: TEXTS,
          ...(encoding !== undefined && { encoding_format: encoding }),
        });
        const numbers = data.map(({ embedding }) =>
          encoding === 'base64' ? floatsIn(embedding) : embedding,
        );
        expect(numbers).toEqual(vectors());
        expect(usage.prompt_tokens).toBeGreaterThan(0);
      },
    );

    it('case 88: are as long as they were asked for', async () => {
      const { data } = await openai().embeddings.create({ model, input: TEXTS, dimensions: 5 });
      expect(data.map(({ embedding }) => embedding)).toEqual(vectors(5));
    });

    it.each([undefined, 'v1beta'])('case 88: are the same for Google’s SDK (version %s)', async (version) => {
      const { embeddings } = await genai(version).models.embedContent({ model, contents: TEXTS });
      expect(embeddings?.map(({ values }) => values)).toEqual(vectors());
    });

    it('case 88: are the same for the adapters of ai', async () => {
      const { url, key: apiKey } = gateway();
      const models = [
        createOpenAI({ baseURL: `${url}/v1`, apiKey }).embedding(model),
        createGoogleGenerativeAI({ baseURL: `${url}/v1beta`, apiKey }).embedding(model),
        createOpenAICompatible({ name: 'gateway', baseURL: `${url}/v1`, apiKey }).embeddingModel(model),
      ];
      for (const one of models) {
        const { embeddings } = await embedMany({ model: one, values: TEXTS, maxRetries: 0 });
        expect(embeddings).toEqual(vectors());
      }
    });
  });

  describe.each(ALIAS_NAMES)('a count of tokens for a provider of %s', (model) => {
    const short = 'Hello there.';
    const long = 'The quick brown fox jumps over the lazy dog. '.repeat(100);

    it('case 86: comes from the Anthropic SDK without max_tokens, and costs nothing', async () => {
      const before = await gateway().outputTokens();
      const count = async (content: string) => {
        const messages = [{ role: 'user' as const, content }];
        const tools = [{ name: 'weather', input_schema: { type: 'object' as const } }];
        return (await anthropic().messages.countTokens({ model, messages, tools })).input_tokens;
      };
      expect(await count(short)).toBeGreaterThan(0);
      expect(await count(long)).toBeGreaterThan((await count(short)) + 500);
      expect(await gateway().outputTokens()).toEqual(before);
    });

    it.each([undefined, 'v1beta'])('case 87: comes from Google’s SDK (version %s)', async (version) => {
      const count = async (contents: string) =>
        Number((await genai(version).models.countTokens({ model, contents })).totalTokens);
      expect(await count(short)).toBeGreaterThan(0);
      expect(await count(long)).toBeGreaterThan((await count(short)) + 500);
    });
  });

  it('the Anthropic SDK is told that its dialect makes no vectors', async () => {
    const asked = openai().embeddings.create({ model: 'messages', input: 'one' });
    await expect(asked).rejects.toBeInstanceOf(OpenAI.BadRequestError);
  });
}

/** 32-bit floats, little-endian. */
function floatsIn(text: unknown): readonly number[] {
  const bytes = Buffer.from(String(text), 'base64');
  return Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(at * 4));
}
