import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Bucket, ListEventsRequest, PeriodKind, Subject, Tier } from '@ai-switch/contracts';
import { createLogger } from '@ai-switch/telemetry';
import { temporaryFolder } from '@ai-switch/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLedgerThread } from '../src/ledger-thread.ts';

const TENANT = 'default';
const USER = { tenant: TENANT, subject: Subject.create({ userId: 'usr_1' }) };

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());

const open = () =>
  openLedgerThread({
    ledgerUrl: `sqlite:${join(folder.path, 'quota-ledger.db')}`,
    auditUrl: `sqlite:${join(folder.path, 'audit.db')}`,
    logger: createLogger({ service: 'standalone', level: 'silent' }),
  });

const bucket = Bucket.create({
  tenant: TENANT,
  tier: Tier.PERSONAL,
  scope: 'user:usr_1',
  limits: { output: 7n },
  periodKind: PeriodKind.MONTH,
});

describe("the ledger's thread", () => {
  it('answers the calls in flight before it closes, and keeps what it acknowledged', async () => {
    const first = await open();
    const call = first.quotaLedger.putBucket({ bucket });
    await first.auditLog.listEvents(
      ListEventsRequest.create({ scope: { tenant: TENANT, isWholeCompany: true } }),
    );
    await first.close();
    expect((await call).bucket?.bucket?.limits?.output).toBe(7n);
    const second = await open();
    const { balances } = await second.quotaLedger.getBalances(USER);
    expect(balances[0]?.bucket?.limits?.output).toBe(7n);
    await second.close();
  });

  it('is unavailable once it is closed', async () => {
    const thread = await open();
    await thread.close();
    await expect(thread.quotaLedger.getBalances(USER)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it.each(['quota-ledger', 'audit'])('says what is wrong with the database of %s', async (name) => {
    writeFileSync(join(folder.path, `${name}.db`), 'x'.repeat(4_096));
    await expect(open()).rejects.toMatchObject({
      name: 'DatabaseError',
      message: expect.stringContaining('is not a database'),
    });
  });
});
