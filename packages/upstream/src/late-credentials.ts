// Credentials that take work before they can travel: a request signed with a pair of AWS keys, and a service account of
// Google's that is changed for a token. Their libraries are loaded when the first of them is needed.
//
// When the token's address is down, calls of its account fail without being sent, and it is asked again after a pause.

import type { DialGuard } from './dial-guard.ts';
import { GoogleTokens } from './google-tokens.ts';
import { NodeSha256 } from './node-sha256.ts';
import type { UpstreamTarget } from './request-headers.ts';

export interface LateRequest {
  readonly target: UpstreamTarget;
  readonly origin: string;
  readonly path: string;
  readonly body: Buffer;
}

export class LateCredentials {
  readonly #tokens: GoogleTokens;

  constructor(guard: DialGuard) {
    this.#tokens = new GoogleTokens(guard);
  }

  /** @throws Error that does not repeat the credential */
  async headers(request: LateRequest): Promise<Readonly<Record<string, string>>> {
    const { credential } = request.target;
    if (!credential.startsWith('{')) return signedHeaders(request, new Date());
    return { authorization: `Bearer ${await this.#tokens.tokenFor(credential)}` };
  }
}

const SERVICE = 'bedrock';
const REGION_FALLBACK = 'us-east-1';

/**
 * The headers that sign one request: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 * The region is read from the host, `bedrock-runtime.<region>.amazonaws.com`.
 */
export async function signedHeaders(
  { target, origin, path, body }: LateRequest,
  at: Date,
): Promise<Readonly<Record<string, string>>> {
  const { SignatureV4 } = await import('@smithy/signature-v4');
  const { protocol, host, hostname } = new URL(origin);
  const [accessKeyId = '', secretAccessKey = '', ...session] = target.credential.split(':');
  const sessionToken = session.join(':');
  const signer = new SignatureV4({
    service: SERVICE,
    region: /bedrock-runtime(?:-fips)?\.([a-z0-9-]+)\./.exec(hostname)?.[1] ?? REGION_FALLBACK,
    sha256: NodeSha256,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== '' && { sessionToken }) },
  });
  const request = {
    method: 'POST',
    protocol,
    hostname,
    path,
    query: {},
    headers: { host, 'content-type': 'application/json' },
    body,
  };
  const { headers } = await signer.sign(request, { signingDate: at });
  const { host: _host, 'content-type': _contentType, ...signed } = headers;
  return signed;
}
