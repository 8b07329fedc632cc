import type { IncomingMessage, ServerResponse } from 'node:http';
import { anthropicMessages, type Dialect, gemini, openaiChat, openaiResponses } from '@ai-switch/dialects';
import { Fault } from '@ai-switch/kernel';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Context, Hono } from 'hono';
import { auxiliaryRoutes } from './auxiliary-routes.ts';
import type { EdgeParts } from './edge-parts.ts';
import { readGeminiPath } from './gemini-path.ts';
import { handle } from './handle.ts';
import { leave } from './leave.ts';
import { receive } from './receive.ts';
import { Refusal, refuse } from './refuse.ts';

export interface EdgeBindings {
  Bindings: HttpBindings;
}

type EdgeContext = Context<EdgeBindings>;

/** The path of each dialect whose path says nothing else; a query string makes no difference. */
const WALKS: Readonly<Record<string, Dialect>> = {
  '/v1/chat/completions': openaiChat,
  '/v1/responses': openaiResponses,
  '/v1/messages': anthropicMessages,
  // Cursor puts its bodies of either form here.
  '/cursor/v1/chat/completions': openaiChat,
};

/** Begins the walk when the request is for one; false when it is not. */
export function walk(edge: EdgeParts, incoming: IncomingMessage, outgoing: ServerResponse): boolean {
  if (incoming.method !== 'POST') return false;
  const path = pathOf(incoming);
  const dialect = WALKS[path];
  if (dialect !== undefined) {
    void handle(edge, dialect, incoming, outgoing);
    return true;
  }
  const call = readGeminiPath(path);
  const isStreaming = call?.method === 'streamGenerateContent';
  if (call === undefined || !(isStreaming || call.method === 'generateContent')) return false;
  const isListWanted = isStreaming && !/[?&]alt=sse(?:&|$)/.test(incoming.url ?? '');
  const address = { model: call.model, isStreaming: isStreaming && !isListWanted };
  void handle(edge, gemini, incoming, outgoing, { ...address, isListWanted });
  return true;
}

export function routes(edge: EdgeParts): Hono<EdgeBindings> {
  const app = new Hono<EdgeBindings>();
  auxiliaryRoutes(app, edge);
  app.use(async ({ env }, next) => {
    if (walk(edge, env.incoming, env.outgoing)) return RESPONSE_ALREADY_SENT;
    return await next();
  });
  for (const path of Object.keys(WALKS)) {
    app.all(path, (context) => refuseRoute(edge, context, methodNotAllowed('POST')));
  }
  app.all('/v1/models', (context) => refuseRoute(edge, context, methodNotAllowed('GET')));

  app.get('/health/live', (context) => context.json({ status: 'live' }));
  app.get('/health/ready', (context) =>
    edge.isClosing ? context.json({ status: 'closing' }, 503) : context.json({ status: 'ready' }),
  );
  app.all('/v1/*', (context) => refuseRoute(edge, context, noSuchPath()));
  app.notFound((context: EdgeContext) => refuseRoute(edge, context, noSuchPath()));
  return app;
}

/** The dialect that a client of this path expects errors in. */
export function dialectOf(path: string, hasAnthropicVersion: boolean): Dialect {
  if (hasAnthropicVersion || path.startsWith('/v1/messages')) return anthropicMessages;
  if (path.startsWith('/v1/responses')) return openaiResponses;
  return path.startsWith('/v1beta/') || readGeminiPath(path) !== undefined ? gemini : openaiChat;
}

function refuseRoute(edge: EdgeParts, { env }: EdgeContext, fault: Fault): Response {
  const { incoming, outgoing } = env;
  const dialect = dialectOf(pathOf(incoming), incoming.headers['anthropic-version'] !== undefined);
  const exchange = receive(edge, dialect, incoming, outgoing);
  refuse(edge, exchange, fault);
  leave(edge, exchange);
  return RESPONSE_ALREADY_SENT;
}

function methodNotAllowed(allow: string): Fault {
  return new Refusal(405, `This address takes ${allow} only.`, { allow });
}

function noSuchPath(): Fault {
  return new Fault(
    'notFound',
    'There is nothing at this address. Chat completions are at /v1/chat/completions, responses at /v1/responses, ' +
      'messages at /v1/messages, generateContent at /v1beta/models/<model>:generateContent, models at /v1/models.',
    { details: { field: 'path' } },
  );
}

function pathOf({ url = '/' }: IncomingMessage): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
