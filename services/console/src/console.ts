// The admin API: a Hono app over the ports. It owns no state. Every change is audited after it is made; when the audit
// log is down the caller hears that the change was made and its event was not written. When any other service is down
// the call is refused and nothing is changed.

import { AuditEvent, type Ports } from '@ai-switch/contracts';
import { asFault, Fault, newId } from '@ai-switch/kernel';
import type { Logger } from '@ai-switch/telemetry';
import { DialGuard } from '@ai-switch/upstream';
import { type Context, Hono } from 'hono';
import { authorise } from './authorise.ts';
import type { AdminRequest, Handler, HandlersOf } from './handler.ts';
import { jsonReply, problemReply } from './json-reply.ts';
import { PERMISSIONS, type RouteName } from './permissions.ts';
import { parseQuery, readJson } from './read-input.ts';
import { accessLog } from './resources/access-log.ts';
import { aliases } from './resources/aliases.ts';
import { auditEvents } from './resources/audit-events.ts';
import { buckets } from './resources/buckets.ts';
import { fundingOrders } from './resources/funding-orders.ts';
import { grants } from './resources/grants.ts';
import { keys } from './resources/keys.ts';
import { prices } from './resources/prices.ts';
import { providers } from './resources/providers.ts';
import { quotaPolicy } from './resources/quota-policy.ts';
import { quotas } from './resources/quotas.ts';
import { receipts } from './resources/receipts.ts';
import { reservations } from './resources/reservations.ts';
import { statements } from './resources/statements.ts';
import { users } from './resources/users.ts';

export interface ConsoleOptions {
  readonly ports: Ports;
  readonly logger: Logger;
  /** Judges every call of a provider; lets nothing but https to the public internet through unless told otherwise. */
  readonly guard?: DialGuard;
}

/** The admin API, to be mounted where its address is to be. */
export function createConsole({ ports, logger, guard = new DialGuard() }: ConsoleOptions): Hono {
  const app = new Hono();
  const handlers: HandlersOf<string> & Record<RouteName, Handler> = {
    ...users(ports),
    ...keys(ports),
    ...providers(ports, guard),
    ...aliases(ports),
    ...prices(ports),
    ...quotas(ports),
    ...buckets(ports),
    ...grants(ports),
    ...fundingOrders(ports),
    ...quotaPolicy(ports),
    ...statements(ports),
    ...receipts(ports),
    ...reservations(ports),
    ...accessLog(ports),
    ...auditEvents(ports),
  };
  for (const name of Object.keys(PERMISSIONS) as RouteName[]) {
    const [method = '', path = ''] = name.split(' ');
    app.on(method, path, async (context) => {
      const caller = await authorise(ports.auth, context.req.raw.headers, PERMISSIONS[name]);
      const { status, body } = await handlers[name](adminRequest(context, caller, ports));
      return jsonReply(body, status);
    });
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

function adminRequest(context: Context, caller: AdminRequest['caller'], ports: Ports): AdminRequest {
  const requestId = newId('req');
  return {
    requestId,
    caller,
    param: (name) => context.req.param(name) ?? '',
    query: (schema) => parseQuery(schema, new URL(context.req.url).searchParams),
    body: async (schema) => readJson(schema, context.req.raw),
    audit: async (action, subject, details = {}) => {
      const { tenant, userId: actor } = caller;
      const event = AuditEvent.create({
        eventId: newId('evt'),
        tenant,
        actor,
        action,
        subject,
        atMs: BigInt(Date.now()),
        details,
        requestId,
      });
      await ports.auditLog.appendEvents({ events: [event] }).catch((cause: unknown) => {
        throw new Fault('unavailable', 'The change was made, but its audit event could not be written.', {
          details: { action, subject },
          cause,
        });
      });
    },
  };
}
