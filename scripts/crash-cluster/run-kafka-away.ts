// Kafka ends without a word under a steady load and stays away. Requests come at their times whether the one before has been
// answered or not, so that what waits is seen.

import { setTimeout as sleep } from 'node:timers/promises';
import { ANSWER, ask, type Exchange } from '../crash/http-client.ts';
import { type ClusterSite, openClusterSite } from './site.ts';
import { type SiteVerdict, verifySite } from './verify-site.ts';

/** Compilers and caches are warm by then. */
const WARM_UP_MS = 5_000;

export interface KafkaAwayOptions {
  readonly seconds: number;
  readonly requestsPerSecond: number;
}

/** Of answers that were whole, from the first byte of the request to the last of the answer. */
export interface Latencies {
  readonly requests: number;
  readonly failures: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface KafkaAwayResult extends KafkaAwayOptions, SiteVerdict {
  readonly before: Latencies;
  readonly during: Latencies;
  readonly after: Latencies;
}

export async function runKafkaAway(
  options: KafkaAwayOptions,
  onPhase: (phase: string) => void = () => {},
): Promise<KafkaAwayResult> {
  await using site = await openClusterSite();
  site.provider.otherwise = { text: ANSWER.text, usage: ANSWER.usage };
  const exchanges: Exchange[] = [];
  const phase = async (name: string, seconds: number) => {
    onPhase(name);
    const { latencies, seen } = await steadyLoad(site, options.requestsPerSecond, seconds * 1_000);
    exchanges.push(...seen);
    return latencies;
  };
  await phase('warming up', WARM_UP_MS / 1_000);
  const before = await phase('Kafka is there', options.seconds);
  await site.kafka.kill();
  const during = await phase('Kafka is away', options.seconds);
  const restarting = site.kafka.restart();
  const after = await phase('Kafka is back', options.seconds);
  await restarting;
  const { violations, ...verdict } = await verifySite(site, { exchanges });
  const failures = before.failures + during.failures + after.failures;
  return {
    ...options,
    before,
    during,
    after,
    ...verdict,
    violations: [...(failures === 0 ? [] : [`${failures} requests got no answer`]), ...violations],
  };
}

async function steadyLoad(
  site: ClusterSite,
  requestsPerSecond: number,
  durationMs: number,
): Promise<{ readonly latencies: Latencies; readonly seen: readonly Exchange[] }> {
  const begunAt = performance.now();
  const count = Math.round((durationMs / 1_000) * requestsPerSecond);
  const durations: number[] = [];
  const asked: Promise<Exchange>[] = [];
  const [url = ''] = site.edgeUrls;
  for (let place = 0; place < count; place += 1) {
    const dueAt = begunAt + (place * 1_000) / requestsPerSecond;
    const waitMs = dueAt - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    const apiKey = site.keys[place % site.keys.length] ?? '';
    const isStream = place % 2 === 0;
    asked.push(
      ask(url, { apiKey, isChat: place % 4 < 2, isStream, leavesAfter: undefined, key: undefined }).then(
        (exchange) => {
          if (exchange.seen === 'complete') durations.push(performance.now() - dueAt);
          return exchange;
        },
      ),
    );
    if (place % 1_000 === 0) site.provider.requests.length = 0;
  }
  const seen = await Promise.all(asked);
  durations.sort((one, other) => one - other);
  const quantile = (share: number) =>
    Math.round((durations[Math.floor(durations.length * share)] ?? 0) * 10) / 10;
  return {
    seen,
    latencies: {
      requests: seen.length,
      failures: seen.filter((exchange) => exchange.seen !== 'complete').length,
      p50Ms: quantile(0.5),
      p99Ms: quantile(0.99),
    },
  };
}
