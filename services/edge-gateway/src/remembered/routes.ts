// Where each model of a company may be answered, remembered: the draw among the places is the edge's own, so that a request of a
// model in use waits for no call. When the router is down, what is remembered goes on until its time is over.

import type { Router, Target } from '@ai-switch/contracts';
import type { Clock } from '@ai-switch/kernel';
import { drawOrder, type Random, stickyOrder, type Tier, tiersOf } from '@ai-switch/routing';
import type { ChangeWatch } from './change-watch.ts';

/** A client may ask for any name, and each is remembered only when there is one. */
const ROUTES_MAX = 20_000;

interface Known {
  readonly tiers: readonly Tier<Target>[];
  readonly sinceMs: number;
  readonly untilMs: number;
}

export interface RememberedRoutesOptions {
  readonly router: Router;
  readonly watch: ChangeWatch;
  /** The time of day, for what ends at one. */
  readonly clock: Clock;
  readonly random?: Random;
}

export class RememberedRoutes {
  readonly #router: Router;
  readonly #watch: ChangeWatch;
  readonly #clock: Clock;
  readonly #random: Random;
  /** By company, then by the name that is asked for. */
  readonly #known = new Map<string, Map<string, Known | Promise<Known>>>();
  #size = 0;

  constructor({ router, watch, clock, random = Math.random }: RememberedRoutesOptions) {
    this.#router = router;
    this.#watch = watch;
    this.#clock = clock;
    this.#random = random;
  }

  /** The targets in the order in which they are to be tried. @throws Fault `notFound`, `unavailable`, `forbidden` */
  targetsFor(
    tenant: string,
    alias: string,
    affinityKey: string,
  ): readonly Target[] | Promise<readonly Target[]> {
    const known = this.#known.get(tenant)?.get(alias);
    if (known instanceof Promise) return known.then(({ tiers }) => this.#draw(tiers, affinityKey));
    if (known !== undefined && this.#isFresh(tenant, known)) return this.#draw(known.tiers, affinityKey);
    return this.#ask(tenant, alias).then(({ tiers }) => this.#draw(tiers, affinityKey));
  }

  #draw(tiers: readonly Tier<Target>[], affinityKey: string): readonly Target[] {
    return affinityKey === '' ? drawOrder(tiers, this.#random) : stickyOrder(tiers, affinityKey);
  }

  #isFresh(tenant: string, { sinceMs, untilMs }: Known): boolean {
    const ageMs = this.#watch.nowMs() - sinceMs;
    return ageMs < this.#watch.lifeMs(tenant, sinceMs) && this.#clock.nowMs() < untilMs;
  }

  #ask(tenant: string, alias: string): Promise<Known> {
    const routes = this.#routesOf(tenant);
    const sinceMs = this.#watch.nowMs();
    const asking: Promise<Known> = this.#router.getRoute({ tenant, alias }).then(
      ({ candidates, untilMs }) => {
        const tiers = tiersOf(
          candidates.flatMap(({ target, ...rest }) =>
            target === undefined ? [] : [{ ...rest, place: target }],
          ),
        );
        const known = {
          tiers,
          sinceMs,
          untilMs: untilMs === undefined ? Number.POSITIVE_INFINITY : Number(untilMs),
        };
        // Not what was forgotten meanwhile.
        if (routes.get(alias) === asking) routes.set(alias, known);
        return known;
      },
      (error: unknown) => {
        if (routes.get(alias) === asking && routes.delete(alias)) this.#size -= 1;
        throw error;
      },
    );
    if (!routes.has(alias)) this.#size += 1;
    routes.set(alias, asking);
    if (this.#size > ROUTES_MAX) {
      this.#known.clear();
      this.#size = 0;
    }
    return asking;
  }

  #routesOf(tenant: string): Map<string, Known | Promise<Known>> {
    let routes = this.#known.get(tenant);
    if (routes === undefined) {
      routes = new Map();
      this.#known.set(tenant, routes);
    }
    return routes;
  }
}
