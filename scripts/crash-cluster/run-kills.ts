import { setTimeout as sleep } from 'node:timers/promises';
import { type Acknowledged, directClient } from '../crash/direct-client.ts';
import { ANSWER, type Exchange, httpClient, type Seen } from '../crash/http-client.ts';
import { Random } from '../sim/random.ts';
import { blockedClient } from './blocked-client.ts';
import { type ClusterSite, changingClient, type MadeUser, openClusterSite } from './site.ts';
import { type SiteVerdict, verifySite } from './verify-site.ts';

const CALM_MS = { min: 200, max: 1_500 };
/** A component that crashed is away for so long before somebody starts it again. */
const AWAY_MS = { min: 0, max: 2_000 };
const VICTIMS = {
  'edge-gateway': 5,
  'audit-consumer': 4,
  kafka: 2,
  redis: 2,
  'quota-ledger': 2,
  auth: 1,
  cache: 1,
} as const;
export type Victim = keyof typeof VICTIMS;
export const VICTIM_NAMES = Object.keys(VICTIMS) as readonly Victim[];
const DIRECT_CLIENTS = 2;
const BLOCKED_CLIENTS = 2;

export interface KillsOptions {
  readonly cycles: number;
  readonly clients: number;
  readonly seed: number;
}

export interface KillsResult extends KillsOptions, SiteVerdict {
  readonly kills: Readonly<Record<Victim, number>>;
  readonly seconds: number;
  readonly seen: Readonly<Record<Seen, number>>;
  /** Reservations that were made at the ledgers themselves and ended by an operation that was acknowledged. */
  readonly acknowledged: number;
  readonly blocked: number;
  readonly made: number;
}

/** @param onCycle told after each kill, once what was killed serves again */
export async function runKills(
  options: KillsOptions,
  onCycle: (cycle: number, victim: Victim) => void = () => {},
): Promise<KillsResult> {
  const begunAt = performance.now();
  await using site = await openClusterSite();
  site.provider.otherwise = ANSWER;
  const random = new Random(options.seed);
  const load = startLoad(site, options);
  const kills = Object.fromEntries(VICTIM_NAMES.map((name) => [name, 0])) as Record<Victim, number>;
  try {
    // Each of them once, then by chance.
    const first = [...VICTIM_NAMES];
    for (let cycle = 1; cycle <= options.cycles; cycle += 1) {
      await Promise.race([sleep(random.whole(CALM_MS.min, CALM_MS.max)), load.failure]);
      const victim = first.shift() ?? random.weighted(VICTIMS);
      await crash(site, victim, random);
      kills[victim] += 1;
      site.provider.requests.length = 0;
      onCycle(cycle, victim);
    }
  } finally {
    load.end();
  }
  await load.done;
  const { exchanges, acknowledged, blocked, made } = load;
  const verdict = await verifySite(site, { exchanges, blocked, made }, acknowledged);
  const seen = { complete: 0, denied: 0, left: 0, broken: 0, repeated: 0 };
  for (const exchange of exchanges) seen[exchange.seen] += 1;
  return {
    ...options,
    kills,
    seconds: Math.round((performance.now() - begunAt) / 1_000),
    seen,
    acknowledged: acknowledged.length,
    blocked: blocked.length,
    made: made.length,
    ...verdict,
  };
}

function startLoad(site: ClusterSite, { clients, seed }: KillsOptions) {
  const exchanges: Exchange[] = [];
  const acknowledged: Acknowledged[] = [];
  const blocked: string[] = [];
  const made: MadeUser[] = [];
  let isEnding = false;
  const isOver = () => isEnding;
  const own = (place: number) => new Random(seed + 1 + place);
  const done = Promise.all([
    ...Array.from({ length: clients }, (_, place) =>
      httpClient(site, own(place), isOver, (one) => exchanges.push(one)),
    ),
    ...Array.from({ length: DIRECT_CLIENTS }, (_, place) =>
      directClient(site, own(clients + place), `direct-${place}`, isOver, (one) => acknowledged.push(one)),
    ),
    ...Array.from({ length: BLOCKED_CLIENTS }, (_, place) =>
      blockedClient(site, place, isOver, (requestId) => blocked.push(requestId)),
    ),
    changingClient(site, isOver, (one) => made.push(one)),
  ]);
  // Who fails ends the run.
  const failure = done.then(() => undefined);
  failure.catch(() => {});
  return {
    exchanges,
    acknowledged,
    blocked,
    made,
    done,
    failure,
    end: () => {
      isEnding = true;
    },
  };
}

/** Kills and starts again. Resolves when it serves. */
async function crash(site: ClusterSite, victim: Victim, random: Random): Promise<void> {
  switch (victim) {
    case 'kafka':
    case 'redis': {
      const component = site[victim];
      await component.kill();
      await sleep(random.whole(AWAY_MS.min, AWAY_MS.max));
      await component.restart();
      return;
    }
    default: {
      const service = random.pick(site.cluster.of(victim));
      await service.kill();
      await service.start();
    }
  }
}
