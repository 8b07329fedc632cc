// What is asked once nothing is killed any more.

import { ReservationState } from '@ai-switch/contracts';
import { openDatabase } from '@ai-switch/db';
import { type LedgerSchema, migrations } from '@ai-switch/quota-ledger';
import { ledgerInvariants } from '@ai-switch/testkit';
import { sql } from 'kysely';
import type { Acknowledged } from './direct-client.ts';
import { ANSWER_TOKENS, type Exchange } from './http-client.ts';
import { HOLD_TTL_MS, type Site, SWEEP_MS, TENANT } from './site.ts';

/** A hold lives its time, is swept, and what a killed edge left is delivered with growing delays of at most 15 s. */
const HEAL_MS_MAX = HOLD_TTL_MS + SWEEP_MS + 20_000;
/** Without the provider's count, a chunk that nobody has counted yet is taken by its length. */
const ESTIMATE_MAX = 1.35 * ANSWER_TOKENS;

export interface Verdict {
  /** Until nothing was held any more. */
  readonly healedMs: number;
  /** Until every settlement that an edge still had was there. */
  readonly deliveredMs: number;
  /** Sentences, each about one thing that is wrong. */
  readonly violations: readonly string[];
  /** Reservations by their state. */
  readonly states: Readonly<Record<string, number>>;
  /** Answers that were seen to their end and charged by the provider's own count. */
  readonly chargedExactly: number;
  /** Of those that were not, because the edge was killed in the same moment: charged by what was delivered. */
  readonly chargedByDelivery: number;
}

/** What is asked of the ledgers and their database. */
export type LedgerSite = Pick<Site, 'postgresUrl' | 'ledgers' | 'deaths'>;

export async function verify(
  site: LedgerSite,
  exchanges: readonly Exchange[],
  acknowledged: readonly Acknowledged[],
): Promise<Verdict> {
  const database = await openDatabase<LedgerSchema>({
    url: site.postgresUrl,
    schema: 'quota_ledger',
    migrations,
  });
  try {
    const ask = async <Row>(query: string) => (await sql.raw<Row>(query).execute(database.kysely)).rows;
    const violations: string[] = [...site.deaths()];
    const begunAt = performance.now();
    const held = async () => {
      const rows = await ask<{ readonly count: bigint }>(
        "select count(*) as count from reservation where state = 'HELD'",
      );
      return Number(rows[0]?.count ?? 0n);
    };
    let open = await held();
    while (open > 0 && performance.now() - begunAt < HEAL_MS_MAX) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      open = await held();
    }
    const healedMs = Math.round(performance.now() - begunAt);
    if (open > 0) violations.push(`${open} holds are still open after ${healedMs} ms`);
    // What expired while the ledger was down is settled late, when an edge delivers it once more.
    let charges = await chargesOf(site, exchanges);
    while (charges.violations.length > 0 && performance.now() - begunAt < HEAL_MS_MAX) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      charges = await chargesOf(site, exchanges);
    }
    const deliveredMs = Math.round(performance.now() - begunAt);
    violations.push(...charges.violations);
    for (const query of ledgerInvariants()) {
      for (const row of await ask<object>(query)) violations.push(`invariant: ${JSON.stringify(row)}`);
    }
    violations.push(...(await acknowledgedFaults(site, acknowledged)));
    violations.push(...(await balanceFaults(ask, acknowledged)));
    const rows = await ask<{ readonly state: string; readonly count: bigint }>(
      'select state, count(*) as count from reservation group by state order by state',
    );
    const states = Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)]));
    return { healedMs, deliveredMs, violations, states, ...charges.counts };
  } finally {
    await database.close();
  }
}

/** Each acknowledged reservation is there, once, as it was acknowledged. */
async function acknowledgedFaults(
  site: LedgerSite,
  acknowledged: readonly Acknowledged[],
): Promise<readonly string[]> {
  const faults: string[] = [];
  await inTurns(acknowledged, async ({ reservationId, state, held, charged }) => {
    const { reservation, entries } = await receipt(site, reservationId);
    const told = `${reservationId} was acknowledged as ${state} of ${charged}`;
    if (reservation?.state !== ReservationState[state]) faults.push(`${told} and is ${reservation?.state}`);
    if (reservation?.charged?.output !== charged)
      faults.push(`${told} and is ${reservation?.charged?.output}`);
    if (reservation?.amounts?.output !== held)
      faults.push(`${told} with ${held} held, not ${reservation?.amounts?.output}`);
    const used = entries.reduce((sum, entry) => sum + (entry.used?.output ?? 0n), 0n);
    if (used !== charged) faults.push(`${told} and its entries post ${used}`);
  });
  return faults;
}

/** What a user was acknowledged to have used is what his bucket says, to the token. */
async function balanceFaults(
  ask: <Row>(query: string) => Promise<readonly Row[]>,
  acknowledged: readonly Acknowledged[],
): Promise<readonly string[]> {
  const expected = new Map<string, bigint>();
  for (const { userId, charged } of acknowledged) {
    expected.set(userId, (expected.get(userId) ?? 0n) + charged);
  }
  const rows = await ask<{ readonly bucket: string; readonly used: bigint }>(
    "select bucket, sum(used_output)::int8 as used from balance where bucket like 'personal:direct-%' group by bucket",
  );
  const used = new Map(rows.map((row) => [row.bucket, row.used]));
  return [...expected].flatMap(([userId, sum]) => {
    const found = used.get(`personal:${userId}`) ?? 0n;
    return found === sum
      ? []
      : [`${userId} was acknowledged to have used ${sum}, and the bucket says ${found}`];
  });
}

async function chargesOf(site: LedgerSite, exchanges: readonly Exchange[]) {
  const violations: string[] = [];
  const counts = { chargedExactly: 0, chargedByDelivery: 0 };
  const completed = new Map<string, Set<string>>();
  await inTurns(
    exchanges.filter(({ reservationId }) => reservationId !== ''),
    async ({ reservationId, seen, key }) => {
      const { reservation } = await receipt(site, reservationId);
      const output = Number(reservation?.charged?.output ?? 0n);
      const told = `${reservationId}, which its client saw as ${seen}, is ${reservation?.state} and charged ${output}`;
      if (seen === 'denied' && reservation?.state !== ReservationState.REJECTED) violations.push(told);
      if (output > ESTIMATE_MAX) violations.push(told);
      if (key !== undefined && reservation?.outcome === 'completed') {
        completed.set(key, (completed.get(key) ?? new Set()).add(reservationId));
      }
      if (seen !== 'complete') return;
      if (output === ANSWER_TOKENS) counts.chargedExactly += 1;
      else if (output >= ANSWER_TOKENS * 0.9) counts.chargedByDelivery += 1;
      else violations.push(told);
    },
  );
  for (const [key, ids] of completed) {
    if (ids.size > 1)
      violations.push(`the idempotency key ${key} was answered and charged ${ids.size} times`);
  }
  return { violations, counts };
}

async function receipt({ ledgers: [ledger] }: LedgerSite, reservationId: string) {
  if (ledger === undefined) throw new Error('there is no ledger');
  return await ledger.getReceipt({ tenant: TENANT, reservationId });
}

const AT_ONCE = 32;

async function inTurns<Element>(
  list: readonly Element[],
  work: (element: Element) => Promise<void>,
): Promise<void> {
  for (let from = 0; from < list.length; from += AT_ONCE) {
    await Promise.all(list.slice(from, from + AT_ONCE).map(work));
  }
}
