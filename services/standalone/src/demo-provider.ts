// Answers when there is no real provider, so that the first request of a newcomer gets an answer that says how to add
// one. A real HTTP server on the loopback that speaks openai-chat: the whole way of a request is walked.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROVIDER_KINDS } from '@ai-switch/upstream';

export const DEMO_PROVIDER = 'demo';
export const DEMO_MODEL = 'demo';

const BODY_BYTES_MAX = 64 * 1024 * 1024;
const WORD_DELAY_MS = 8;
const CHARACTERS_PER_TOKEN = 4;

const KEYS = PROVIDER_KINDS.flatMap(({ environmentKey }) => environmentKey ?? []).join(', ');

const ANSWER = `Hello! AI-Switch works: this answer came through it, metered and logged. It comes from the built-in demo, because no real provider is set up yet. To add one, either

1. set a key that you already have and start again: ${KEYS}; or

2. add it while the gateway runs:
   export AISWITCH_KEY=<your root key>
   npm run cli -- providers add openai --credential-env OPENAI_API_KEY
   npm run cli -- providers add gpu --kind vllm --base-url http://10.0.0.5:8000/v1

A local Ollama, vLLM or SGLang on its usual port is found at start.`;

export interface DemoProvider {
  /** With its version, as a provider has it. */
  readonly baseUrl: string;
  close(): Promise<void>;
}

export async function openDemoProvider(): Promise<DemoProvider> {
  const server = createServer((incoming, outgoing) => {
    // The one who asks is the gateway itself: a failure is a connection that went away.
    answer(incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

interface ChatRequest {
  readonly model?: unknown;
  readonly stream?: unknown;
  readonly stream_options?: { readonly include_usage?: unknown } | null;
}

async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  if (incoming.method === 'GET' && incoming.url === '/v1/models') {
    sendJson(outgoing, 200, {
      object: 'list',
      data: [{ id: DEMO_MODEL, object: 'model', owned_by: 'ai-switch' }],
    });
    return;
  }
  const body = await readBody(incoming);
  if (incoming.method !== 'POST' || incoming.url !== '/v1/chat/completions' || body === undefined) {
    sendJson(outgoing, 404, {
      error: { message: 'The demo serves chat completions only.', type: 'not_found' },
    });
    return;
  }
  const request: ChatRequest = JSON.parse(body);
  const usage = usageOf(body);
  if (request.stream === true) await sendStream(outgoing, request, usage);
  else {
    const choice = { index: 0, message: { role: 'assistant', content: ANSWER }, finish_reason: 'stop' };
    sendJson(outgoing, 200, { ...head('chat.completion'), choices: [choice], usage });
  }
}

async function sendStream(outgoing: ServerResponse, request: ChatRequest, usage: object): Promise<void> {
  outgoing.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  const send = (choices: readonly object[], more: object = {}) =>
    outgoing.write(`data: ${JSON.stringify({ ...head('chat.completion.chunk'), choices, ...more })}\n\n`);
  send([{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }]);
  for (const word of ANSWER.split(/(?<= )/)) {
    if (outgoing.destroyed) return;
    send([{ index: 0, delta: { content: word }, finish_reason: null }]);
    await sleep(WORD_DELAY_MS);
  }
  send([{ index: 0, delta: {}, finish_reason: 'stop' }]);
  if (request.stream_options?.include_usage === true) send([], { usage });
  outgoing.end('data: [DONE]\n\n');
}

function head(object: string): object {
  return { id: 'chatcmpl-demo', object, created: Math.floor(Date.now() / 1_000), model: DEMO_MODEL };
}

/** A guess by length, as good as a demo needs. */
function usageOf(body: string): object {
  const prompt = Math.ceil(body.length / CHARACTERS_PER_TOKEN);
  const completion = Math.ceil(ANSWER.length / CHARACTERS_PER_TOKEN);
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

async function readBody(incoming: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function sendJson(outgoing: ServerResponse, status: number, body: object): void {
  outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
