import type { IncomingMessage, ServerResponse } from 'node:http';
import { anthropicMessages, type Dialect, openaiChat } from '@ai-switch/dialects';
import { Fault } from '@ai-switch/kernel';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Context, Hono } from 'hono';
import type { EdgeParts } from './edge-parts.ts';
import { handle } from './handle.ts';
import { answerModels } from './models.ts';
import { receive } from './receive.ts';
import { Refusal, refuse } from './refuse.ts';

export interface EdgeBindings {
  Bindings: HttpBindings;
}

type EdgeContext = Context<EdgeBindings>;

/** The path of each dialect; a query string makes no difference. */
const WALKS: Readonly<Record<string, Dialect>> = {
  '/v1/chat/completions': openaiChat,
  '/v1/messages': anthropicMessages,
};

/** Begins the walk when the request is for one; false when it is not. */
export function walk(edge: EdgeParts, incoming: IncomingMessage, outgoing: ServerResponse): boolean {
  if (incoming.method !== 'POST') return false;
  const dialect = WALKS[pathOf(incoming)];
  if (dialect === undefined) return false;
  void handle(edge, dialect, incoming, outgoing);
  return true;
}

export function routes(edge: EdgeParts): Hono<EdgeBindings> {
  const app = new Hono<EdgeBindings>();
  for (const [path, dialect] of Object.entries(WALKS)) {
    app.post(path, async ({ env }) => {
      await handle(edge, dialect, env.incoming, env.outgoing);
      return RESPONSE_ALREADY_SENT;
    });
    app.all(path, (context) => refuseRoute(edge, context, methodNotAllowed('POST')));
  }
  const models = async (context: EdgeContext, id: string | undefined) => {
    await answerModels(edge, context.env.incoming, context.env.outgoing, id);
    return RESPONSE_ALREADY_SENT;
  };
  app.get('/v1/models', (context) => models(context, undefined));
  // A model's name may hold a slash, so the rest of the path is the name.
  app.get('/v1/models/:id{.+}', (context) => models(context, context.req.param('id')));
  app.all('/v1/models', (context) => refuseRoute(edge, context, methodNotAllowed('GET')));

  // Claude Code opens its connection with these, without a key.
  app.get('/', (context) => context.body(null, 204));
  app.get('/api/hello', (context) => context.body(null, 204));
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
  return hasAnthropicVersion || path.startsWith('/v1/messages') ? anthropicMessages : openaiChat;
}

function refuseRoute(edge: EdgeParts, { env }: EdgeContext, fault: Fault): Response {
  const { incoming, outgoing } = env;
  const dialect = dialectOf(pathOf(incoming), incoming.headers['anthropic-version'] !== undefined);
  const exchange = receive(edge, dialect, incoming, outgoing);
  refuse(edge, exchange, fault);
  edge.exchanges.delete(exchange);
  return RESPONSE_ALREADY_SENT;
}

function methodNotAllowed(allow: string): Fault {
  return new Refusal(405, `This address takes ${allow} only.`, { allow });
}

function noSuchPath(): Fault {
  return new Fault(
    'notFound',
    'There is nothing at this address. Chat completions are at /v1/chat/completions, messages at /v1/messages, ' +
      'models at /v1/models.',
    { details: { field: 'path' } },
  );
}

function pathOf({ url = '/' }: IncomingMessage): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
