// A client of the ledgers themselves, which keeps what was acknowledged: each operation is repeated, at any of the ledgers,
// until it has an answer.

import {
  Amounts,
  ExtendRequest,
  ReservationState,
  ReserveRequest,
  SettleRequest,
  Subject,
} from '@ai-switch/contracts';
import { asFault, type FaultCode } from '@ai-switch/kernel';
import type { Random } from '../sim/random.ts';
import type { Site } from './site.ts';
import { TENANT } from './site.ts';

/** Longer than any outage of a run. */
const TTL_MS = 600_000n;
const CALLS_MAX = 400;
const CALL_DELAY_MS = 150;
const PASSING: ReadonlySet<FaultCode> = new Set(['unavailable', 'deadline', 'overloaded', 'internal']);

/** What a ledger has acknowledged of one reservation. */
export interface Acknowledged {
  readonly reservationId: string;
  readonly userId: string;
  readonly state: 'SETTLED' | 'VOIDED';
  readonly held: bigint;
  readonly charged: bigint;
}

/** Reserves, extends, and settles or voids, until it is told to stop. What it began it ends. */
export async function directClient(
  site: Pick<Site, 'ledgers'>,
  random: Random,
  userId: string,
  isOver: () => boolean,
  note: (acknowledged: Acknowledged) => void,
): Promise<void> {
  const subject = Subject.create({ userId });
  while (!isOver()) {
    const reservationId = `res_direct_${random.text()}${random.text()}`;
    const ownerToken = `own_${random.text()}`;
    const amounts = Amounts.create({ input: 100n, output: 1_000n });
    const tenant = TENANT;
    const { reservation, created } = await repeated(site, random, (ledger) =>
      ledger.reserve(
        ReserveRequest.create({
          tenant,
          reservationId,
          subject,
          amounts,
          ttlMs: TTL_MS,
          ownerToken,
          fingerprint: 'f',
        }),
      ),
    );
    if (!created || reservation?.state !== ReservationState.HELD)
      throw new Error(`${reservationId} was not held`);
    let held = amounts.output;
    if (random.chance(0.4)) {
      const step = Amounts.create({ output: 500n });
      const extend = ExtendRequest.create({ tenant, reservationId, ownerToken, opSeq: 1, amounts: step });
      const { granted } = await repeated(site, random, (ledger) => ledger.extend(extend));
      if (granted) held += step.output;
    }
    if (random.chance(0.25)) {
      await repeated(site, random, (ledger) => ledger.void({ tenant, reservationId, ownerToken }));
      note({ reservationId, userId, state: 'VOIDED', held, charged: 0n });
      continue;
    }
    const charged = BigInt(random.whole(1, 2_000));
    const actual = Amounts.create({ input: 90n, output: charged });
    const settle = SettleRequest.create({ tenant, reservationId, subject, actual, outcome: 'completed' });
    await repeated(site, random, (ledger) => ledger.settle(settle));
    note({ reservationId, userId, state: 'SETTLED', held, charged });
  }
}

/** @throws Fault of the first answer that says no, or after a minute without one */
async function repeated<Reply>(
  { ledgers }: Pick<Site, 'ledgers'>,
  random: Random,
  call: (ledger: Site['ledgers'][number]) => Promise<Reply>,
): Promise<Reply> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call(random.pick(ledgers));
    } catch (error) {
      if (attempt === CALLS_MAX || !PASSING.has(asFault(error).code)) throw error;
      await new Promise((resolve) => setTimeout(resolve, CALL_DELAY_MS));
    }
  }
}
