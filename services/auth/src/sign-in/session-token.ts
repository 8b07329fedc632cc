// A session's token is `<session id>.<secret>`. Only a digest of the secret is stored. What writes have to bring along against
// forgery follows from the secret, so that nothing more has to be kept, and tells nothing of it.

import { createHmac, hash, randomBytes } from 'node:crypto';

const SECRET_BYTES = 32;
const FORM = /^(ses_[0-9a-z]{26})\.([A-Za-z0-9_-]{43})$/;

export interface SessionToken {
  readonly sessionId: string;
  readonly secret: string;
}

export function makeSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

export function writeToken({ sessionId, secret }: SessionToken): string {
  return `${sessionId}.${secret}`;
}

/** Undefined for a text that no session has. */
export function readToken(text: string): SessionToken | undefined {
  const [, sessionId, secret] = FORM.exec(text) ?? [];
  return sessionId === undefined || secret === undefined ? undefined : { sessionId, secret };
}

export function digestOfSecret(secret: string): string {
  return hash('sha256', secret);
}

export function csrfTokenOf(secret: string): string {
  return createHmac('sha256', secret).update('csrf').digest('base64url');
}
