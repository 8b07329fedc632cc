import type { DialGuard } from './dial-guard.ts';

const TIMEOUT_MS = 10_000;
const BYTES_MAX = 256 * 1024;

export interface GuardedFetchInit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/**
 * A fetch for short answers of addresses that an admin gives. Follows no redirect, takes at most ten seconds and 256 KiB, and
 * keeps no connection.
 * @throws DialRefusal for an address that may not be dialled; an Error of the socket or of undici
 */
export async function guardedFetch(
  guard: DialGuard,
  address: string,
  { method = 'GET', headers = {}, body }: GuardedFetchInit = {},
): Promise<Response> {
  // A base URL has no query; the address of a token may have one.
  const [base = '', query] = address.split('?', 2);
  const { pool } = guard.openPool(base, { connections: 1, maxResponseSize: BYTES_MAX });
  try {
    const path = new URL(base).pathname + (query === undefined ? '' : `?${query}`);
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const reply = await pool.request({ method, path, headers, body: body ?? null, signal });
    const text = await reply.body.text();
    const type = reply.headers['content-type'];
    return new Response(isBodiless(reply.statusCode) ? null : text, {
      status: reply.statusCode,
      headers: typeof type === 'string' ? { 'content-type': type } : {},
    });
  } finally {
    await pool.destroy();
  }
}

/** A Response refuses a body with these. */
function isBodiless(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}
