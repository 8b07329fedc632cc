// The admin API: a Hono app over the ports. It owns no state. Every change goes to its service with the event that the audit trail says
// of it, which that service stores with the change. When a service is down the call is refused and nothing is changed.

import type { Ports } from '@ai-switch/contracts';
import { asFault, Fault } from '@ai-switch/kernel';
import type { Logger } from '@ai-switch/telemetry';
import { DialGuard } from '@ai-switch/upstream';
import { type Context, Hono } from 'hono';
import { answer, type ConsoleParts } from './answer.ts';
import type { JudgeKey } from './authorise.ts';
import { problemReply } from './json-reply.ts';
import { handlersOf } from './resources/handlers.ts';
import type { Route } from './routes/route.ts';
import { type OperationId, ROUTES } from './routes/table.ts';

export interface ConsoleOptions {
  readonly ports: Ports;
  readonly logger: Logger;
  /** Judges every call of a provider; lets nothing but https to the public internet through unless told otherwise. */
  readonly guard?: DialGuard;
  /** Whom a request came from, as far as it is to be believed; nobody knows unless told. */
  readonly clientAddressOf?: (context: Context) => string;
  /** Stands before each look at an API key; nothing unless told. */
  readonly judgeKey?: JudgeKey;
  /** Where browsers see this gateway, like `https://ai.example.com`; the address that each asks by unless told otherwise. */
  readonly publicUrl?: string;
}

/** The admin API, to be mounted where its address is to be. */
export function createConsole(options: ConsoleOptions): Hono {
  const { ports, logger, guard = new DialGuard(), clientAddressOf = () => '', publicUrl } = options;
  const { judgeKey = (_address, _key, ask) => ask() } = options;
  const app = new Hono();
  const parts: ConsoleParts = { ports, logger, clientAddressOf, judgeKey, publicUrl };
  const handlers = handlersOf(ports, guard);
  for (const name of Object.keys(ROUTES) as OperationId[]) {
    const route: Route = ROUTES[name];
    app.on(route.method.toUpperCase(), route.path, (context) =>
      answer(parts, context, name, route, handlers[name]),
    );
  }

  // A route and not `notFound`, which an app that is mounted in another does not take with it.
  app.all('*', ({ req }) => {
    throw new Fault('notFound', `There is no ${req.method} ${req.path} in the admin API.`);
  });
  app.onError((error, { req }) => {
    const fault = asFault(error);
    if (fault.code === 'internal')
      logger.error({ err: error, method: req.method, route: req.path }, 'an admin call failed');
    return problemReply(fault);
  });
  return app;
}
