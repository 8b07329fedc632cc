// The official SDKs read every recorded stream that was stopped after any frame, where they read the whole one.

import { readdirSync, readFileSync } from 'node:fs';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { type DialectName, dialects, type Frame, parseFrame, SseSplitter } from '@ai-switch/dialects';
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import { type LanguageModel, streamText } from 'ai';
import OpenAI from 'openai';
import { afterEach, describe, expect, test, vi } from 'vitest';

const FIXTURES = new URL('../../../packages/dialects/fixtures/', import.meta.url);
const USAGE = { input: 20, output: 9, cacheRead: 3, cacheWrite: 0 };
const CONTEXT = {
  requestId: 'req_1',
  model: 'alias',
  createdAtMs: 1_763_800_000_000,
  isStreamUsageWanted: true,
};

/** Why the answer ended, in the SDK's own word; rejects when it cannot read it. */
type Reader = (fetch: typeof globalThis.fetch) => Promise<string | null | undefined>;

const KEY = { apiKey: 'k', maxRetries: 0 };
const ASKED = { model: 'm', messages: [{ role: 'user' as const, content: 'x' }] };

const READERS: Readonly<Record<DialectName, Readonly<Record<string, Reader>>>> = {
  'openai-chat': {
    openai: async (fetch) => {
      const stream = new OpenAI({ ...KEY, fetch }).chat.completions.stream(ASKED);
      return (await stream.finalChatCompletion()).choices[0]?.finish_reason;
    },
    '@ai-sdk/openai-compatible': (fetch) =>
      vercel(createOpenAICompatible({ name: 'p', baseURL: 'http://p/v1', apiKey: 'k', fetch })('m')),
  },
  'openai-responses': {
    openai: async (fetch) => {
      const stream = new OpenAI({ ...KEY, fetch }).responses.stream({ model: 'm', input: 'x' });
      let end: string | undefined;
      for await (const event of stream) {
        if (event.type !== 'response.incomplete' && event.type !== 'response.completed') continue;
        end = event.response.incomplete_details?.reason ?? event.response.status;
      }
      return end;
    },
    '@ai-sdk/openai': (fetch) => vercel(createOpenAI({ apiKey: 'k', fetch }).responses('m')),
  },
  'anthropic-messages': {
    '@anthropic-ai/sdk': async (fetch) => {
      const stream = new Anthropic({ ...KEY, fetch }).messages.stream({ ...ASKED, max_tokens: 100 });
      return (await stream.finalMessage()).stop_reason;
    },
    '@ai-sdk/anthropic': (fetch) => vercel(createAnthropic({ apiKey: 'k', fetch })('m')),
  },
  gemini: {
    '@google/genai': async (fetch) => {
      vi.stubGlobal('fetch', fetch);
      const client = new GoogleGenAI({ apiKey: 'k' });
      const stream = await client.models.generateContentStream({ model: 'm', contents: 'x' });
      let end: string | undefined;
      for await (const chunk of stream) end = chunk.candidates?.[0]?.finishReason ?? end;
      return end;
    },
    '@ai-sdk/google': (fetch) => vercel(createGoogleGenerativeAI({ apiKey: 'k', fetch })('m')),
  },
};
const LENGTHS = new Set(['length', 'max_tokens', 'max_output_tokens', 'MAX_TOKENS']);

async function vercel(model: LanguageModel): Promise<string> {
  const asked = { prompt: 'x', maxOutputTokens: 100, maxRetries: 0, onError: () => {} };
  const answer = streamText({ model, ...asked });
  for await (const part of answer.fullStream) if (part.type === 'error') throw part.error;
  return await answer.finishReason;
}

const cases = (Object.keys(READERS) as DialectName[]).flatMap((name) =>
  readdirSync(new URL(name, FIXTURES))
    .filter((file) => file.endsWith('.stream.sse'))
    .flatMap((file) => Object.entries(READERS[name]).map(([sdk, read]) => ({ name, file, sdk, read }))),
);

describe('an answer that was stopped', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  test.each(cases)('is read by $sdk wherever it was stopped: $name, $file', async ({ name, file, read }) => {
    const frames = framesOf(readFileSync(new URL(`${name}/${file}`, FIXTURES)));
    const isWholeRead = await read(answering(Buffer.concat(frames).toString())).then(
      () => true,
      () => false,
    );
    for (let count = 1; isWholeRead && count <= frames.length; count += 1) {
      const passed = frames.slice(0, count);
      if (!isOpenAfter(name, passed.map(parseFrame))) break;
      const word = await read(answering(Buffer.concat(passed).toString() + stopAfter(name, passed)));
      expect([count, LENGTHS.has(word ?? '') ? 'length' : word]).toEqual([count, 'length']);
    }
  });
});

function framesOf(bytes: Buffer): readonly Buffer[] {
  const splitter = new SseSplitter({ frameBytesMax: 1 << 20 });
  const frames = splitter.push(bytes);
  const last = splitter.end();
  return last === undefined ? frames : [...frames, last];
}

/** False once the answer has ended or failed. */
function isOpenAfter(name: DialectName, passed: readonly Frame[]): boolean {
  const reader = dialects[name].streamReader();
  const events = passed.flatMap((frame) => reader.read(frame));
  const last = reader.end().at(-1);
  const isEnded = events.some(({ type }) => type === 'error' || type === 'finish');
  return !isEnded && last?.type === 'error' && /before it was complete/.test(last.error.message);
}

function stopAfter(name: DialectName, passed: readonly Buffer[]): string {
  const stopper = dialects[name].streamStopper(CONTEXT);
  for (const bytes of passed) stopper.observe(parseFrame(bytes));
  return stopper.stop(USAGE);
}

function answering(body: string): typeof globalThis.fetch {
  return async () => new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}
