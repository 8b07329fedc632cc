// Pure but for the opening of credentials: a tenant's rows, compiled so that a route is a look-up and a draw.

import {
  Capabilities,
  Model,
  type PriceBook,
  type Provider,
  Target,
  UnpricedRule,
} from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { type Candidate, drawOrder, type Random, stickyOrder, type Tier, tiersOf } from '@ai-switch/routing';
import { withCapabilities } from '@ai-switch/upstream';
import { type DataKey, openCredential, SealError } from './credentials.ts';
import { type PriceList, priceListOf } from './price-list.ts';
import { isModelName } from './put-rules.ts';
import type { ProviderRow } from './schema.ts';
import { providerOf, type TenantRows } from './store.ts';

export interface Snapshot {
  readonly revision: bigint;
  /** Aliases that were put, and one for each model that a provider serves. */
  readonly routes: ReadonlyMap<string, Route>;
  readonly providers: ReadonlyMap<string, KnownProvider>;
  /** By the moment from which they hold, ascending; the first one holds since ever. */
  readonly phases: readonly Phase[];
}

/** The routes under one version of the price book, or under none. A version to come is there before it takes effect. */
export interface Phase {
  readonly fromMs: number;
  readonly priceList: PriceList | undefined;
  /** The priced tiers of the routes that were asked for, by name. */
  readonly tiers: Map<string, readonly Tier<Target>[]>;
}

export interface Route {
  /** All that could answer, whatever the price book says of them; without prices. */
  readonly candidates: readonly Candidate<Target>[];
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
    routes.set(name, { candidates, model });
  }
  return { revision: rows.revision, routes, providers, phases: phasesOf(rows) };
}

function phasesOf({ priceBook, priceBooksToCome }: TenantRows): Phase[] {
  const phase = (fromMs: number, book: PriceBook | undefined): Phase => ({
    fromMs,
    priceList: book && priceListOf(book),
    tiers: new Map(),
  });
  const toCome = priceBooksToCome.map((book) => phase(Number(book.effectiveAtMs), book));
  return [phase(Number.NEGATIVE_INFINITY, priceBook), ...toCome];
}

export function phaseAt({ phases }: Snapshot, nowMs: number): Phase | undefined {
  return phases.findLast(({ fromMs }) => fromMs <= nowMs);
}

export interface Draw {
  readonly random: Random;
  readonly affinityKey: string;
  readonly nowMs: number;
}

/**
 * The targets for a name, best first. Every target is a copy: the caller may do with it what it likes.
 * @throws Fault `notFound` for an unknown name, `unavailable` when nothing that could answer is usable, `forbidden` when
 *   the price book denies all that is
 */
export function targetsFor(snapshot: Snapshot, name: string, draw: Draw): Target[] {
  const { random, affinityKey, nowMs } = draw;
  const route = routeFor(snapshot, name);
  const tiers = tiersIn(phaseAt(snapshot, nowMs), name, route, snapshot.routes.has(name));
  if (tiers.length === 0) throw denied(name);
  const order = affinityKey === '' ? drawOrder(tiers, random) : stickyOrder(tiers, affinityKey);
  return order.map((target) => ({ ...target }));
}

/**
 * What `targetsFor` draws from, and when that ends because another version of the price book takes effect.
 * @throws Fault as `targetsFor`
 */
export function candidatesFor(
  snapshot: Snapshot,
  name: string,
  nowMs: number,
): { readonly candidates: readonly Candidate<Target>[]; readonly untilMs: number | undefined } {
  const route = routeFor(snapshot, name);
  const tiers = tiersIn(phaseAt(snapshot, nowMs), name, route, snapshot.routes.has(name));
  if (tiers.length === 0) throw denied(name);
  return {
    candidates: tiers.flatMap(({ candidates }) => candidates),
    untilMs: snapshot.phases.find(({ fromMs }) => fromMs > nowMs)?.fromMs,
  };
}

function denied(name: string): Fault {
  return new Fault(
    'forbidden',
    `The model ${quoted(name)} has no price, and the price book of this company denies models without one. An administrator can add a row for it.`,
  );
}

/** @throws Fault `notFound` for an unknown name, `unavailable` when nothing that could answer is usable */
export function routeFor(snapshot: Snapshot, name: string): Pick<Route, 'candidates'> {
  const route = snapshot.routes.get(name) ?? routeOfProvider(snapshot, name);
  if (route === undefined) {
    throw new Fault(
      'notFound',
      `The model ${quoted(name)} is not known here. The list of models names those that are.`,
    );
  }
  if (route.candidates.length === 0) {
    throw new Fault(
      'unavailable',
      `No provider of the model ${quoted(name)} can be used. An administrator must mend it.`,
    );
  }
  return route;
}

/** Sorted by name in the order of code units, wherever the rows came from. Without those that the price book denies. */
export function modelsOf(snapshot: Snapshot, nowMs: number): Model[] {
  const phase = phaseAt(snapshot, nowMs);
  const mayDeny = phase?.priceList?.unpriced === UnpricedRule.DENY;
  const isDenied = (name: string, route: Route) =>
    mayDeny && route.candidates.length > 0 && tiersIn(phase, name, route, true).length === 0;
  return [...snapshot.routes]
    .filter(([name, route]) => !isDenied(name, route))
    .map(([, { model }]) => ({ ...model }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** The tiers with their prices, without what is denied. Kept for the names in the snapshot, which are a bounded number. */
function tiersIn(
  phase: Phase | undefined,
  name: string,
  { candidates }: Pick<Route, 'candidates'>,
  isKept: boolean,
): readonly Tier<Target>[] {
  const kept = phase?.tiers.get(name);
  if (kept !== undefined) return kept;
  const tiers = tiersOf(candidates.flatMap((candidate) => priced(candidate, phase?.priceList)));
  if (isKept) phase?.tiers.set(name, tiers);
  return tiers;
}

function priced(candidate: Candidate<Target>, priceList: PriceList | undefined): Candidate<Target>[] {
  if (priceList === undefined) return [candidate];
  const { place } = candidate;
  const { isDenied, price } = priceList.find(place.provider, place.model);
  return isDenied ? [] : [{ ...candidate, place: { ...place, price } }];
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
  return implied;
}

/** `<provider>/<model>`: any model of a known provider, also one that its list does not name. */
function routeOfProvider(snapshot: Snapshot, name: string): Pick<Route, 'candidates'> | undefined {
  const slash = name.indexOf('/');
  const provider = slash === -1 ? undefined : snapshot.providers.get(name.slice(0, slash));
  const model = name.slice(slash + 1);
  if (provider === undefined || !isModelName(model)) return undefined;
  return { candidates: candidatesOf(provider, model, 1, 0) };
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
