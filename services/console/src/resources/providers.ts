// What an admin leaves out of a provider is filled from the row of its kind, here and not in the CLI, so that every
// client of the API gets the same. The credential goes in and is in no reply.

import { type AuditEvent, Provider, type Router } from '@ai-switch/contracts';
import { Fault, newId } from '@ai-switch/kernel';
import {
  type DialGuard,
  fetchModels,
  findProviderKind,
  PROVIDER_KINDS,
  type ProviderKind,
  placeholderIn,
} from '@ai-switch/upstream';
import { changeEvent } from '../change-event.ts';
import type { Handlers } from '../handler.ts';
import { pageIn, pageReply } from '../read-input.ts';
import type { ProviderRoutes } from '../routes/provider-routes.ts';
import { capabilitiesReply, patchedCapabilities } from './capabilities.ts';

type Routes = Pick<
  ProviderRoutes,
  'listProviders' | 'getProvider' | 'putProvider' | 'removeProvider' | 'refreshModels'
>;

const PROVIDERS_MAX = 1_000;
/** Of what an audit event says of a change. */
const AUDIT_CHARACTERS_MAX = 1_000;

/** @param guard judges the calls that ask a provider for its models */
export const providers = (router: Router, guard: DialGuard): Handlers<Routes> => ({
  listProviders: async ({ tenant, query }) => {
    const { providers: found, nextAfter } = await router.listProviders({ tenant, page: pageIn(query) });
    return pageReply(found.map(providerReply), nextAfter);
  },

  getProvider: async ({ tenant, params }) => ({
    body: providerReply(await getProvider(router, tenant, params.provider)),
  }),

  putProvider: async (request) => {
    const { tenant, params, body: given } = request;
    const name = params.provider;
    const stored = await findProvider(router, tenant, name);
    const row = rowFor(given.kind ?? stored?.kind ?? name);
    const isSameAddress = stored !== undefined && stored.kind === row.kind;
    const address = {
      kind: row.kind,
      dialect: given.dialect ?? (isSameAddress ? stored.dialect : row.dialect),
      baseUrl: (given.baseUrl ?? (isSameAddress ? stored.baseUrl : row.baseUrl)).replace(/\/+$/, ''),
    };
    checkAddress(row, address.baseUrl);
    const credentialGiven = compact(given.credential);
    checkCredential(credentialGiven, stored, row, address.baseUrl);
    const wanted = Provider.create({
      tenant,
      name,
      ...address,
      ...patchedCapabilities(stored, given.capabilities, given.modelCapabilities),
      models: given.models ?? [],
      origin: 'admin',
    });
    const credential = credentialGiven ?? (stored === undefined ? '' : undefined);
    // The first put checks and seals; only then is a credential sent to the address that it was given for.
    const event = changeEvent(request, {
      action: 'provider.put',
      subject: name,
      details: {
        kind: address.kind,
        baseUrl: address.baseUrl,
        credential: given.credential === undefined ? 'kept' : 'changed',
        ...(given.capabilities !== undefined && { capabilities: JSON.stringify(given.capabilities) }),
        ...(given.modelCapabilities !== undefined && {
          modelCapabilities: JSON.stringify(given.modelCapabilities).slice(0, AUDIT_CHARACTERS_MAX),
        }),
      },
    });
    const put = await router.putProvider({
      provider: { ...wanted, models: given.models ?? stored?.models ?? [] },
      credential,
      event,
    });
    const list =
      given.models === undefined ? await readModels(router, guard, put.provider ?? wanted, row) : undefined;
    const provider =
      list === undefined ? put.provider : await replaceModels(router, put.provider ?? wanted, list.models);
    return { body: { ...providerReply(provider ?? wanted), ...noteOn(list) } };
  },

  removeProvider: async (request) => {
    const { tenant, params } = request;
    const { name } = await getProvider(router, tenant, params.provider);
    const event = changeEvent(request, { action: 'provider.remove', subject: name });
    await router.removeProvider({ tenant, name, event });
    return { body: { name } };
  },

  refreshModels: async (request) => {
    const { tenant, params } = request;
    const provider = await getProvider(router, tenant, params.provider);
    const list = await readModels(router, guard, provider, rowFor(provider.kind));
    if (list.reason !== undefined) {
      throw new Fault('upstream', `The models of ${provider.name} could not be read: ${list.reason}.`);
    }
    const event = changeEvent(request, {
      action: 'provider.refreshModels',
      subject: provider.name,
      details: { models: String(list.models.length) },
    });
    const refreshed = await replaceModels(router, provider, list.models, event);
    return { body: providerReply(refreshed) };
  },
});

