import { Random } from '../sim/random.ts';
import { type Acknowledged, directClient } from './direct-client.ts';
import { ANSWER, type Exchange, httpClient, type Seen } from './http-client.ts';
import type { CrashOptions } from './options.ts';
import { openSite, type Victim } from './site.ts';
import { type Verdict, verify } from './verify.ts';

/** One client in eight speaks to the ledgers themselves. */
const DIRECT_SHARE = 8;
const CALM_MS = { min: 200, max: 1_800 };
const VICTIMS: Readonly<Record<Victim, number>> = { ledger: 4, edge: 4, postgres: 3 };

export interface CrashResult extends Verdict {
  readonly seed: number;
  readonly cycles: number;
  readonly kills: Readonly<Record<Victim, number>>;
  readonly seconds: number;
  /** Requests by what their client saw. */
  readonly seen: Readonly<Record<Seen, number>>;
  /** Reservations of the direct clients, each ended by an operation that was acknowledged. */
  readonly acknowledged: number;
}

/** @param onCycle told after each kill, once what was killed serves again */
export async function runCrash(
  { cycles, clients, seed }: Omit<CrashOptions, 'isJson'>,
  onCycle: (cycle: number, victim: Victim) => void = () => {},
): Promise<CrashResult> {
  const begunAt = performance.now();
  await using site = await openSite();
  site.provider.otherwise = ANSWER;
  const random = new Random(seed);
  const exchanges: Exchange[] = [];
  const acknowledged: Acknowledged[] = [];
  let isOver = false;
  const load = Promise.all(
    Array.from({ length: clients }, (_, place) => {
      const own = new Random(seed + 1 + place);
      return place % DIRECT_SHARE === 0
        ? directClient(
            site,
            own,
            `direct-${place}`,
            () => isOver,
            (one) => acknowledged.push(one),
          )
        : httpClient(
            site,
            own,
            () => isOver,
            (one) => exchanges.push(one),
          );
    }),
  );
  // Who fails ends the run when its turn comes.
  load.catch(() => {});
  const kills = { ledger: 0, edge: 0, postgres: 0 };
  try {
    for (let cycle = 1; cycle <= cycles; cycle += 1) {
      await new Promise((resolve) => setTimeout(resolve, random.whole(CALM_MS.min, CALM_MS.max)));
      const victim = random.weighted(VICTIMS);
      await site.crash(victim, random);
      kills[victim] += 1;
      site.provider.requests.length = 0;
      onCycle(cycle, victim);
    }
  } finally {
    isOver = true;
  }
  await load;
  const verdict = await verify(site, exchanges, acknowledged);
  return {
    seed,
    cycles,
    kills,
    seconds: Math.round((performance.now() - begunAt) / 1_000),
    seen: seenIn(exchanges),
    acknowledged: acknowledged.length,
    ...verdict,
  };
}

function seenIn(exchanges: readonly Exchange[]): Record<Seen, number> {
  const seen = { complete: 0, denied: 0, left: 0, broken: 0, repeated: 0 };
  for (const exchange of exchanges) seen[exchange.seen] += 1;
  return seen;
}
