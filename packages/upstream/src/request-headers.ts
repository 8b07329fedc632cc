// The headers that a provider gets are made anew for each call. Nothing of the client's goes on but what stands here,
// so that neither its key nor its hop-by-hop headers can reach a provider.

import type { IncomingHttpHeaders } from 'node:http';
import type { Capabilities } from '@ai-switch/dialects';

/** What a call needs to know of a target: the fields of contracts' Target that concern the wire. */
export interface UpstreamTarget {
  /** The provider's own name here, and the model's there: together they name who makes reasoning. */
  readonly provider: string;
  readonly model: string;
  readonly kind: string;
  readonly dialect: string;
  readonly baseUrl: string;
  /** Empty for a provider that wants none. */
  readonly credential: string;
  /** What somebody set for this provider and model. */
  readonly capabilities?: Capabilities | undefined;
}

const USER_AGENT = 'ai-switch/0.1';
// https://docs.claude.com/en/api/versioning
const ANTHROPIC_VERSION = '2023-06-01';

/** Names and values in turn, as undici takes them fastest. */
export function requestHeaders(
  request: {
    readonly target: UpstreamTarget;
    readonly accept: string;
    readonly extraHeaders: IncomingHttpHeaders;
  },
  credential: Readonly<Record<string, string>>,
): string[] {
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
  for (const name in credential) headers.push(name, credential[name] ?? '');
  return headers;
}

function text(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(',') : value;
}
