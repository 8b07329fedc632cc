// Pure but for the opening of credentials: a tenant's rows, compiled so that a route is a look-up and a draw.

import { Capabilities, Model, type Provider, Target } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { withCapabilities } from '@ai-switch/upstream';
import { type DataKey, openCredential, SealError } from './credentials.ts';
import { isModelName } from './put-rules.ts';
import { type Candidate, drawOrder, type Random, stickyOrder, type Tier, tiersOf } from './route-rules.ts';
import type { ProviderRow } from './schema.ts';
import { providerOf, type TenantRows } from './store.ts';

export interface Snapshot {
  readonly revision: bigint;
  /** Aliases that were put, and one for each model that a provider serves. */
  readonly routes: ReadonlyMap<string, Route>;
  readonly providers: ReadonlyMap<string, KnownProvider>;
}

interface Route {
  readonly tiers: readonly Tier<Target>[];
  /** As a client sees it in the list. */
  readonly model: Model;
}

interface KnownProvider {
  readonly row: ProviderRow;
  /** As anybody may see it. */
  readonly shown: Provider;
  /** Undefined: it does not open, and the provider is unavailable. */
  readonly credential: string | undefined;
}

export interface SnapshotOptions {
  readonly rows: TenantRows;
  /** @throws SealError */
  readonly dataKey: (version: string) => DataKey;
  /** Hears of each provider whose credential does not open. */
  readonly onUnopened: (provider: string, error: SealError) => void;
}

export function snapshotOf({ rows, dataKey, onUnopened }: SnapshotOptions): Snapshot {
  const providers = new Map<string, KnownProvider>();
  for (const row of rows.providers) {
    const credential = credentialOf(row, dataKey, onUnopened);
    providers.set(row.name, { row, shown: providerOf(row), credential });
  }
  const routes = impliedRoutes(providers);
  for (const { name, resources, updatedAtMs } of rows.aliases) {
    const candidates = resources.flatMap(({ provider, model, weight, priority }) =>
      candidatesOf(providers.get(provider), model, weight, priority),
    );
    const first = resources.toSorted((one, other) => one.priority - other.priority)[0];
    const model = Model.create({ name, provider: first?.provider ?? '', updatedAtMs });
    routes.set(name, { tiers: tiersOf(candidates), model });
  }
  return { revision: rows.revision, routes, providers };
}

/**
 * The targets for a name, best first. Every target is a copy: the caller may do with it what it likes.
 * @throws Fault `notFound` for an unknown name, `unavailable` when nothing that could answer is usable
 */
export function targetsFor(snapshot: Snapshot, name: string, random: Random, affinityKey: string): Target[] {
  const tiers = snapshot.routes.get(name)?.tiers ?? tiersOfProvider(snapshot, name);
  if (tiers === undefined) {
    throw new Fault(
      'notFound',
      `The model ${quoted(name)} is not known here. The list of models names those that are.`,
    );
  }
  if (tiers.length === 0) {
    throw new Fault(
      'unavailable',
      `No provider of the model ${quoted(name)} can be used. An administrator must mend it.`,
    );
  }
  const order = affinityKey === '' ? drawOrder(tiers, random) : stickyOrder(tiers, affinityKey);
  return order.map((target) => ({ ...target }));
}

/** Sorted by name in the order of code units, wherever the rows came from. */
export function modelsOf(snapshot: Snapshot): Model[] {
  return [...snapshot.routes.values()]
    .map(({ model }) => ({ ...model }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** A model that several providers serve is shared evenly among them. */
function impliedRoutes(providers: ReadonlyMap<string, KnownProvider>): Map<string, Route> {
  const implied = new Map<string, { readonly model: Model; readonly candidates: Candidate<Target>[] }>();
  for (const provider of providers.values()) {
    const { name, updated_at_ms: updatedAtMs } = provider.row;
    for (const model of provider.shown.models) {
      let route = implied.get(model);
      if (route === undefined) {
        route = { model: Model.create({ name: model, provider: name, updatedAtMs }), candidates: [] };
        implied.set(model, route);
      }
      route.candidates.push(...candidatesOf(provider, model, 1, 0));
    }
  }
  return new Map(
    [...implied].map(([name, { model, candidates }]) => [name, { model, tiers: tiersOf(candidates) }]),
  );
}

/** `<provider>/<model>`: any model of a known provider, also one that its list does not name. */
function tiersOfProvider(snapshot: Snapshot, name: string): readonly Tier<Target>[] | undefined {
  const slash = name.indexOf('/');
  const provider = slash === -1 ? undefined : snapshot.providers.get(name.slice(0, slash));
  const model = name.slice(slash + 1);
  if (provider === undefined || !isModelName(model)) return undefined;
  return tiersOf(candidatesOf(provider, model, 1, 0));
}

/** One candidate, or none when the provider cannot be used. */
function candidatesOf(
  provider: KnownProvider | undefined,
  model: string,
  weight: number,
  priority: number,
): Candidate<Target>[] {
  if (provider?.credential === undefined) return [];
  const { name, kind, dialect, base_url: baseUrl } = provider.row;
  const place = Target.create({
    provider: name,
    kind,
    dialect,
    baseUrl,
    model,
    credential: provider.credential,
    capabilities: capabilitiesFor(provider.shown, model),
  });
  return [{ name: `${name}/${model}`, place, weight, priority }];
}

function capabilitiesFor(
  { capabilities, modelCapabilities }: Provider,
  model: string,
): Capabilities | undefined {
  const ofModel = Object.hasOwn(modelCapabilities, model) ? modelCapabilities[model] : undefined;
  if (ofModel === undefined) return capabilities;
  return Capabilities.create(withCapabilities(capabilities ?? {}, ofModel));
}

function credentialOf(
  row: ProviderRow,
  dataKey: SnapshotOptions['dataKey'],
  onUnopened: SnapshotOptions['onUnopened'],
): string | undefined {
  if (row.credential === '') return '';
  try {
    const version = row.credential.split('.')[2] ?? '';
    return openCredential(dataKey(version), { tenant: row.tenant, provider: row.name }, row.credential);
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    onUnopened(row.name, error);
    return undefined;
  }
}

/** The name as it came from the client, cut so that a fault stays small. */
function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 128));
}
