import OpenAI from 'openai';
import type { ChatCompletionMessageFunctionToolCall, ChatCompletionMessageParam } from 'openai/resources';
import {
  CITY_SCHEMA,
  type Conversation,
  type ConversationOptions,
  type GatewayAddress,
  type Said,
  type SdkDriver,
  WEATHER_SCHEMA,
} from './driver.ts';
import { openaiError } from './openai-error.ts';

export function openaiChatDriver({ url, key }: GatewayAddress): SdkDriver {
  const clientWith = (apiKey: string) => new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
  return {
    name: 'openai, chat completions',
    dialect: 'openai-chat',
    open: (options) => new ChatConversation(clientWith(options.apiKey ?? key), options),
    leave: async (model) => {
      const messages = [{ role: 'user' as const, content: 'Hello' }];
      const stream = await clientWith(key).chat.completions.create({ model, messages, stream: true });
      for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
      stream.controller.abort();
    },
    readError: openaiError,
  };
}

class ChatConversation implements Conversation {
  model: string;
  readonly #client: OpenAI;
  readonly #options: ConversationOptions;
  readonly #messages: ChatCompletionMessageParam[] = [];

  constructor(client: OpenAI, options: ConversationOptions) {
    this.#client = client;
    this.#options = options;
    this.model = options.model;
  }

  say(text: string, image?: string): Promise<Said> {
    const url = `data:image/png;base64,${image}`;
    const content =
      image === undefined
        ? text
        : [
            { type: 'text' as const, text },
            { type: 'image_url' as const, image_url: { url } },
          ];
    this.#messages.push({ role: 'user', content });
    return this.#ask();
  }

  answer(results: Parameters<Conversation['answer']>[0]): Promise<Said> {
    for (const { call, text } of results) {
      this.#messages.push({ role: 'tool', tool_call_id: call.id, content: text });
    }
    return this.#ask();
  }

  async #ask(): Promise<Said> {
    const { isStreamed, isThinking, hasTools, isStructured } = this.#options;
    const request = {
      model: this.model,
      messages: this.#messages,
      ...(isThinking && { reasoning_effort: 'high' as const }),
      ...(hasTools && {
        tools: [
          { type: 'function' as const, function: { name: 'weather', parameters: { ...WEATHER_SCHEMA } } },
        ],
      }),
      ...(isStructured && {
        response_format: {
          type: 'json_schema' as const,
          json_schema: { name: 'city', strict: true, schema: { ...CITY_SCHEMA } },
        },
      }),
    };
    const { message, ...said } = isStreamed ? await this.#streamed(request) : await this.#whole(request);
    this.#messages.push(message);
    return said;
  }

  async #whole(request: Request): Promise<Answer> {
    const { choices, usage } = await this.#client.chat.completions.create(request);
    const [choice] = choices;
    if (choice === undefined) throw new Error('no choice');
    const { message } = choice;
    const calls = (message.tool_calls ?? []).filter((call) => call.type === 'function');
    const text = message.content ?? '';
    const { reasoning_content: thinking = '' } = message as { readonly reasoning_content?: string };
    return answerOf([text], thinking, calls, choice.finish_reason, usage);
  }

  async #streamed(request: Request): Promise<Answer> {
    const stream = await this.#client.chat.completions.create({
      ...request,
      stream: true,
      stream_options: { include_usage: true },
    });
    const pieces: string[] = [];
    const calls: ChatCompletionMessageFunctionToolCall[] = [];
    let thinking = '';
    let finish: string | null = null;
    let usage: OpenAI.CompletionUsage | null | undefined;
    for await (const chunk of stream) {
      usage = chunk.usage ?? usage;
      const [choice] = chunk.choices;
      if (choice === undefined) continue;
      finish = choice.finish_reason ?? finish;
      const { content, tool_calls: deltas = [] } = choice.delta;
      thinking += (choice.delta as { readonly reasoning_content?: string }).reasoning_content ?? '';
      if (content) pieces.push(content);
      for (const delta of deltas) {
        calls[delta.index] ??= { id: '', type: 'function', function: { name: '', arguments: '' } };
        const call = calls[delta.index];
        if (call === undefined) continue;
        call.id ||= delta.id ?? '';
        call.function.name ||= delta.function?.name ?? '';
        call.function.arguments += delta.function?.arguments ?? '';
      }
    }
    return answerOf(pieces, thinking, calls, finish, usage);
  }
}

type Request = Omit<OpenAI.ChatCompletionCreateParamsNonStreaming, 'stream'>;
type Answer = Said & { readonly message: ChatCompletionMessageParam };

function answerOf(
  pieces: readonly string[],
  thinking: string,
  calls: readonly ChatCompletionMessageFunctionToolCall[],
  finish: string | null,
  usage: OpenAI.CompletionUsage | null | undefined,
): Answer {
  const text = pieces.join('');
  return {
    text,
    pieces,
    thinking,
    finish,
    calls: calls.map(({ id, function: { name, arguments: json } }) => ({
      id,
      name,
      input: JSON.parse(json),
    })),
    usage: usage
      ? {
          input: usage.prompt_tokens,
          output: usage.completion_tokens,
          cacheRead: usage.prompt_tokens_details?.cached_tokens,
        }
      : undefined,
    message: {
      role: 'assistant',
      content: text === '' ? null : text,
      ...(calls.length > 0 && { tool_calls: [...calls] }),
    },
  };
}
