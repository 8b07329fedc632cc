// The providers that nobody had to add: from keys in the environment, from model servers on this machine, and the demo
// when there is nobody else. They are written anew at each start, with the origin `environment`; a provider that an admin
// put under the same name is never touched. A provider that does not answer keeps the models that are known of it.

import { AuditEvent, type Ports, Provider } from '@ai-switch/contracts';
import { newId } from '@ai-switch/kernel';
import type { Logger } from '@ai-switch/telemetry';
import {
  type DialGuard,
  fetchModels,
  findProviderKind,
  PROVIDER_KINDS,
  type ProviderKind,
  placeholderIn,
} from '@ai-switch/upstream';
import { DEMO_MODEL, DEMO_PROVIDER, type DemoProvider, openDemoProvider } from './demo-provider.ts';

const ORIGIN = 'environment';
const LOCAL_TIMEOUT_MS = 500;
const MODELS_TIMEOUT_MS = 3_000;
/** How long somebody who asks for the models waits for what providers say of themselves. */
const SETTLED_WAIT_MS = 1_500;
const PROVIDERS_MAX = 1_000;

export interface FindOptions {
  readonly ports: Pick<Ports, 'router'>;
  readonly tenant: string;
  /** Credentials by kind. */
  readonly keys: ReadonlyMap<string, string>;
  readonly isDiscovering: boolean;
  /** Default: every kind there is. */
  readonly kinds?: readonly ProviderKind[];
  /** Judges every call, those to this machine as well. */
  readonly guard: DialGuard;
  readonly logger: Logger;
}

