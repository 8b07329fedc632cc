/** The model that the bench asks for, the same name at the gateway and at the scripted upstream. */
export const MODEL = 'bench-model';

export const CHUNKS_PER_STREAM = 50;

/** The size of the whole answer of a call that does not stream. */
export const REPLY_BYTES = 1024;

const CREATED_S = 1_700_000_000;
const ID = 'chatcmpl-0123456789abcdefghijklmn';
const USAGE = { prompt_tokens: 220, completion_tokens: 150, total_tokens: 370 };

/** A chat completion of exactly `REPLY_BYTES`, as OpenAI documents it (https://platform.openai.com/docs/api-reference/chat). */
export function replyBody(): Buffer {
  const print = (content: string) =>
    JSON.stringify({
      id: ID,
      object: 'chat.completion',
      created: CREATED_S,
      model: MODEL,
      choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
      usage: USAGE,
    });
  return Buffer.from(print('a'.repeat(REPLY_BYTES - print('').length)));
}

/** The frames of one stream, in order: `CHUNKS_PER_STREAM` with text, then the stop reason, the usage and the end. */
export function streamFrames(): readonly Buffer[] {
  const frame = (choices: readonly unknown[], usage: typeof USAGE | null) =>
    `data: ${JSON.stringify({ id: ID, object: 'chat.completion.chunk', created: CREATED_S, model: MODEL, choices, usage })}\n\n`;
  const texts = Array.from({ length: CHUNKS_PER_STREAM }, (_, index) =>
    frame([{ index: 0, delta: { content: ` word-${index}` }, finish_reason: null }], null),
  );
  const stop = frame([{ index: 0, delta: {}, finish_reason: 'stop' }], null);
  return [...texts, `${stop}${frame([], USAGE)}data: [DONE]\n\n`].map((text) => Buffer.from(text));
}

/**
 * What a client sends: about 1 KB, a system prompt and a question.
 * @param chunkMs the pace of the stream that is asked for, which the scripted upstream reads; undefined: no stream
 */
export function requestBody(chunkMs: number | undefined): Buffer {
  const stream = {
    stream: true,
    stream_options: { include_usage: true },
    metadata: { chunk_ms: String(chunkMs) },
  };
  return Buffer.from(
    JSON.stringify({
      model: MODEL,
      messages: [
        { role: 'system', content: `You are a careful programmer. ${'Be brief and exact. '.repeat(20)}` },
        { role: 'user', content: `Explain this function. ${'let total = total + item; '.repeat(12)}` },
      ],
      max_tokens: 256,
      temperature: 0.2,
      ...(chunkMs === undefined ? {} : stream),
    }),
  );
}