function rowFor(kind: string): ProviderKind {
  const row = findProviderKind(kind);
  if (row !== undefined) return row;
  const kinds = PROVIDER_KINDS.map((each) => each.kind).join(', ');
  throw new Fault('invalid', `There is no kind of provider \`${kind}\`. Give \`kind\` as one of ${kinds}.`, {
    details: { field: 'kind' },
  });
}

function checkAddress(row: ProviderKind, baseUrl: string): void {
  const details = { field: 'baseUrl' };
  const placeholder = placeholderIn(baseUrl);
  if (placeholder !== undefined) {
    throw new Fault(
      'invalid',
      `${row.title} has an address of your own. Give the base URL ${row.baseUrl} with ${placeholder} and whatever else stands in braces filled in.`,
      { details },
    );
  }
  if (baseUrl !== '') return;
  throw new Fault('invalid', 'A custom provider needs a base URL, like http://127.0.0.1:8000/v1.', {
    details,
  });
}

/** A credential that is a JSON file goes on one line, as a header could carry it. */
function compact(credential: string | undefined): string | undefined {
  if (!credential?.trimStart().startsWith('{')) return credential;
  try {
    return JSON.stringify(JSON.parse(credential));
  } catch {
    throw new Fault(
      'invalid',
      'The credential begins like JSON and is not. Please copy the whole file again.',
      {
        details: { field: 'credential' },
      },
    );
  }
}

function checkCredential(
  credential: string | undefined,
  stored: Provider | undefined,
  row: ProviderKind,
  baseUrl: string,
): void {
  const isOwnAddress = baseUrl === row.baseUrl || placeholderIn(row.baseUrl) !== undefined;
  const isHosted = isOwnAddress && row.localPort === undefined && row.baseUrl !== '';
  if (!isHosted || credential || (credential === undefined && stored?.hasCredential)) return;
  throw new Fault('invalid', `${row.title} needs a credential${credentialHint(row)}.`, {
    details: { field: 'credential' },
  });
}

function credentialHint({ credentialForm, environmentKey }: ProviderKind): string {
  if (credentialForm !== undefined) return `: ${credentialForm}`;
  return environmentKey === undefined ? '' : `, the one that people keep in ${environmentKey}`;
}

interface ModelNames {
  readonly models: readonly string[];
  /** Why the provider's own list is not it. */
  readonly reason?: string;
}

/** The provider's own list; what its kind is known to serve where it gives none. */
async function readModels(
  router: Router,
  guard: DialGuard,
  provider: Provider,
  row: ProviderKind,
): Promise<ModelNames> {
  if (!row.listsModels) return { models: row.fallbackModels };
  const list = await fetchModels(provider, await credentialOf(router, provider), { guard });
  if ('models' in list) return list;
  return { models: provider.models.length > 0 ? provider.models : row.fallbackModels, reason: list.reason };
}

/** The router gives a credential for a call only: this call is the list of models. */
async function credentialOf(router: Router, { tenant, name, hasCredential }: Provider): Promise<string> {
  if (!hasCredential) return '';
  // A model that nobody put an alias on, so that the name leads to this provider.
  const { targets } = await router.route({ tenant, alias: `${name}/${newId('models')}`, affinityKey: '' });
  return targets.find((target) => target.provider === name)?.credential ?? '';
}

async function replaceModels(
  router: Router,
  provider: Provider,
  models: readonly string[],
  event?: AuditEvent,
): Promise<Provider> {
  const put = await router.putProvider({
    provider: { ...provider, models: [...models] },
    credential: undefined,
    event,
  });
  return put.provider ?? provider;
}

function noteOn(list: ModelNames | undefined): { readonly modelsNote?: string } {
  return list?.reason === undefined ? {} : { modelsNote: `its own list could not be read: ${list.reason}` };
}

async function findProvider(router: Router, tenant: string, name: string): Promise<Provider | undefined> {
  const page = pageIn({ limit: PROVIDERS_MAX });
  const { providers: found } = await router.listProviders({ tenant, page });
  return found.find((provider) => provider.name === name);
}

async function getProvider(router: Router, tenant: string, name: string): Promise<Provider> {
  const provider = await findProvider(router, tenant, name);
  if (provider === undefined) throw new Fault('notFound', 'There is no such provider.');
  return provider;
}

function providerReply(provider: Provider) {
  return { ...provider, ...capabilitiesReply(provider) };
}
