// Every process of the cluster is replaced, one after another and in good order, while streams go on.

import { setTimeout as sleep } from 'node:timers/promises';
import { SERVICE_NAMES, type ServiceName } from '../cluster/cluster.ts';
import type { ServiceProcess } from '../cluster/service-process.ts';
import { ANSWER, ask, type Exchange } from '../crash/http-client.ts';
import { type ClusterSite, changingClient, type MadeUser, openClusterSite } from './site.ts';
import { type SiteVerdict, verifySite } from './verify-site.ts';

/** An answer of a dozen pieces then takes some four seconds. */
const CHUNK_DELAY_MS = 300;
const DRAIN_MS = 60_000;
const READY_MS_MAX = 60_000;
const LOOK_MS = 100;
const REFUSED_DELAY_MS = 250;

export interface RestartsOptions {
  readonly rounds: number;
  /** At any moment. */
  readonly streams: number;
}

export interface RestartsResult extends RestartsOptions, SiteVerdict {
  readonly restarts: number;
  readonly seconds: number;
  readonly complete: number;
  /** Streams that began and did not end. */
  readonly truncated: number;
  /** Requests that got another answer or none, and were asked again; by status, 0 for none. */
  readonly refused: Readonly<Record<string, number>>;
  readonly made: number;
}

/** @param onRestart told of each process that serves again */
export async function runRestarts(
  options: RestartsOptions,
  onRestart: (name: ServiceName) => void = () => {},
): Promise<RestartsResult> {
  const begunAt = performance.now();
  await using site = await openClusterSite({ drainMs: DRAIN_MS });
  site.provider.otherwise = { ...ANSWER, chunkDelayMs: CHUNK_DELAY_MS };
  const exchanges: Exchange[] = [];
  const made: MadeUser[] = [];
  let isEnding = false;
  const isOver = () => isEnding;
  const load = Promise.all([
    ...Array.from({ length: options.streams }, (_, place) => streamClient(site, place, isOver, exchanges)),
    changingClient(site, isOver, (one) => made.push(one)),
  ]);
  // Who fails ends the run when its turn comes.
  load.catch(() => {});
  let restarts = 0;
  try {
    // All of them are under way.
    await sleep(options.streams * SPREAD_MS);
    for (let round = 0; round < options.rounds; round += 1) {
      for (const name of SERVICE_NAMES) {
        for (const service of site.cluster.of(name)) {
          await restart(site, service);
          restarts += 1;
          onRestart(name);
        }
      }
    }
  } finally {
    isEnding = true;
  }
  await load;
  const broken = exchanges.filter(({ seen }) => seen !== 'complete');
  const truncated = broken.filter(({ httpStatus }) => httpStatus === 200).length;
  const refused: Record<string, number> = {};
  for (const { httpStatus = 0 } of broken) {
    if (httpStatus !== 200) refused[httpStatus] = (refused[httpStatus] ?? 0) + 1;
  }
  const { violations, ...verdict } = await verifySite(site, { exchanges, made });
  return {
    ...options,
    restarts,
    seconds: Math.round((performance.now() - begunAt) / 1_000),
    complete: exchanges.length - broken.length,
    truncated,
    refused,
    made: made.length,
    ...verdict,
    violations: [...(truncated === 0 ? [] : [`${truncated} streams were cut off`]), ...violations],
  };
}

/** So that streams do not begin all at once. */
const SPREAD_MS = 20;

async function streamClient(
  site: ClusterSite,
  place: number,
  isOver: () => boolean,
  exchanges: Exchange[],
): Promise<void> {
  await sleep(place * SPREAD_MS);
  const [url = ''] = site.edgeUrls;
  const apiKey = site.keys[place % site.keys.length] ?? '';
  const asked = { apiKey, isChat: place % 3 > 0, isStream: true, leavesAfter: undefined, key: undefined };
  while (!isOver()) {
    const exchange = await ask(url, asked);
    exchanges.push(exchange);
    site.provider.requests.length = 0;
    if (exchange.seen !== 'complete') await sleep(REFUSED_DELAY_MS);
  }
}

async function restart({ cluster }: ClusterSite, service: ServiceProcess): Promise<void> {
  await service.kill('SIGTERM');
  await service.start();
  const giveUpAt = performance.now() + READY_MS_MAX;
  for (;;) {
    const isReady = await fetch(`http://127.0.0.1:${service.operationsPort}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady && cluster.balancer.ready === cluster.of('edge-gateway').length) return;
    if (performance.now() > giveUpAt) throw new Error(`${service.name} is not ready after its restart`);
    await sleep(LOOK_MS);
  }
}
