import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import type { ScriptedDialect } from '@ai-switch/testkit';
import {
  APICallError,
  generateText,
  jsonSchema,
  type LanguageModel,
  type ModelMessage,
  Output,
  streamText,
  tool,
} from 'ai';
import {
  CITY_SCHEMA,
  type Conversation,
  type ConversationOptions,
  type GatewayAddress,
  type Said,
  type SdkDriver,
  WEATHER_SCHEMA,
} from './driver.ts';

/** One for each of the adapters. */
export function vercelDrivers({ url, key }: GatewayAddress): readonly SdkDriver[] {
  return Object.entries(ADAPTERS).map(([name, adapter]) => ({
    name: `ai, ${name}`,
    dialect: adapter.dialect,
    open: (options) => {
      const models = adapter.connect(url, options.apiKey ?? key);
      return new VercelConversation(models, adapter.thinking, options);
    },
    leave: async (model) => {
      const abort = new AbortController();
      const { textStream } = streamText({
        model: adapter.connect(url, key)(model),
        prompt: 'Hello',
        maxRetries: 0,
        abortSignal: abort.signal,
        onError: () => {},
      });
      for await (const _piece of textStream) break;
      abort.abort();
    },
    readError: (error) => {
      if (!APICallError.isInstance(error)) throw error;
      const { statusCode: status, responseBody: body = '', responseHeaders } = error;
      return { status, body, retryAfter: responseHeaders?.['retry-after'] };
    },
  }));
}

type ProviderOptions = NonNullable<Parameters<typeof generateText>[0]['providerOptions']>;

interface Adapter {
  readonly dialect: ScriptedDialect;
  connect(url: string, apiKey: string): (model: string) => LanguageModel;
  /** What it is asked with for thoughts to come. */
  readonly thinking: ProviderOptions;
}

const ADAPTERS: Readonly<Record<string, Adapter>> = {
  '@ai-sdk/openai': {
    dialect: 'openai-responses',
    connect: (url, apiKey) => createOpenAI({ baseURL: `${url}/v1`, apiKey }).responses,
    thinking: {
      openai: {
        store: false,
        reasoningEffort: 'high',
        reasoningSummary: 'auto',
        forceReasoning: true,
        include: ['reasoning.encrypted_content'],
      },
    },
  },
  '@ai-sdk/anthropic': {
    dialect: 'anthropic-messages',
    connect: (url, apiKey) => createAnthropic({ baseURL: `${url}/v1`, apiKey }),
    thinking: { anthropic: { thinking: { type: 'adaptive' } } },
  },
  '@ai-sdk/google': {
    dialect: 'gemini',
    connect: (url, apiKey) => createGoogleGenerativeAI({ baseURL: `${url}/v1beta`, apiKey }),
    thinking: { google: { thinkingConfig: { includeThoughts: true } } },
  },
  '@ai-sdk/openai-compatible': {
    dialect: 'openai-chat',
    connect: (url, apiKey) =>
      createOpenAICompatible({
        name: 'gateway',
        baseURL: `${url}/v1`,
        apiKey,
        includeUsage: true,
        supportsStructuredOutputs: true,
      }),
    thinking: { gateway: { reasoningEffort: 'high' } },
  },
};

/** Otherwise the adapter for OpenAI refers to earlier answers by their ids, which only OpenAI itself keeps. */
const STATELESS: ProviderOptions = { openai: { store: false } };

const weather = tool({ inputSchema: jsonSchema<{ readonly city: string }>(WEATHER_SCHEMA) });

class VercelConversation implements Conversation {
  model: string;
  readonly #models: (model: string) => LanguageModel;
  readonly #thinking: ProviderOptions;
  readonly #options: ConversationOptions;
  readonly #messages: ModelMessage[] = [];

  constructor(
    models: (model: string) => LanguageModel,
    thinking: ProviderOptions,
    options: ConversationOptions,
  ) {
    this.#models = models;
    this.#thinking = thinking;
    this.#options = options;
    this.model = options.model;
  }

  say(text: string, image?: string): Promise<Said> {
    const words = { type: 'text' as const, text };
    const picture = { type: 'file' as const, data: image ?? '', mediaType: 'image/png' };
    this.#messages.push({ role: 'user', content: image === undefined ? text : [words, picture] });
    return this.#ask();
  }

  answer(results: Parameters<Conversation['answer']>[0]): Promise<Said> {
    const content = results.map(({ call, text }) => ({
      type: 'tool-result' as const,
      toolCallId: call.id,
      toolName: call.name,
      output: { type: 'text' as const, value: text },
    }));
    this.#messages.push({ role: 'tool', content });
    return this.#ask();
  }

  async #ask(): Promise<Said> {
    const { isStreamed, isThinking, hasTools, isStructured } = this.#options;
    const request = {
      model: this.#models(this.model),
      messages: this.#messages,
      maxRetries: 0,
      providerOptions: isThinking ? this.#thinking : STATELESS,
      ...(hasTools && { tools: { weather } }),
      ...(isStructured && { output: Output.object({ schema: jsonSchema(CITY_SCHEMA) }) }),
    };
    if (!isStreamed) {
      const result = await generateText(request);
      this.#messages.push(...result.response.messages);
      return saidIn(result, result.text === '' ? [] : [result.text]);
    }
    let failure: unknown;
    const result = streamText({
      ...request,
      onError: ({ error }) => {
        failure = error;
      },
    });
    const pieces: string[] = [];
    for await (const piece of result.textStream) pieces.push(piece);
    if (failure !== undefined) throw failure;
    this.#messages.push(...(await result.response).messages);
    const [text, reasoningText, toolCalls, finishReason, usage] = await Promise.all([
      result.text,
      result.reasoningText,
      result.toolCalls,
      result.finishReason,
      result.usage,
    ]);
    return saidIn({ text, reasoningText, toolCalls, finishReason, usage }, pieces);
  }
}

interface Result {
  readonly text: string;
  readonly reasoningText: string | undefined;
  readonly toolCalls: readonly {
    readonly toolCallId: string;
    readonly toolName: string;
    readonly input: unknown;
  }[];
  readonly finishReason: string;
  readonly usage: {
    readonly inputTokens: number | undefined;
    readonly outputTokens: number | undefined;
    readonly inputTokenDetails: { readonly cacheReadTokens: number | undefined };
  };
}

function saidIn(result: Result, pieces: readonly string[]): Said {
  const { text, reasoningText, toolCalls, finishReason, usage } = result;
  return {
    text,
    pieces,
    thinking: reasoningText ?? '',
    calls: toolCalls.map(({ toolCallId: id, toolName: name, input }) => ({ id, name, input })),
    finish: finishReason,
    usage: {
      input: usage.inputTokens,
      output: usage.outputTokens,
      cacheRead: usage.inputTokenDetails.cacheReadTokens,
    },
  };
}