export interface FoundProviders {
  /** Resolves once every provider has told its models, or after a moment. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export async function findProviders(options: FindOptions): Promise<FoundProviders> {
  const kinds = options.kinds ?? PROVIDER_KINDS;
  const stored = await storedProviders(options);
  const locals = options.isDiscovering
    ? await localServers(kinds, options.guard)
    : new Map<string, readonly string[]>();
  const refreshes: Promise<void>[] = [];
  let isClosing = false;

  for (const row of kinds) {
    const known = stored.get(row.kind);
    if (known !== undefined && known.origin !== ORIGIN) continue;
    const key = options.keys.get(row.kind);
    const localModels = locals.get(row.kind);
    if (key !== undefined && placeholderIn(row.baseUrl) !== undefined) {
      options.logger.warn(
        { kind: row.kind, environmentKey: row.environmentKey },
        'a key was found of a provider whose address only you know: add it with `providers add`',
      );
    } else if (key !== undefined) {
      const models = known === undefined || known.models.length === 0 ? row.fallbackModels : known.models;
      const provider = await put(options, known, row, models, key);
      refreshes.push(refreshModels(options, provider, row, key, () => isClosing));
    } else if (localModels !== undefined) {
      await put(options, known, row, localModels, '');
    } else if (known !== undefined) {
      await removeUnlessNeeded(options, known, row);
    }
  }

  const demo = await demoIfAlone(options);
  const settled = Promise.all(refreshes);
  return {
    settled: async () => {
      const timer = new AbortController();
      await Promise.race([settled, delay(SETTLED_WAIT_MS, timer.signal)]);
      timer.abort();
    },
    close: async () => {
      isClosing = true;
      await settled;
      await demo?.close();
    },
  };
}

async function storedProviders({ ports, tenant }: FindOptions): Promise<Map<string, Provider>> {
  const page = { after: '', limit: PROVIDERS_MAX };
  const { providers } = await ports.router.listProviders({ tenant, page });
  return new Map(providers.map((provider) => [provider.name, provider]));
}

/** Kinds whose usual port is answered by a proper, filled list of models: other programs listen on these ports, too. */
async function localServers(
  kinds: readonly ProviderKind[],
  guard: DialGuard,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  const rows = kinds.filter(({ localPort }) => localPort !== undefined);
  await Promise.all(
    rows.map(async (row) => {
      const list = await fetchModels(row, '', { timeoutMs: LOCAL_TIMEOUT_MS, guard });
      if ('models' in list && list.models.length > 0) found.set(row.kind, list.models);
    }),
  );
  return found;
}

async function put(
  options: FindOptions,
  known: Provider | undefined,
  { kind, dialect, baseUrl }: Pick<ProviderKind, 'kind' | 'dialect' | 'baseUrl'>,
  models: readonly string[],
  credential: string,
  name: string = kind,
): Promise<Provider> {
  const { tenant, ports } = options;
  const provider = Provider.create({
    tenant,
    name,
    kind,
    dialect,
    baseUrl,
    origin: ORIGIN,
    models: [...models],
  });
  const event = known === undefined ? eventOf(options, 'provider.put', name) : undefined;
  await ports.router.putProvider({ provider, credential, event });
  return provider;
}

async function refreshModels(
  { ports, guard, logger }: FindOptions,
  provider: Provider,
  row: ProviderKind,
  key: string,
  isClosing: () => boolean,
): Promise<void> {
  if (!row.listsModels) return;
  const list = await fetchModels(provider, key, { timeoutMs: MODELS_TIMEOUT_MS, guard });
  if (isClosing()) return;
  if ('reason' in list) {
    logger.warn({ provider: provider.name, reason: list.reason }, 'a provider did not list its models');
    return;
  }
  try {
    await ports.router.putProvider({
      provider: { ...provider, models: [...list.models] },
      credential: undefined,
    });
  } catch (err) {
    logger.warn({ err, provider: provider.name }, 'the models of a provider could not be stored');
  }
}

/** Without its key a provider is of no use. A local server may come back, and somebody's alias may count on it. */
async function removeUnlessNeeded(options: FindOptions, known: Provider, row: ProviderKind): Promise<void> {
  const { ports, tenant } = options;
  if (row.localPort !== undefined) {
    const page = { after: '', limit: PROVIDERS_MAX };
    const { aliases } = await ports.router.listAliases({ tenant, page });
    const isNeeded = aliases.some(({ resources }) =>
      resources.some(({ provider }) => provider === known.name),
    );
    if (isNeeded || !options.isDiscovering) return;
  }
  await ports.router.removeProvider({
    tenant,
    name: known.name,
    event: eventOf(options, 'provider.remove', known.name),
  });
}

/**
 * The demo answers as long as it is the only provider, unless this machine may not be called; its port is another one at
 * each start.
 */
async function demoIfAlone(options: FindOptions): Promise<DemoProvider | undefined> {
  const stored = await storedProviders(options);
  const known = stored.get(DEMO_PROVIDER);
  if (known !== undefined && known.origin !== ORIGIN) return undefined;
  const isAlone = stored.size === (known === undefined ? 0 : 1);
  if (!isAlone || options.guard.refusalOf('http://127.0.0.1') !== undefined) {
    if (known === undefined) return undefined;
    await options.ports.router.removeProvider({
      tenant: options.tenant,
      name: DEMO_PROVIDER,
      event: eventOf(options, 'provider.remove', DEMO_PROVIDER),
    });
    return undefined;
  }
  const demo = await openDemoProvider();
  const address = { kind: 'custom', dialect: 'openai-chat', baseUrl: demo.baseUrl } as const;
  await put(options, known, address, [DEMO_MODEL], '', DEMO_PROVIDER);
  return demo;
}

function eventOf({ tenant }: FindOptions, action: string, subject: string): AuditEvent {
  return AuditEvent.create({
    eventId: newId('evt'),
    tenant,
    actor: 'system',
    action,
    subject,
    atMs: BigInt(Date.now()),
    details: { origin: ORIGIN, title: findProviderKind(subject)?.title ?? subject },
  });
}

function delay(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, durationMs);
    signal.addEventListener('abort', () => clearTimeout(timer));
  });
}
