import type { ChildProcess } from 'node:child_process';
import { nextMessage } from './child.ts';
import type { LoadOrder, LoadResult } from './load-run.ts';
import type { BenchCase, BenchOptions } from './options.ts';
import { peakRssBytesOf, resetPeakRss } from './process-usage.ts';

export const TARGET_NAMES = ['direct', 'bare', 'gateway'] as const;
/** `direct` is the upstream itself, `bare` the yardstick, `gateway` AI-Switch standalone. */
export type TargetName = (typeof TARGET_NAMES)[number];

export interface Target {
  readonly name: TargetName;
  readonly port: number;
  readonly pid: number;
  readonly apiKey: string;
}

/** One case at one target in one round. */
export interface Measurement {
  readonly round: number;
  readonly caseName: string;
  readonly target: TargetName;
  /** Every connection asks again at once: how much goes through, and what a request costs. */
  readonly saturated: LoadResult;
  /** An even rate far from saturation: how long a request takes. */
  readonly paced: LoadResult;
  readonly peakRssBytes: number | undefined;
}

export interface Bodies {
  readonly replyBytes: number;
  readonly streamBytes: number;
}

const SETTLE_MS = 300;
const WARM_UP_MS = 3000;
// Connecting, the window and draining; a load generator that takes longer hangs.
const OVERHEAD_MS_MAX = 30_000;

/**
 * Runs every case at every target, round after round. The order of the targets turns with each round, so that a drift
 * of the machine meets them alike. Before the first round each target is warmed up with each case; that is thrown away.
 */
export async function runRounds(
  options: BenchOptions,
  targets: readonly Target[],
  bodies: Bodies,
  load: ChildProcess,
  onProgress: (line: string) => void,
): Promise<readonly Measurement[]> {
  for (const benchCase of options.cases) {
    for (const target of targets) {
      onProgress(`warm-up: ${benchCase.name} ${target.name}`);
      await placeOrder(load, benchCase, target, bodies, { windowMs: WARM_UP_MS, chunkMs: 0 });
    }
  }
  const measurements: Measurement[] = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    const turned = [...targets.slice(round % targets.length), ...targets.slice(0, round % targets.length)];
    for (const benchCase of options.cases) {
      for (const target of turned) {
        onProgress(`round ${round} of ${options.rounds}: ${benchCase.name} ${target.name}`);
        measurements.push(await measure(load, round, benchCase, target, bodies, options));
      }
    }
  }
  return measurements;
}

async function measure(
  load: ChildProcess,
  round: number,
  benchCase: BenchCase,
  target: Target,
  bodies: Bodies,
  { seconds, chunkMs }: BenchOptions,
): Promise<Measurement> {
  const windowMs = seconds * 1000;
  resetPeakRss(target.pid);
  const saturated = await placeOrder(load, benchCase, target, bodies, { windowMs, chunkMs: 0 });
  const peakRssBytes = peakRssBytesOf(target.pid);
  const { ratePerSecond } = benchCase;
  const paced = await placeOrder(load, benchCase, target, bodies, { windowMs, chunkMs, ratePerSecond });
  return { round, caseName: benchCase.name, target: target.name, saturated, paced, peakRssBytes };
}

interface Timing {
  readonly windowMs: number;
  readonly chunkMs: number;
  readonly ratePerSecond?: number;
}

async function placeOrder(
  load: ChildProcess,
  benchCase: BenchCase,
  target: Target,
  bodies: Bodies,
  { windowMs, chunkMs, ratePerSecond }: Timing,
): Promise<LoadResult> {
  const loadOrder: LoadOrder = {
    port: target.port,
    apiKey: target.apiKey,
    connections: benchCase.connections,
    settleMs: SETTLE_MS,
    bodyBytes: benchCase.isStreaming ? bodies.streamBytes : bodies.replyBytes,
    measuredPid: target.pid,
    windowMs,
    ...(benchCase.isStreaming ? { chunkMs } : {}),
    ...(ratePerSecond === undefined ? {} : { ratePerSecond }),
  };
  load.send(loadOrder);
  const result = await nextMessage<LoadResult>(load, 'the load generator', windowMs + OVERHEAD_MS_MAX);
  if (result.errors === 0) return result;
  throw new Error(
    `${target.name} made ${result.errors} errors in ${benchCase.name}; the first: ${result.firstError}`,
  );
}
