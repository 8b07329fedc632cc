import OpenAI from 'openai';
import type { ResponseInput, ResponseInputItem } from 'openai/resources/responses/responses';
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

export function openaiResponsesDriver({ url, key }: GatewayAddress): SdkDriver {
  const clientWith = (apiKey: string) => new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
  return {
    name: 'openai, responses',
    dialect: 'openai-responses',
    open: (options) => new ResponsesConversation(clientWith(options.apiKey ?? key), options),
    leave: async (model) => {
      const stream = await clientWith(key).responses.create({ model, input: 'Hello', stream: true });
      for await (const event of stream) if (event.type === 'response.output_text.delta') break;
      stream.controller.abort();
    },
    readError: openaiError,
  };
}

class ResponsesConversation implements Conversation {
  model: string;
  readonly #client: OpenAI;
  readonly #options: ConversationOptions;
  readonly #input: ResponseInput = [];

  constructor(client: OpenAI, options: ConversationOptions) {
    this.#client = client;
    this.#options = options;
    this.model = options.model;
  }

  say(text: string, image?: string): Promise<Said> {
    const words = { type: 'input_text' as const, text };
    const picture = {
      type: 'input_image' as const,
      image_url: `data:image/png;base64,${image}`,
      detail: 'auto' as const,
    };
    this.#input.push({ role: 'user', content: image === undefined ? text : [words, picture] });
    return this.#ask();
  }

  answer(results: Parameters<Conversation['answer']>[0]): Promise<Said> {
    for (const { call, text } of results) {
      this.#input.push({ type: 'function_call_output', call_id: call.id, output: text });
    }
    return this.#ask();
  }

  async #ask(): Promise<Said> {
    const { isStreamed, isThinking, hasTools, isStructured } = this.#options;
    const request = {
      model: this.model,
      input: this.#input,
      store: false,
      include: ['reasoning.encrypted_content' as const],
      ...(isThinking && { reasoning: { effort: 'high' as const, summary: 'auto' as const } }),
      ...(hasTools && {
        tools: [
          { type: 'function' as const, name: 'weather', parameters: { ...WEATHER_SCHEMA }, strict: true },
        ],
      }),
      ...(isStructured && {
        text: {
          format: { type: 'json_schema' as const, name: 'city', strict: true, schema: { ...CITY_SCHEMA } },
        },
      }),
    };
    const pieces: string[] = [];
    const stream = isStreamed
      ? this.#client.responses
          .stream(request)
          .on('response.output_text.delta', ({ delta }) => pieces.push(delta))
      : undefined;
    const response = await (stream?.finalResponse() ?? this.#client.responses.create(request));
    this.#input.push(...(response.output as readonly ResponseInputItem[]));
    return saidIn(response, pieces);
  }
}

function saidIn(response: OpenAI.Responses.Response, pieces: readonly string[]): Said {
  const { output, output_text: text, usage, incomplete_details: incomplete } = response;
  const thoughts = output.flatMap((item) => (item.type === 'reasoning' ? item.summary : []));
  const calls = output.flatMap((item) => (item.type === 'function_call' ? [item] : []));
  return {
    text,
    pieces: pieces.length > 0 || text === '' ? pieces : [text],
    thinking: thoughts.map((part) => part.text).join(''),
    calls: calls.map(({ call_id: id, name, arguments: json }) => ({ id, name, input: JSON.parse(json) })),
    finish: incomplete?.reason ?? response.status,
    usage: usage && {
      input: usage.input_tokens,
      output: usage.output_tokens,
      cacheRead: usage.input_tokens_details.cached_tokens,
    },
  };
}
