import type { KafkaAwayResult, Latencies } from './run-kafka-away.ts';
import type { KillsResult } from './run-kills.ts';
import type { RestartsResult } from './run-restarts.ts';

const SHOWN_MAX = 20;

export function reportOfKills(result: KillsResult): string {
  const { cycles, seconds, seed, kills, seen, acknowledged, blocked, made, ledger } = result;
  return lines([
    `${cycles} kills in ${seconds} s (seed ${seed}): ${listOf(kills)}`,
    `requests: ${listOf(seen)}`,
    `acknowledged: ${acknowledged} operations of ledgers, ${blocked} blocked requests, ${made} changes`,
    `nothing was held any more after ${ledger.healedMs} ms`,
    ...trailLines(result),
    ...violationLines(result),
  ]);
}

export function reportOfKafkaAway(result: KafkaAwayResult): string {
  const { requestsPerSecond, seconds, before, during, after } = result;
  return lines([
    `${requestsPerSecond} requests a second, Kafka away for ${seconds} s`,
    latencyLine('before', before),
    latencyLine('away  ', during),
    latencyLine('after ', after),
    ...trailLines(result),
    ...violationLines(result),
  ]);
}

export function reportOfRestarts(result: RestartsResult): string {
  const { restarts, rounds, streams, seconds, complete, truncated, refused, made, ledger } = result;
  const others = Object.keys(refused).length === 0 ? 'none' : listOf(refused);
  return lines([
    `${restarts} restarts in ${rounds} rounds under ${streams} streams, ${seconds} s`,
    `streams: ${complete} complete, ${truncated} truncated; asked again, by status: ${others}; ${made} changes`,
    `charged by the provider's count: ${ledger.chargedExactly}, by what was delivered: ${ledger.chargedByDelivery}; held at the end: nothing after ${ledger.healedMs} ms`,
    ...trailLines(result),
    ...violationLines(result),
  ]);
}

function trailLines({ trail }: Pick<KillsResult, 'trail'>): readonly string[] {
  const { accessRecords, auditEvents, logs, drainedMs, closedMs } = trail;
  return [
    `audit log: ${accessRecords} access records and ${auditEvents} audit events of ${logs} logs, all of it there after ${drainedMs} ms, every log closed after ${closedMs} ms`,
  ];
}

function violationLines({ violations }: Pick<KillsResult, 'violations'>): readonly string[] {
  if (violations.length === 0) return ['no violation'];
  const more = violations.length > SHOWN_MAX ? [`  and ${violations.length - SHOWN_MAX} more`] : [];
  return [
    `${violations.length} violations:`,
    ...violations.slice(0, SHOWN_MAX).map((violation) => `  ${violation}`),
    ...more,
  ];
}

function latencyLine(name: string, { requests, failures, p50Ms, p99Ms }: Latencies): string {
  return `  ${name}  ${requests} requests, ${failures} failed, p50 ${p50Ms} ms, p99 ${p99Ms} ms`;
}

function listOf(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}

function lines(list: readonly string[]): string {
  return [...list, ''].join('\n');
}
