// The awkward moments at which a hold is ended, named for the figures.

import type { Company } from './company.ts';
import type { Operation } from './decide.ts';
import { balanceUnder, FUNDING, levelOf, linesFor } from './plan.ts';
import { isZero, TYPES } from './vector.ts';

export function casesOf(company: Company, { kind, request }: Operation, nowMs: number): readonly string[] {
  const known = company.reservations.get(request.reservationId);
  if (known?.state !== 'HELD' || !(kind === 'settle' || kind === 'expire' || kind === 'extend')) return [];
  const { lines } = known;
  const paying = lines.filter(({ tier, held }) => FUNDING.includes(tier) && !isZero(held));
  const planned = linesFor(company, known.subject, nowMs);
  const isOver = TYPES.some((_, type) =>
    lines.some((line) => {
      const balance = balanceUnder(company, line);
      const limit = balance.limits[type] ?? null;
      return limit !== null && levelOf(balance, type) > limit;
    }),
  );
  const names: Readonly<Record<string, boolean>> = {
    'the period ended while held': lines.some(({ endsAtMs }) => endsAtMs !== null && endsAtMs <= nowMs),
    'a bucket was closed while held': lines.some(
      ({ bucket }) => company.buckets.get(bucket)?.closedAtMs != null,
    ),
    'the plan would be another by now': orderOf(planned) !== orderOf(lines),
    'two buckets pay for one hold': paying.length === 2,
    'three buckets or more pay for one hold': paying.length > 2,
    'a limit was lowered under what is held': isOver,
    'the deadline passed and nobody swept': known.expiresAtMs <= nowMs && kind !== 'expire',
  };
  return Object.entries(names).flatMap(([name, isSo]) => (isSo ? [`${kind}: ${name}`] : []));
}

function orderOf(lines: readonly { readonly bucket: string }[]): string {
  return lines.map(({ bucket }) => bucket).join(' ');
}
