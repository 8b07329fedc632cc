import { type CredentialWay, findProviderKind, type ProviderAddress } from './providers.ts';

/** Ways that belong to the place and not to what is spoken there. */
const BOUND_WAYS: ReadonlySet<CredentialWay> = new Set(['api-key', 'aws', 'google-oauth']);

const WAY_OF_DIALECT: Readonly<Record<string, CredentialWay>> = {
  'anthropic-messages': 'x-api-key',
  gemini: 'x-goog-api-key',
};

/**
 * How a provider gets its credential. One with an address or dialect of its own is asked in the way of its dialect: each
 * dialect's own SDK has its header.
 */
function credentialWayOf({ kind, dialect }: ProviderAddress): CredentialWay {
  const row = findProviderKind(kind);
  const way = WAY_OF_DIALECT[dialect] ?? 'bearer';
  if (row === undefined || row.kind === 'custom') return way;
  const speaks = row.dialect === dialect || row.alsoSpeaks?.some((other) => other === dialect);
  return speaks || BOUND_WAYS.has(row.credentialWay) ? row.credentialWay : way;
}

/**
 * The headers that carry a credential that travels as it is. Undefined for one that has to be changed for a token or signs
 * each request: late-credentials.ts has those.
 */
export function credentialHeaders(
  provider: ProviderAddress,
  credential: string,
): Readonly<Record<string, string>> | undefined {
  if (credential === '') return {};
  const way = credentialWayOf(provider);
  switch (way) {
    case 'x-api-key':
    case 'api-key':
    case 'x-goog-api-key':
      return { [way]: credential };
    case 'aws':
      return isKeyPair(credential) ? undefined : { authorization: `Bearer ${credential}` };
    case 'google-oauth':
      return isServiceAccount(credential) ? undefined : { 'x-goog-api-key': credential };
    default:
      return { authorization: `Bearer ${credential}` };
  }
}

/** `ACCESS_KEY:SECRET` or `ACCESS_KEY:SECRET:SESSION`; a Bedrock API key has no colon. */
function isKeyPair(credential: string): boolean {
  return credential.includes(':');
}

/** The JSON file of a service account; an API key begins with a letter. */
function isServiceAccount(credential: string): boolean {
  return credential.startsWith('{');
}
