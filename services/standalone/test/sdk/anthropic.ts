import Anthropic from '@anthropic-ai/sdk';
import type { MessageParam } from '@anthropic-ai/sdk/resources';
import {
  CITY_SCHEMA,
  type Conversation,
  type ConversationOptions,
  type GatewayAddress,
  type Said,
  type SdkDriver,
  WEATHER_SCHEMA,
} from './driver.ts';

export function anthropicDriver({ url, key }: GatewayAddress): SdkDriver {
  const clientWith = (apiKey: string) => new Anthropic({ baseURL: url, apiKey, maxRetries: 0 });
  return {
    name: '@anthropic-ai/sdk',
    dialect: 'anthropic-messages',
    open: (options) => new MessagesConversation(clientWith(options.apiKey ?? key), options),
    leave: async (model) => {
      const messages = [{ role: 'user' as const, content: 'Hello' }];
      const stream = clientWith(key).messages.stream({ model, max_tokens: 100, messages });
      stream.on('text', () => stream.abort());
      await stream.finalMessage().catch((error: unknown) => {
        if (!(error instanceof Anthropic.APIUserAbortError)) throw error;
      });
    },
    readError: (error) => {
      if (!(error instanceof Anthropic.APIError)) throw error;
      const { status, headers } = error;
      const body = JSON.stringify(error.error);
      return { status, body, retryAfter: headers?.get('retry-after') ?? undefined };
    },
  };
}

class MessagesConversation implements Conversation {
  model: string;
  readonly #client: Anthropic;
  readonly #options: ConversationOptions;
  readonly #messages: MessageParam[] = [];

  constructor(client: Anthropic, options: ConversationOptions) {
    this.#client = client;
    this.#options = options;
    this.model = options.model;
  }

  say(text: string, image?: string): Promise<Said> {
    const source = { type: 'base64' as const, media_type: 'image/png' as const, data: image ?? '' };
    const content =
      image === undefined
        ? text
        : [
            { type: 'text' as const, text },
            { type: 'image' as const, source },
          ];
    this.#messages.push({ role: 'user', content });
    return this.#ask();
  }

  answer(results: Parameters<Conversation['answer']>[0]): Promise<Said> {
    const content = results.map(({ call, text }) => ({
      type: 'tool_result' as const,
      tool_use_id: call.id,
      content: text,
    }));
    this.#messages.push({ role: 'user', content });
    return this.#ask();
  }

  async #ask(): Promise<Said> {
    const { isStreamed, isThinking, hasTools, isStructured } = this.#options;
    const request = {
      model: this.model,
      max_tokens: 4_000,
      messages: this.#messages,
      ...(isThinking && { thinking: { type: 'adaptive' as const } }),
      ...(hasTools && {
        tools: [{ name: 'weather', input_schema: { ...WEATHER_SCHEMA, required: ['city'] } }],
      }),
      ...(isStructured && {
        output_config: { format: { type: 'json_schema' as const, schema: { ...CITY_SCHEMA } } },
      }),
    };
    const pieces: string[] = [];
    const message = isStreamed
      ? await this.#client.messages
          .stream(request)
          .on('text', (piece) => pieces.push(piece))
          .finalMessage()
      : await this.#client.messages.create(request);
    this.#messages.push({ role: 'assistant', content: message.content });
    return saidIn(message, pieces);
  }
}

function saidIn(message: Anthropic.Message, pieces: readonly string[]): Said {
  const { content, usage } = message;
  const text = content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('');
  const thoughts = content.flatMap((block) => (block.type === 'thinking' ? [block.thinking] : []));
  const calls = content.flatMap((block) => (block.type === 'tool_use' ? [block] : []));
  return {
    text,
    pieces: pieces.length > 0 || text === '' ? pieces : [text],
    thinking: thoughts.join(''),
    calls: calls.map(({ id, name, input }) => ({ id, name, input })),
    finish: message.stop_reason,
    usage: {
      input: usage.input_tokens,
      output: usage.output_tokens,
      cacheRead: usage.cache_read_input_tokens ?? undefined,
    },
  };
}
