// Pure: what may be put. Names go into paths, headers and authenticated data, so that each has a pattern.

import { type Alias, Capabilities, type Page, type Provider, type Resource } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { type DialGuard, findProviderKind, PROVIDER_KINDS, parseBaseUrl } from '@ai-switch/upstream';
import type { Range } from './store.ts';

const MODELS_MAX = 1_000;
const RESOURCES_MAX = 32;
const MODEL_CAPABILITIES_MAX = 100;
const AFFINITY_KEY_CHARACTERS_MAX = 512;
const WEIGHT_MAX = 1_000;
const PRIORITY_MAX = 1_000;
const CREDENTIAL_CHARACTERS_MAX = 8_192;
const PAGE_ROWS = 100;
const PAGE_ROWS_MAX = 1_000;

// Without a bar: it separates the parts of a credential's authenticated data.
const TENANT = /^[\w.:@-]{1,128}$/;
const PROVIDER_NAME = /^[a-z0-9-]{1,64}$/;
const MODEL_NAME = /^[^\s\p{C}]{1,128}$/u;
const CREDENTIAL = /^[ -~]*$/;

const ORIGINS: readonly string[] = ['admin', 'environment'];
const DIALECTS: readonly string[] = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'];

/** The provider as it is stored. @throws Fault `invalid` with the field in the details. */
export function checkedProvider(provider: Provider | undefined): Provider {
  if (provider === undefined) throw invalid('provider', 'The provider is missing.');
  const { tenant, name, kind, dialect, models, origin } = provider;
  checkTenant('provider.tenant', tenant);
  checkProviderName('provider.name', name);
  if (findProviderKind(kind) === undefined) {
    const kinds = PROVIDER_KINDS.map((row) => row.kind).join(', ');
    throw invalid('provider.kind', `The kind must be one of ${kinds}.`);
  }
  if (!DIALECTS.includes(dialect)) {
    throw invalid('provider.dialect', `The dialect must be one of ${DIALECTS.join(', ')}.`);
  }
  if (origin !== '' && !ORIGINS.includes(origin)) {
    throw invalid('provider.origin', `The origin must be one of ${ORIGINS.join(', ')}.`);
  }
  if (models.length > MODELS_MAX) {
    throw invalid('provider.models', `A provider may have at most ${MODELS_MAX} models.`);
  }
  models.forEach((model, index) => {
    checkModelName(`provider.models[${index}]`, model);
  });
  return {
    ...provider,
    capabilities: checkedCapabilities('provider.capabilities', provider.capabilities),
    modelCapabilities: checkedModelCapabilities(provider.modelCapabilities),
    baseUrl: checkedBaseUrl(provider.baseUrl),
    origin: origin === '' ? 'admin' : origin,
    models: [...new Set(models)],
  };
}

const LIMITS = ['outputTokensMax', 'temperatureMax'] as const;
/** More tokens than any model gives, and a number that the wire can carry. */
const LIMIT_MAX = 1_000_000_000;

/** Without the fields that say nothing. */
function checkedCapabilities(field: string, given: Capabilities | undefined): Capabilities | undefined {
  if (given === undefined) return undefined;
  for (const limit of LIMITS) {
    const value = given[limit];
    if (value === undefined || (value > 0 && value <= LIMIT_MAX)) continue;
    throw invalid(`${field}.${limit}`, `The limit ${limit} must be above 0 and at most ${LIMIT_MAX}.`);
  }
  if (!Number.isInteger(given.outputTokensMax ?? 1)) {
    throw invalid(`${field}.outputTokensMax`, 'The limit outputTokensMax must be a whole number.');
  }
  const set = Object.entries(Capabilities.create(given)).filter(([, value]) => value !== undefined);
  return set.length === 0 ? undefined : Object.fromEntries(set);
}

function checkedModelCapabilities(given: Provider['modelCapabilities']): Provider['modelCapabilities'] {
  const field = 'provider.model_capabilities';
  const entries = Object.entries(given);
  if (entries.length > MODEL_CAPABILITIES_MAX) {
    throw invalid(field, `At most ${MODEL_CAPABILITIES_MAX} models may have capabilities of their own.`);
  }
  return Object.fromEntries(
    entries.flatMap(([model, each]) => {
      checkModelName(field, model);
      const set = checkedCapabilities(`${field}.${model}`, each);
      return set === undefined ? [] : [[model, set]];
    }),
  );
}

