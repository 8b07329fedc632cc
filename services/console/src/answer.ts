// One request, from what came to what goes: who asks, whether he may, what he says, what is made of it. What a handler answers
// goes through the schema of its route, so that nothing gets out that the document does not name.

import type { Ports } from '@ai-switch/contracts';
import { newId } from '@ai-switch/kernel';
import type { Logger } from '@ai-switch/telemetry';
import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';
import { z } from 'zod';
import {
  authorise,
  COMPANY_HEADER,
  COMPANY_PARAMETER,
  type JudgeKey,
  type Presented,
  refuseOtherSites,
  SESSION_COOKIE,
} from './authorise.ts';
import type { AdminRequest, PublicRequest } from './handler.ts';
import { jsonReply } from './json-reply.ts';
import { etagOf, expectedRevisionIn, idempotencyKeyIn, idFromKey } from './preconditions.ts';
import { Reach } from './reach/reach.ts';
import { ScopedLedger } from './reach/scoped-ledger.ts';
import { ScopedRecords } from './reach/scoped-records.ts';
import { check, parseJson, parseQuery, readText } from './read-input.ts';
import { PATH_PARAMETERS, type PathParameter } from './routes/path-parameters.ts';
import { isWrite, type Route } from './routes/route.ts';

export interface ConsoleParts {
  readonly ports: Ports;
  readonly logger: Logger;
  readonly clientAddressOf: (context: Context) => string;
  readonly judgeKey: JudgeKey;
  readonly publicUrl: string | undefined;
}

const BODY_BYTES_MAX = 1024 * 1024;
/** Of a whole company in CSV. */
const TEXT_BYTES_MAX = 4 * 1024 * 1024;

const NO_QUERY = z.strictObject({});

/** @param handler of this route: the table of handlers says so, and a loop over it does not */
export async function answer(
  parts: ConsoleParts,
  context: Context,
  name: string,
  route: Route,
  handler: unknown,
): Promise<Response> {
  const url = new URL(context.req.url);
  const company = url.searchParams.get(COMPANY_PARAMETER) ?? context.req.header(COMPANY_HEADER);
  url.searchParams.delete(COMPANY_PARAMETER);
  const request = await requestOf(parts, context, name, route, { url, company });
  const input = {
    params: paramsIn(context, route),
    query: parseQuery(route.query ?? NO_QUERY, url.searchParams),
    body: await bodyIn(context.req.raw, route),
  };
  const handle = handler as (given: object) => Promise<HandlerReply>;
  const { status, body, headers = new Headers() } = await handle({ ...request, ...input });
  const shown = shownOf(route, body);
  const etag = route.hasRevision === true ? etagOf((shown as { revision?: unknown }).revision) : undefined;
  if (etag !== undefined) headers.set('etag', etag);
  return jsonReply(shown, status, headers);
}

interface HandlerReply {
  readonly status?: number;
  readonly body: unknown;
  readonly headers?: Headers;
}

async function requestOf(
  parts: ConsoleParts,
  context: Context,
  name: string,
  route: Route,
  { url, company }: { readonly url: URL; readonly company: string | undefined },
): Promise<PublicRequest | AdminRequest> {
  const { ports } = parts;
  const { headers } = context.req.raw;
  const origin = parts.publicUrl === undefined ? url.origin : new URL(parts.publicUrl).origin;
  const presented: Presented = {
    headers,
    sessionToken: getCookie(context, SESSION_COOKIE),
    company: company === '' ? undefined : company,
    host: new URL(origin).host,
    clientAddress: parts.clientAddressOf(context),
  };
  const known = publicRequestOf(context, route, { ...presented, origin });
  const { permission } = route;
  if (permission === 'anyone') {
    if (isWrite(route)) refuseOtherSites(presented, false);
    return known;
  }
  const authorised = await authorise(ports, parts.judgeKey, presented, { ...route, permission });
  const { caller, isPasswordChangeDue, tenant, actor, scope } = authorised;
  const reach = new Reach(ports.organisation, { actor, role: caller.role, scope });
  const idempotencyKey = idempotencyKeyIn(headers, route);
  return {
    ...known,
    caller,
    isPasswordChangeDue,
    tenant,
    actor: { ...actor, requestId: known.requestId, clientAddress: known.clientAddress },
    reach,
    ledger: new ScopedLedger(ports.quotaLedger, tenant, reach),
    records: new ScopedRecords(ports.auditLog, scope),
    expectedRevision: expectedRevisionIn(headers, route),
    idempotentId: (prefix) =>
      idempotencyKey === undefined ? '' : idFromKey(prefix, [tenant, caller.userId, name, idempotencyKey]),
  };
}

function publicRequestOf(
  context: Context,
  route: Route,
  { origin, company, clientAddress }: Pick<PublicRequest, 'origin' | 'company' | 'clientAddress'>,
): PublicRequest {
  const requestId = newId('req');
  return {
    requestId,
    clientAddress,
    userAgent: (context.req.header('user-agent') ?? '').slice(0, USER_AGENT_CHARACTERS_MAX),
    origin,
    mountPath: mountPathOf(context, route),
    company,
    cookie: (cookieName) => getCookie(context, cookieName),
  };
}

const USER_AGENT_CHARACTERS_MAX = 256;

/** `/api/admin/v1`: what stands before the route's own path in the one that matched. */
function mountPathOf(context: Context, route: Route): string {
  const matched = context.req.routePath;
  return matched.endsWith(route.path) ? matched.slice(0, -route.path.length) : '';
}

function paramsIn(context: Context, route: Route): Readonly<Record<string, string>> {
  const names = [...route.path.matchAll(/:(\w+)/g)].map(([, parameter = '']) => parameter as PathParameter);
  return Object.fromEntries(
    names.map((parameter) => {
      const value = check(z.object({ [parameter]: PATH_PARAMETERS[parameter] }), {
        [parameter]: context.req.param(parameter) ?? '',
      });
      return [parameter, String(value[parameter])];
    }),
  );
}

async function bodyIn(request: Request, route: Route): Promise<unknown> {
  const mediaType = (request.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase();
  if (route.textBody !== undefined && mediaType === route.textBody) return readText(request, TEXT_BYTES_MAX);
  if (route.body === undefined) return undefined;
  const bytesMax = route.textBody === undefined ? BODY_BYTES_MAX : TEXT_BYTES_MAX;
  return check(route.body, parseJson(await readText(request, bytesMax)));
}

/** A reply that does not fit is a mistake of ours. */
function shownOf(route: Route, body: unknown): unknown {
  const outcome = route.reply.safeParse(body);
  if (outcome.success) return outcome.data;
  throw new Error(`the reply of ${route.method} ${route.path} is not as its schema says`, {
    cause: outcome.error,
  });
}
