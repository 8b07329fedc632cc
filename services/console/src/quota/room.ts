// Whether an admin has as much to give as is asked for. What he gives comes out of what his department may use: the nearest
// bound from his department upwards, of each type that is asked for, has to have room for it. Who runs the company gives
// without that.

import { type BucketBalance, Tier } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import type { Reach } from '../reach/reach.ts';
import type { ScopedLedger } from '../reach/scoped-ledger.ts';
import { amountReply } from './amounts.ts';
import { remainingOf } from './buckets.ts';
import { METERED_TYPES } from './metered-types.ts';

/** @throws Fault `forbidden` that names the bound and who can give more */
export async function mustHaveRoom(
  reach: Reach,
  ledger: ScopedLedger,
  userId: string,
  amounts: Readonly<Record<string, bigint>>,
): Promise<void> {
  if (reach.isWholeCompany) return;
  const user = await reach.user(userId);
  const balances = await ledger.touchedBy(user, {
    project: undefined,
    departmentIds: user.departmentIds,
    model: '',
  });
  // From the admin's own department up to the company.
  const units = [...reach.unitsAbove(user.departmentIds).map((id) => `department:${id}`), 'company'];
  const caps = units.map((unit) => balances.find((each) => isCap(each, unit)));
  for (const type of METERED_TYPES) {
    const wanted = amounts[type] ?? 0n;
    if (wanted === 0n) continue;
    const nearest = caps.find((cap) => cap?.balance?.limits?.[type] !== undefined);
    if (nearest === undefined) continue;
    const free = freeOf(nearest, type);
    if (wanted <= free) continue;
    const able = units.find((_unit, index) => {
      const cap = caps[index];
      return cap?.balance?.limits?.[type] !== undefined && freeOf(cap, type) >= wanted;
    });
    const bucket = nearest.bucket?.bucket ?? '';
    const who = able === undefined || able === 'company' ? 'an admin of the company' : `an admin of ${able}`;
    throw new Fault(
      'forbidden',
      `${bucket} has ${amountReply(type, free)} of ${type} left, and ${amountReply(type, wanted)} is asked for: ${who} can approve it.`,
      { details: { reason: 'room', bucket, tokenType: type, who: able ?? 'company' } },
    );
  }
}

function isCap({ bucket }: BucketBalance, unit: string): boolean {
  return bucket?.tier === Tier.CAP && bucket.bucket === unit && bucket.closedAtMs === undefined;
}

function freeOf({ balance }: BucketBalance, type: (typeof METERED_TYPES)[number]): bigint {
  return balance === undefined ? 0n : (remainingOf(balance, balance.limits)[type] ?? 0n);
}
