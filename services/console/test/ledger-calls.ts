// What an edge does with quota, for tests of how an administrator sees it.

import { Amounts, ReserveRequest, type ReserveResponse, SettleRequest, Subject } from '@ai-switch/contracts';
import type { Admin } from './admin.ts';

const TENANT = 'default';
const OWNER_TOKEN = 'the one who asks';

export async function userIdOf({ ask }: Admin, name: string): Promise<string> {
  return (await ask(`GET /users/${name}`)).body.userId;
}

export function reserve(
  { ports }: Admin,
  reservationId: string,
  subject: Parameters<typeof Subject.create>[0],
  amounts: Parameters<typeof Amounts.create>[0],
  tenant = TENANT,
): Promise<ReserveResponse> {
  return ports.quotaLedger.reserve(
    ReserveRequest.create({
      tenant,
      reservationId,
      subject: Subject.create(subject),
      amounts: Amounts.create(amounts),
      ttlMs: 60_000n,
      ownerToken: OWNER_TOKEN,
      fingerprint: 'a digest',
      priceVersion: 'v7',
    }),
  );
}

export async function settle(
  { ports }: Admin,
  reservationId: string,
  subject: Parameters<typeof Subject.create>[0],
  actual: Parameters<typeof Amounts.create>[0],
): Promise<void> {
  await ports.quotaLedger.settle(
    SettleRequest.create({
      tenant: TENANT,
      reservationId,
      subject: Subject.create(subject),
      actual: Amounts.create(actual),
      outcome: 'completed',
    }),
  );
}
