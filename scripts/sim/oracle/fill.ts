// The oracle's own greedy fill: who pays how much of a hold, and of what was used.

import type { Company, OracleBlocked, OracleLine, OracleReservation } from './company.ts';
import { balanceUnder, FUNDING, roomUnder } from './plan.ts';
import { at, minus, plus, smaller, TYPES, type Vector, ZERO } from './vector.ts';

/** Holds `amounts` on the reservation's plan, or says what blocks and changes nothing. */
export function hold(
  company: Company,
  reservation: OracleReservation,
  amounts: Vector,
  nowMs: number,
): OracleBlocked | undefined {
  const { lines } = reservation;
  const funding = lines.filter(({ tier }) => FUNDING.includes(tier));
  for (const line of lines.filter(({ tier }) => tier === 'CAP')) {
    for (const [type, name] of TYPES.entries()) {
      const remaining = roomUnder(company, line, type, nowMs);
      if (at(amounts, type) > remaining) {
        return { bucket: line.bucket, type: name, remaining, resetsAtMs: line.endsAtMs };
      }
    }
  }
  for (const [type, name] of TYPES.entries()) {
    const rooms = funding.map((line) => roomUnder(company, line, type, nowMs));
    const remaining = rooms.reduce((sum, room) => sum + room, 0n);
    if (at(amounts, type) <= remaining) continue;
    const [first, ...others] = funding;
    if (first === undefined) throw new Error('a plan without a funding bucket');
    let soonest = first;
    for (const other of others) {
      if ((other.endsAtMs ?? Infinity) < (soonest.endsAtMs ?? Infinity)) soonest = other;
    }
    return { bucket: soonest.bucket, type: name, remaining, resetsAtMs: soonest.endsAtMs };
  }
  const rest = [...amounts];
  for (const line of lines) {
    if (line.tier === 'CAP') addTo(company, line, { held: amounts });
    if (!FUNDING.includes(line.tier)) continue;
    const share = TYPES.map((_, type) => smaller(rest[type] ?? 0n, roomUnder(company, line, type, nowMs)));
    for (const [type, taken] of share.entries()) rest[type] = (rest[type] ?? 0n) - taken;
    addTo(company, line, { held: share });
  }
  return undefined;
}

/** Releases the hold and charges `actual` in plan order: out of the hold, out of what is free, as overrun of the last. */
export function charge(
  company: Company,
  reservation: OracleReservation,
  actual: Vector,
  nowMs: number,
): void {
  const { lines } = reservation;
  const funding = lines.filter(({ tier }) => FUNDING.includes(tier));
  const last = funding.at(-1);
  if (last === undefined) throw new Error('a plan without a funding bucket');
  // Free is what was free while the hold still stood.
  const free = new Map(
    lines.map((line) => [line, TYPES.map((_, type) => roomUnder(company, line, type, nowMs))]),
  );
  const used = new Map(lines.map((line) => [line, [...ZERO]]));
  const overrun = new Map(lines.map((line) => [line, [...ZERO]]));
  const book = (list: Map<OracleLine, bigint[]>, line: OracleLine, type: number, amount: bigint) => {
    const row = list.get(line) ?? [];
    row[type] = (row[type] ?? 0n) + amount;
  };
  for (const type of TYPES.keys()) {
    const wanted = at(actual, type);
    let rest = wanted;
    for (const source of ['held', 'free'] as const) {
      for (const line of funding) {
        const offered = source === 'held' ? at(line.held, type) : at(free.get(line) ?? ZERO, type);
        const taken = smaller(rest, offered);
        book(used, line, type, taken);
        rest -= taken;
      }
    }
    book(used, last, type, rest);
    book(overrun, last, type, rest);
    for (const cap of lines.filter(({ tier }) => tier === 'CAP')) {
      const beyond = wanted - at(cap.held, type) - at(free.get(cap) ?? ZERO, type);
      book(used, cap, type, wanted);
      if (wanted > 0n && beyond > 0n) book(overrun, cap, type, beyond);
    }
  }
  for (const line of lines) {
    const share = {
      held: minus(ZERO, line.held),
      used: used.get(line) ?? ZERO,
      overrun: overrun.get(line) ?? ZERO,
    };
    addTo(company, line, share);
  }
}

/** Takes back what the lines were charged. */
export function unwind(company: Company, reservation: OracleReservation): void {
  for (const line of reservation.lines) {
    if (line.tier === 'PLATFORM') continue;
    addTo(company, line, { used: minus(ZERO, line.used), overrun: minus(ZERO, line.overrun) });
  }
}

export function addTo(
  company: Company,
  line: OracleLine,
  share: { readonly held?: Vector; readonly used?: Vector; readonly overrun?: Vector },
): void {
  const balance = balanceUnder(company, line);
  for (const place of [line, balance]) {
    place.held = plus(place.held, share.held ?? ZERO);
    place.used = plus(place.used, share.used ?? ZERO);
    place.overrun = plus(place.overrun, share.overrun ?? ZERO);
  }
}
