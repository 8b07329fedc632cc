import type { BenchCase } from './options.ts';
import type { Measurement, TargetName } from './rounds.ts';
import { median } from './statistics.ts';

type Read = (measurement: Measurement) => number | undefined;

/** What the run says, as Markdown: throughput and cost first, latency second, the generator's own share last. */
export function printTables(cases: readonly BenchCase[], measurements: readonly Measurement[]): string {
  const present = cases.map((benchCase) => new CaseRounds(benchCase.name, measurements));
  const throughput = [
    [
      'case',
      'ratio (min-max)',
      'ratio of CPU',
      'AI-Switch req/s',
      'bare req/s',
      'direct req/s',
      'CPU us/req',
      'bare CPU us/req',
      'peak RSS MB',
      'bare RSS MB',
    ],
    ...present.map((rounds) => [
      rounds.name,
      rounds.ratio(requestsPerSecond),
      fine(rounds.median('bare', cpuMicros) / rounds.median('gateway', cpuMicros)),
      whole(rounds.median('gateway', requestsPerSecond)),
      whole(rounds.median('bare', requestsPerSecond)),
      whole(rounds.median('direct', requestsPerSecond)),
      whole(rounds.median('gateway', cpuMicros)),
      whole(rounds.median('bare', cpuMicros)),
      whole(rounds.median('gateway', peakMegabytes)),
      whole(rounds.median('bare', peakMegabytes)),
    ]),
  ];
  const latency = [
    [
      'case',
      'at req/s',
      'direct p50 / p99 ms',
      'AI-Switch adds p50 / p99 ms',
      'bare adds p50 / p99 ms',
      'AI-Switch adds to the first byte p50 / p99 ms',
    ],
    ...present.map((rounds, index) => [
      rounds.name,
      whole(cases[index]?.ratePerSecond ?? Number.NaN),
      `${fine(rounds.median('direct', wholeP50))} / ${fine(rounds.median('direct', wholeP99))}`,
      `${fine(rounds.added('gateway', wholeP50))} / ${fine(rounds.added('gateway', wholeP99))}`,
      `${fine(rounds.added('bare', wholeP50))} / ${fine(rounds.added('bare', wholeP99))}`,
      `${fine(rounds.added('gateway', firstP50))} / ${fine(rounds.added('gateway', firstP99))}`,
    ]),
  ];
  const ownShare = Math.max(
    ...measurements.filter((each) => each.target !== 'direct').map((each) => each.saturated.ownCpuShare),
  );
  return [
    'Saturated: every connection asks again at once',
    markdown(throughput),
    'At an even rate, the same for all: what is added to a direct call',
    markdown(latency),
    `Errors: 0. The load generator used at most ${Math.round(ownShare * 100)}% of a core while a proxy was measured.`,
  ].join('\n\n');
}

const requestsPerSecond: Read = (each) => each.saturated.requestsPerSecond;
const cpuMicros: Read = (each) => each.saturated.cpuMicrosPerRequest;
const peakMegabytes: Read = (each) => (each.peakRssBytes === undefined ? undefined : each.peakRssBytes / 1e6);
const wholeP50: Read = (each) => each.paced.wholeMs.p50;
const wholeP99: Read = (each) => each.paced.wholeMs.p99;
const firstP50: Read = (each) => each.paced.firstByteMs.p50;
const firstP99: Read = (each) => each.paced.firstByteMs.p99;

/** The rounds of one case. Comparisons are made within a round and only then summed up, so that drift cancels. */
class CaseRounds {
  readonly name: string;
  readonly #measurements: readonly Measurement[];

  constructor(name: string, measurements: readonly Measurement[]) {
    this.name = name;
    this.#measurements = measurements.filter((each) => each.caseName === name);
  }

  median(target: TargetName, read: Read): number {
    return median(this.#values(target, read));
  }

  /** AI-Switch's share of the bare proxy's value. */
  ratio(read: Read): string {
    const ratios = this.#pairs('gateway', 'bare', read).map(([gateway, bare]) => gateway / bare);
    return `${fine(median(ratios))} (${fine(Math.min(...ratios))}-${fine(Math.max(...ratios))})`;
  }

  added(target: TargetName, read: Read): number {
    return median(this.#pairs(target, 'direct', read).map(([value, direct]) => value - direct));
  }

  #values(target: TargetName, read: Read): number[] {
    return this.#measurements
      .filter((each) => each.target === target)
      .map((each) => read(each) ?? Number.NaN)
      .filter((value) => !Number.isNaN(value));
  }

  #pairs(target: TargetName, against: TargetName, read: Read): (readonly [number, number])[] {
    const values = this.#values(target, read);
    const others = this.#values(against, read);
    return values.map((value, index) => [value, others[index] ?? Number.NaN] as const);
  }
}

function whole(value: number): string {
  return Number.isNaN(value) ? '-' : Math.round(value).toLocaleString('en-US');
}

function fine(value: number): string {
  return Number.isNaN(value) ? '-' : value.toFixed(2);
}

function markdown(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? `${'-'.repeat(width + 2)}` : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  const [head = [], ...body] = rows;
  return [line(head), rule, ...body.map(line)].join('\n');
}
