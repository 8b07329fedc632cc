import {
  ApiError,
  type Chat,
  type Content,
  type GenerateContentConfig,
  type GenerateContentResponse,
  GoogleGenAI,
  type Part,
} from '@google/genai';
import {
  CITY_SCHEMA,
  type Conversation,
  type ConversationOptions,
  type GatewayAddress,
  type Said,
  type SdkDriver,
  WEATHER_SCHEMA,
} from './driver.ts';

export function genaiDriver({ url, key }: GatewayAddress): SdkDriver {
  const clientWith = (apiKey: string) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl: url } });
  return {
    name: '@google/genai',
    dialect: 'gemini',
    open: (options) => new GenaiConversation(clientWith(options.apiKey ?? key), options),
    leave: async (model) => {
      const abort = new AbortController();
      const config = { abortSignal: abort.signal };
      const stream = await clientWith(key).models.generateContentStream({ model, contents: 'Hello', config });
      for await (const chunk of stream) if (chunk.text) break;
      abort.abort();
    },
    readError: (error) => {
      if (!(error instanceof ApiError)) throw error;
      // It keeps no headers.
      return { status: error.status, body: error.message, retryAfter: undefined };
    },
  };
}

class GenaiConversation implements Conversation {
  model: string;
  readonly #client: GoogleGenAI;
  readonly #options: ConversationOptions;
  #history: Content[] = [];

  constructor(client: GoogleGenAI, options: ConversationOptions) {
    this.#client = client;
    this.#options = options;
    this.model = options.model;
  }

  say(text: string, image?: string): Promise<Said> {
    const picture = { inlineData: { mimeType: 'image/png', data: image ?? '' } };
    return this.#ask(image === undefined ? [{ text }] : [{ text }, picture]);
  }

  answer(results: Parameters<Conversation['answer']>[0]): Promise<Said> {
    const parts = results.map(({ call: { id, name }, text }) => ({
      functionResponse: { ...(id !== '' && { id }), name, response: { output: text } },
    }));
    return this.#ask(parts);
  }

  async #ask(message: Part[]): Promise<Said> {
    const chat = this.#client.chats.create({
      model: this.model,
      history: this.#history,
      config: configOf(this.#options),
    });
    const chunks = this.#options.isStreamed
      ? await streamed(chat, message)
      : [await chat.sendMessage({ message })];
    this.#history = chat.getHistory();
    return saidIn(chunks);
  }
}

function configOf({ isThinking, hasTools, isStructured }: ConversationOptions): GenerateContentConfig {
  return {
    ...(isThinking && { thinkingConfig: { includeThoughts: true } }),
    ...(hasTools && {
      tools: [{ functionDeclarations: [{ name: 'weather', parametersJsonSchema: WEATHER_SCHEMA }] }],
    }),
    ...(isStructured && { responseMimeType: 'application/json', responseJsonSchema: CITY_SCHEMA }),
  };
}

async function streamed(chat: Chat, message: Part[]): Promise<readonly GenerateContentResponse[]> {
  const chunks: GenerateContentResponse[] = [];
  for await (const chunk of await chat.sendMessageStream({ message })) chunks.push(chunk);
  return chunks;
}

function saidIn(chunks: readonly GenerateContentResponse[]): Said {
  const parts = chunks.flatMap(({ candidates }) => candidates?.[0]?.content?.parts ?? []);
  const pieces = parts.flatMap(({ text, thought }) => (text && !thought ? [text] : []));
  const calls = parts.flatMap(({ functionCall }) => (functionCall ? [functionCall] : []));
  const finish = chunks.flatMap(({ candidates }) => candidates?.[0]?.finishReason ?? []).at(-1);
  const usage = chunks.flatMap(({ usageMetadata }) => usageMetadata ?? []).at(-1);
  return {
    text: pieces.join(''),
    pieces,
    thinking: parts.flatMap(({ text, thought }) => (text && thought ? [text] : [])).join(''),
    calls: calls.map(({ id = '', name = '', args }) => ({ id, name, input: args })),
    finish,
    usage: usage && {
      input: usage.promptTokenCount,
      output: (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0),
      cacheRead: usage.cachedContentTokenCount,
    },
  };
}
