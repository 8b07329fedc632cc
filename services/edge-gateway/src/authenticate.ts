// Where a key may stand is what real clients do: OpenAI's and Anthropic's SDKs send a bearer token, Claude Code also
// `x-api-key`, Google's tools `x-goog-api-key` or `?key=`. All are taken on every path.
//
// When auth is down nobody gets in: the fault `unavailable` becomes a 503 in the client's dialect.

import type { IncomingMessage } from 'node:http';
import { type Caller, KeyScope } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import type { EdgeParts } from './edge-parts.ts';
import type { Exchange } from './exchange.ts';
import { checkHead } from './guard/check-head.ts';
import { noteRefused } from './guard/refused-keys.ts';
import { permitNetwork } from './permit.ts';

/**
 * @throws Fault `unauthenticated`; `forbidden` for a key of another use, from another network, or of another project;
 * `rateLimited` after too many wrong keys; Refusal 431
 */
export async function authenticate(edge: EdgeParts, exchange: Exchange): Promise<Caller> {
  checkHead(exchange.incoming);
  const key = presentedKey(exchange.incoming);
  if (key === undefined) {
    throw new Fault(
      'unauthenticated',
      'No API key was sent. Send yours as "Authorization: Bearer <key>" or as "x-api-key: <key>".',
    );
  }
  const projectId = headerText(exchange.incoming.headers[PROJECT_HEADER]) ?? '';
  const { clientAddress } = exchange.record;
  const { caller } = await edge.wrongKeys
    .judge(clientAddress, key, () => edge.ports.auth.authenticate({ key, projectId }))
    .catch((error: unknown) => noteRefused(edge, exchange, error));
  if (caller === undefined) throw new Fault('internal', 'The caller of a valid key is missing.');
  exchange.record.tenant = caller.tenant;
  exchange.record.userId = caller.userId;
  exchange.record.keyId = caller.keyId;
  exchange.record.departmentPath = caller.departmentPath;
  exchange.record.projectId = caller.projectId;
  if (!caller.keyScopes.includes(KeyScope.INFERENCE)) {
    throw new Fault(
      'forbidden',
      'This API key is not for asking models. Please make one with the scope inference.',
    );
  }
  try {
    permitNetwork(caller, clientAddress);
  } catch (error) {
    noteRefused(edge, exchange, error);
  }
  return caller;
}

/** Names a project that the user is in, to draw on where the key is bound to none. */
const PROJECT_HEADER = 'x-aiswitch-project';

/** What every key of this gateway begins with. */
const KEY_PREFIX = 'ais_';

/**
 * Several may be sent at once: a tool that is signed in to its own vendor sends that token too, and one that is
 * not fills a header with a word. What looks like a key of ours is meant for us.
 */
function presentedKey(incoming: IncomingMessage): string | undefined {
  const { headers } = incoming;
  const presented = [
    bearerToken(headers.authorization),
    headerText(headers['x-api-key']),
    headerText(headers['x-goog-api-key']),
    queryKey(incoming.url ?? ''),
  ].filter((key) => key !== undefined);
  return presented.find((key) => key.startsWith(KEY_PREFIX)) ?? presented[0];
}

function bearerToken(value: string | undefined): string | undefined {
  if (value === undefined || !/^bearer /i.test(value)) return undefined;
  return value.slice('bearer '.length).trim() || undefined;
}

function headerText(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function queryKey(url: string): string | undefined {
  const query = url.indexOf('?');
  if (query === -1) return undefined;
  const keys = new URLSearchParams(url.slice(query + 1)).getAll('key');
  if (keys.length > 1) {
    throw new Fault('invalid', 'The query has more than one key. Please send it once.', {
      details: { field: 'key' },
    });
  }
  return keys[0] || undefined;
}
