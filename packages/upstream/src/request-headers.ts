// The headers that a provider gets are made anew for each call. Nothing of the client's goes on but what stands here,
// so that neither its key nor its hop-by-hop headers can reach a provider.

import type { IncomingHttpHeaders } from 'node:http';
import { credentialHeaders } from './providers.ts';

/** What a call needs to know of a target: the fields of contracts' Target that concern the wire. */
export interface UpstreamTarget {
  readonly kind: string;
  readonly dialect: string;
  readonly baseUrl: string;
  /** Empty for a provider that wants none. */
  readonly credential: string;
}

const USER_AGENT = 'ai-switch/0.1';
// https://docs.claude.com/en/api/versioning
const ANTHROPIC_VERSION = '2023-06-01';

/** Names and values in turn, as undici takes them fastest. */
export function requestHeaders(request: {
  readonly target: UpstreamTarget;
  readonly accept: string;
  readonly extraHeaders: IncomingHttpHeaders;
}): string[] {
  const { target, accept, extraHeaders } = request;
  const headers = [
    'content-type',
    'application/json',
    'accept',
    accept,
    'accept-encoding',
    'identity',
    'user-agent',
    USER_AGENT,
  ];
  if (target.dialect === 'anthropic-messages') {
    headers.push('anthropic-version', text(extraHeaders['anthropic-version']) ?? ANTHROPIC_VERSION);
    const beta = text(extraHeaders['anthropic-beta']);
    if (beta !== undefined) headers.push('anthropic-beta', beta);
  }
  const credential = credentialHeaders(target, target.credential);
  for (const name in credential) headers.push(name, credential[name] ?? '');
  return headers;
}

function text(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(',') : value;
}