/** @throws Fault `invalid`, which does not repeat the credential. */
export function checkCredential(credential: string): void {
  if (credential.length > CREDENTIAL_CHARACTERS_MAX) {
    throw invalid('credential', `The credential must have at most ${CREDENTIAL_CHARACTERS_MAX} characters.`);
  }
  if (!CREDENTIAL.test(credential) || credential.trim() !== credential) {
    throw invalid(
      'credential',
      'The credential has spaces around it or characters that no header can carry. Please copy it again.',
    );
  }
}

/** @throws Fault `invalid` with the field in the details. */
export function checkAlias(alias: Alias | undefined): asserts alias is Alias {
  if (alias === undefined) throw invalid('alias', 'The alias is missing.');
  checkTenant('alias.tenant', alias.tenant);
  checkModelName('alias.name', alias.name);
  const { resources } = alias;
  if (resources.length < 1 || resources.length > RESOURCES_MAX) {
    throw invalid('alias.resources', `An alias must have 1 to ${RESOURCES_MAX} resources.`);
  }
  resources.forEach((resource, index) => {
    checkResource(`alias.resources[${index}]`, resource);
  });
}

export function checkTenant(field: string, tenant: string): void {
  if (!TENANT.test(tenant)) {
    throw invalid(field, 'The tenant must have 1 to 128 letters, digits or characters of `._:@-`.');
  }
}

export function checkAffinityKey(key: string): void {
  if (key.length > AFFINITY_KEY_CHARACTERS_MAX) {
    throw invalid(
      'affinity_key',
      `The affinity key must have at most ${AFFINITY_KEY_CHARACTERS_MAX} characters.`,
    );
  }
}

/** @throws Fault `invalid` for a limit out of its bounds. */
export function rangeOf(page: Page | undefined): Range {
  const limit = page?.limit || PAGE_ROWS;
  if (!Number.isInteger(limit) || limit < 1 || limit > PAGE_ROWS_MAX) {
    throw invalid('page.limit', `A page has 1 to ${PAGE_ROWS_MAX} rows.`);
  }
  const after = page?.after ?? '';
  if (after !== '') checkModelName('page.after', after);
  return { after, limit };
}

function checkResource(field: string, { provider, model, weight, priority }: Resource): void {
  checkProviderName(`${field}.provider`, provider);
  checkModelName(`${field}.model`, model);
  if (!Number.isInteger(weight) || weight < 1 || weight > WEIGHT_MAX) {
    throw invalid(`${field}.weight`, `The weight must be a whole number from 1 to ${WEIGHT_MAX}.`);
  }
  if (!Number.isInteger(priority) || priority < 0 || priority > PRIORITY_MAX) {
    throw invalid(`${field}.priority`, `The priority must be a whole number from 0 to ${PRIORITY_MAX}.`);
  }
}

export function isProviderName(name: string): boolean {
  return PROVIDER_NAME.test(name);
}

export function checkProviderName(field: string, name: string): void {
  if (!isProviderName(name)) {
    throw invalid(field, 'The provider’s name must have 1 to 64 lower-case letters, digits or `-`.');
  }
}

export function isModelName(name: string): boolean {
  return MODEL_NAME.test(name);
}

export function checkModelName(field: string, name: string): void {
  if (!isModelName(name)) {
    throw invalid(field, 'The name must have 1 to 128 printable characters without spaces.');
  }
}

const BASE_URL_FIELD = 'baseUrl';

/** The address without a trailing slash. What could carry a secret into lists and logs is refused. */
function checkedBaseUrl(text: string): string {
  const parsed = parseBaseUrl(text);
  if ('problem' in parsed) throw invalid(BASE_URL_FIELD, parsed.problem);
  const { origin, pathname } = parsed.url;
  return `${origin}${pathname}`.replace(/\/+$/, '');
}

/**
 * Refuses an address that would not be dialled. Each dial is judged anew: a name may lead elsewhere by then.
 * @throws Fault `invalid`, in the same words whatever a name led to
 */
export async function checkDial(guard: DialGuard, { kind, baseUrl }: Provider): Promise<void> {
  const isOwnAddress = baseUrl === findProviderKind(kind)?.baseUrl;
  // A provider's own name is public: nobody waits for the resolver because of it.
  if (isOwnAddress ? guard.refusalOf(baseUrl) === undefined : await guard.mayDial(baseUrl)) return;
  throw invalid(
    BASE_URL_FIELD,
    'The base URL leads to where this installation makes no calls. Give an https address on the public internet, or ask ' +
      'its operator to list the network in AISWITCH_UPSTREAM_NETWORKS.',
  );
}

function invalid(field: string, message: string): Fault {
  return new Fault('invalid', message, { details: { field } });
}
