// Callers that reserve, or reserve and settle, as fast as they are answered.

import { Amounts, Bucket, type QuotaLedger, ReserveRequest, SettleRequest, Tier } from '@ai-switch/contracts';

export type Work = 'reserves' | 'pairs';

export interface Window {
  readonly perSecond: number;
  /** Of every call, or of every pair of calls, in milliseconds. */
  readonly latenciesMs: number[];
}

const TENANT = 'bench';
const USERS = 1_000;
const AMOUNTS = Amounts.create({ input: 100n, output: 1_000n });
const ACTUAL = Amounts.create({ input: 90n, output: 500n });

/** The hot bucket, and the users' own, so that none is made while the time is taken. */
export async function prepare(ledger: QuotaLedger): Promise<void> {
  const limits = { input: 2n ** 52n, output: 2n ** 52n };
  const company = { tenant: TENANT, tier: Tier.CAP, scope: 'company', limits };
  await ledger.putBucket({ bucket: Bucket.create(company) });
  for (let user = 0; user < USERS; user += 1) {
    const own = { tenant: TENANT, tier: Tier.PERSONAL, scope: `user:u${user}`, limits };
    await ledger.putBucket({ bucket: Bucket.create(own) });
  }
}

let made = 0;

/** @throws the first error of a call: a bench with errors measures nothing */
export async function runLoad(
  ledger: Pick<QuotaLedger, 'reserve' | 'settle'>,
  work: Work,
  clients: number,
  seconds: number,
): Promise<Window> {
  const latenciesMs: number[] = [];
  const startedAt = performance.now();
  const until = startedAt + seconds * 1_000;
  const call = async () => {
    while (performance.now() < until) {
      made += 1;
      const id = `r${made}`;
      const subject = { userId: `u${made % USERS}`, projectId: '', departmentIds: [], model: '' };
      const calledAt = performance.now();
      const { created } = await ledger.reserve(
        ReserveRequest.create({
          tenant: TENANT,
          reservationId: id,
          subject,
          amounts: AMOUNTS,
          ttlMs: 3_600_000n,
          ownerToken: id,
          fingerprint: id,
        }),
      );
      if (!created) throw new Error('a reserve of the bench was refused');
      if (work === 'pairs') {
        await ledger.settle(
          SettleRequest.create({
            tenant: TENANT,
            reservationId: id,
            subject,
            actual: ACTUAL,
            outcome: 'completed',
          }),
        );
      }
      latenciesMs.push(performance.now() - calledAt);
    }
  };
  await Promise.all(Array.from({ length: clients }, call));
  return { perSecond: latenciesMs.length / ((performance.now() - startedAt) / 1_000), latenciesMs };
}
