// An OpenID provider whose tokens say what a test wants.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

export interface PuppetProvider {
  readonly issuer: string;
  readonly keyId: string;
  readonly publicKey: CryptoKey;
  claims: JWTPayload;
  /** In place of `claims`, by the code that is exchanged. */
  claimsOf: ((code: string) => JWTPayload) | undefined;
  isNamingItself: boolean;
  sign(claims: JWTPayload): Promise<string>;
  /** In place of a token. */
  answer: string | undefined;
  close(): Promise<void>;
}

export async function startPuppet(): Promise<PuppetProvider> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const keyId = 'key-1';
  const server = createServer((incoming, outgoing) => {
    const send = (body: string) => outgoing.writeHead(200, { 'content-type': 'application/json' }).end(body);
    const path = incoming.url ?? '';
    if (path === '/.well-known/openid-configuration') {
      send(
        JSON.stringify({
          issuer: puppet.issuer,
          authorization_endpoint: `${puppet.issuer}/authorize`,
          token_endpoint: `${puppet.issuer}/token`,
          jwks_uri: `${puppet.issuer}/keys`,
          authorization_response_iss_parameter_supported: puppet.isNamingItself,
        }),
      );
    } else if (path === '/keys') {
      void exportJWK(publicKey).then((key) =>
        send(JSON.stringify({ keys: [{ ...key, kid: keyId, alg: 'ES256' }] })),
      );
    } else {
      void text(incoming).then(async (form) => {
        const said = puppet.claimsOf?.(new URLSearchParams(form).get('code') ?? '') ?? puppet.claims;
        const nowSeconds = Math.floor(Date.now() / 1_000);
        const claims = { iss: puppet.issuer, iat: nowSeconds, exp: nowSeconds + 300, ...said };
        send(puppet.answer ?? JSON.stringify({ id_token: await puppet.sign(claims) }));
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const puppet: PuppetProvider = {
    issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    keyId,
    publicKey,
    claims: {},
    claimsOf: undefined,
    isNamingItself: false,
    sign: (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: keyId }).sign(privateKey),
    answer: undefined,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return puppet;
}
