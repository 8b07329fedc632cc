import type { Capabilities, DialectName } from '@ai-switch/dialects';
import { CLOUDS } from './kinds/clouds.ts';
import { HOSTED } from './kinds/hosted.ts';
import { LOCAL } from './kinds/local.ts';
import { OPEN_WEIGHTS } from './kinds/open-weights.ts';
import type { Quirk } from './quirks/quirk.ts';

/**
 * A kind of provider: everything that tells one from another, as data. Adding a provider is adding a row; what a row
 * cannot say is a named quirk.
 */
export interface ProviderKind {
  /** The name that a stored provider refers to it by. */
  readonly kind: string;
  readonly title: string;
  /** What it speaks. A `custom` provider may speak any dialect; this is what it speaks unless told otherwise. */
  readonly dialect: DialectName;
  /** What it speaks as well at the same address, so that a client of such a dialect needs no conversion. */
  readonly alsoSpeaks?: readonly DialectName[];
  /**
   * With its version and without a trailing slash; the dialect's path is put after it. What stands in braces only the
   * admin knows; empty: the admin must give the whole address.
   */
  readonly baseUrl: string;
  /** The environment variable in which people already keep its key. */
  readonly environmentKey?: string;
  /** The port that it listens on by default, for kinds that run on the same machine. */
  readonly localPort?: number;
  /** How the credential travels. An empty credential is not sent at all. */
  readonly credentialWay: CredentialWay;
  /** What the admin is told that the credential is, where it is more than a key. */
  readonly credentialForm?: string;
  /** Where requests go, put after the base URL, when it is not the dialect's own path. */
  readonly path?: (model: string, isStreaming: boolean) => string;
  /** How a stream is framed, when it is not by server-sent events. */
  readonly framing?: 'aws';
  /** True when `GET {baseUrl}/models` names all that it serves. */
  readonly listsModels: boolean;
  /** What is offered when its own list cannot be read. Any other model is reached as `<provider>/<model>`. */
  readonly fallbackModels: readonly string[];
  /** What holds for all of its models; see also MODEL_CAPABILITIES. */
  readonly capabilities?: Capabilities;
  /** Applied to each request in this order. */
  readonly quirks?: readonly Quirk[];
  /** The address of its API reference. */
  readonly documentation: string;
}

/**
 * A header for the key as it is; `aws` signs each request with a key pair, or sends a Bedrock key as bearer; `google-oauth`
 * changes a service account for a token, or sends an API key.
 */
export type CredentialWay = 'bearer' | 'x-api-key' | 'api-key' | 'x-goog-api-key' | 'aws' | 'google-oauth';

export const PROVIDER_KINDS: readonly ProviderKind[] = [...HOSTED, ...OPEN_WEIGHTS, ...CLOUDS, ...LOCAL];

const byKind = new Map(PROVIDER_KINDS.map((row) => [row.kind, row]));

export function findProviderKind(kind: string): ProviderKind | undefined {
  return byKind.get(kind);
}

/** What to call a provider with: a row, or what is stored of one. */
export interface ProviderAddress {
  readonly kind: string;
  readonly dialect: string;
  readonly baseUrl: string;
}

/** The part of an address that only the admin can fill in, like `{resource}`; undefined when there is none. */
export function placeholderIn(baseUrl: string): string | undefined {
  return /(?:\{|%7B)\w+(?:\}|%7D)/i.exec(baseUrl)?.[0];
}

/** What to speak to a provider for a client of this dialect: the client's own where the provider knows it. */
export function spokenDialect(provider: ProviderAddress, clientDialect: DialectName): string {
  const row = byKind.get(provider.kind);
  if (row?.alsoSpeaks === undefined || provider.dialect !== row.dialect) return provider.dialect;
  // An address of somebody else's may know no more than it was put for.
  const isOwnAddress = provider.baseUrl === row.baseUrl || placeholderIn(row.baseUrl) !== undefined;
  return isOwnAddress && row.alsoSpeaks.includes(clientDialect) ? clientDialect : provider.dialect;
}
