// Everything that clients ask for beside answers: models, counts, embeddings, and what they knock with. The same
// addresses under /v1, under Google's /v1beta and under /cursor/v1.

import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  anthropicCounting,
  anthropicMessages,
  gemini,
  geminiCounting,
  geminiEmbeddings,
  openaiChat,
  openaiCounting,
  openaiEmbeddings,
  openaiResponses,
} from '@ai-switch/dialects';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Hono } from 'hono';
import { answerCount } from './count-tokens.ts';
import type { EdgeParts } from './edge-parts.ts';
import { answerEmbeddings } from './embed.ts';
import { readGeminiPath } from './gemini-path.ts';
import { leave } from './leave.ts';
import { answerModels } from './models.ts';
import { answerReceipt } from './receipts.ts';
import { receive } from './receive.ts';
import { Refusal, refuse } from './refuse.ts';
import type { EdgeBindings } from './routes.ts';

/** To be called before any route that refuses what it does not know. */
export function auxiliaryRoutes(app: Hono<EdgeBindings>, edge: EdgeParts): void {
  app.use(async ({ env, req }, next) => {
    const answer = answerTo(edge, env.incoming, env.outgoing, req.path);
    if (answer === undefined) return await next();
    await answer;
    return RESPONSE_ALREADY_SENT;
  });
  // Claude Code opens its connection with these, without a key.
  app.get('/', (context) => context.body(null, 204));
  app.get('/api/hello', (context) => context.body(null, 204));
}

const RECEIPTS = '/receipts/';

/** Undefined for what is not asked here. */
function answerTo(
  edge: EdgeParts,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  path: string,
): Promise<void> | undefined {
  const method = incoming.method ?? '';
  const at = path.replace(PREFIX, '');
  if (at === path) return undefined;
  if (method === 'GET' || method === 'HEAD') {
    if (at === '/models') return answerModels(edge, incoming, outgoing, undefined);
    // A model's name may hold a slash, so the rest of the path is the name.
    if (at.startsWith('/models/'))
      return answerModels(edge, incoming, outgoing, decoded(at.slice('/models/'.length)));
    if (at.startsWith(RECEIPTS))
      return answerReceipt(edge, incoming, outgoing, decoded(at.slice(RECEIPTS.length)));
    if (at === '/responses' && isUpgrade(incoming)) return refuseUpgrade(edge, incoming, outgoing);
    return undefined;
  }
  if (method !== 'POST') return undefined;
  switch (at) {
    case '/messages/count_tokens':
      return answerCount(edge, anthropicMessages, anthropicCounting, incoming, outgoing);
    case '/responses/input_tokens':
      return answerCount(edge, openaiResponses, openaiCounting, incoming, outgoing);
    case '/embeddings':
      return answerEmbeddings(edge, openaiChat, openaiEmbeddings, incoming, outgoing, NO_ADDRESS);
    default:
      return answerGemini(edge, incoming, outgoing, path);
  }
}

const PREFIX = /^(?:\/cursor)?\/v1(?:beta)?(?=\/)/;
const NO_ADDRESS = { model: '', isSingle: false };

function answerGemini(
  edge: EdgeParts,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  path: string,
): Promise<void> | undefined {
  const call = readGeminiPath(path);
  if (call === undefined) return undefined;
  const { model, method } = call;
  switch (method) {
    case 'countTokens':
      return answerCount(edge, gemini, geminiCounting, incoming, outgoing, { model, isStreaming: false });
    case 'embedContent':
    case 'batchEmbedContents': {
      const address = { model, isSingle: method === 'embedContent' };
      return answerEmbeddings(edge, gemini, geminiEmbeddings, incoming, outgoing, address);
    }
    default:
      return undefined;
  }
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function isUpgrade({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

/**
 * Codex tries a WebSocket first, and only this status sends it to HTTP at once. An offer of any other protocol is no
 * concern of ours: nothing listens for upgrades, so that such a request is answered like any other.
 */
async function refuseUpgrade(
  edge: EdgeParts,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const exchange = receive(edge, openaiResponses, incoming, outgoing);
  const message =
    'There is no WebSocket here. POST the request to the same address; the answer is streamed over HTTP.';
  refuse(edge, exchange, new Refusal(426, message, { upgrade: 'HTTP/1.1', connection: 'close' }));
  leave(edge, exchange);
}
