// What a process counts, for Prometheus. Every metric is declared once, where it is counted, with `counter`, `histogram` or `gauge`;
// docs/OPERATIONS.md lists them. Labels have few values, known beforehand: what comes from outside goes through `Bounded` first.
//
// Counting is a write into memory of this process and can fail nothing.

import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Everything but what the runtime says of itself. */
const counted = new Registry();
const ofProcess = new Registry();
/** Registries of other threads of this process. */
const others = new Set<() => Promise<MetricsOfThread>>();

/** As it crosses from one thread to another. */
export type MetricsOfThread = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

export type { Counter, Histogram } from 'prom-client';

/** @param name `aiswitch_<what>_total` */
export function counter<Label extends string = never>(
  name: string,
  help: string,
  labelNames: readonly Label[] = [],
): Counter<Label> {
  return new Counter({ name, help, labelNames, registers: [counted] });
}

/** @param name `aiswitch_<what>_seconds`, or another unit. @param buckets upper bounds, ascending */
export function histogram<Label extends string = never>(
  name: string,
  help: string,
  labelNames: readonly Label[],
  buckets: readonly number[],
): Histogram<Label> {
  return new Histogram({ name, help, labelNames, buckets: [...buckets], registers: [counted] });
}

/** What is read when somebody asks, and added up where there are several of it. */
export interface WatchedGauge {
  /** @returns how to let go of it */
  watch(read: () => number | Promise<number>): () => void;
}

export function gauge(name: string, help: string): WatchedGauge {
  const reads = new Set<() => number | Promise<number>>();
  new Gauge({
    name,
    help,
    registers: [counted],
    async collect() {
      const values = await Promise.allSettled([...reads].map(async (read) => await read()));
      // What cannot be read now is not known: Prometheus has a number for that.
      this.set(
        values.reduce((sum, value) => sum + (value.status === 'fulfilled' ? value.value : Number.NaN), 0),
      );
    },
  });
  return {
    watch: (read) => {
      reads.add(read);
      return () => {
        reads.delete(read);
      };
    },
  };
}

/** Lets the first `max` values through as they are; every other one is `other`. */
export class Bounded {
  readonly #known = new Set<string>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  of(value: string): string {
    if (this.#known.has(value)) return value;
    if (this.#known.size >= this.#max) return 'other';
    this.#known.add(value);
    return value;
  }
}

/** The upper bounds for what takes from a millisecond to a minute. */
export const CALL_SECONDS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];
/** The same for answers of models, which take up to minutes. */
export const ANSWER_SECONDS: readonly number[] = [
  0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300, 600,
];

/** Counts what the runtime says of itself: processor, memory, delay of the event loop. Once a process. */
export function countProcess(): void {
  collectDefaultMetrics({ register: ofProcess });
}

/** What this thread counted, for the thread that is asked by `metricsText`. */
export function metricsOfThread(): Promise<MetricsOfThread> {
  return counted.getMetricsAsJSON();
}

/** @returns how to let go of it */
export function addThread(read: () => Promise<MetricsOfThread>): () => void {
  others.add(read);
  return () => {
    others.delete(read);
  };
}

/** All of it in Prometheus's text format; without a thread that does not answer. */
export async function metricsText(): Promise<string> {
  const own = await ofProcess.metrics();
  if (others.size === 0) return `${own}\n${await counted.metrics()}`;
  const told = await Promise.allSettled([metricsOfThread(), ...[...others].map((read) => read())]);
  const all = told.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  return `${own}\n${await AggregatorRegistry.aggregate(all).metrics()}`;
}

export const METRICS_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;
