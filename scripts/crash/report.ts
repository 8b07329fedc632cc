import type { CrashResult } from './run-crash.ts';

const SHOWN_MAX = 20;

export function reportOf(result: CrashResult): string {
  const { seed, cycles, kills, seconds, seen, acknowledged, healedMs, deliveredMs, states, violations } =
    result;
  const shown = violations.slice(0, SHOWN_MAX).map((violation) => `  ${violation}`);
  const more = violations.length > SHOWN_MAX ? [`  and ${violations.length - SHOWN_MAX} more`] : [];
  return [
    `${cycles} kills in ${seconds} s (seed ${seed}): ${listOf(kills)}`,
    `requests: ${listOf(seen)}`,
    `reservations: ${listOf(states)}`,
    `acknowledged by the ledgers themselves, and there once: ${acknowledged}`,
    `answers seen to their end: ${result.chargedExactly} charged by the provider's count, ${result.chargedByDelivery} by what was delivered`,
    `nothing was held any more after ${healedMs} ms, every settlement was there after ${deliveredMs} ms`,
    violations.length === 0 ? 'no violation' : `${violations.length} violations:`,
    ...shown,
    ...more,
    '',
  ].join('\n');
}

function listOf(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}
