import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger } from '@ai-switch/telemetry';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLedgerThread } from '../src/ledger-thread.ts';
import { temporaryFolder } from './process.ts';

const USER = { tenant: 'default', userId: 'usr_1' };

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

const limits = { output: 7n };

describe("the ledger's thread", () => {
  it('answers the calls in flight before it closes, and keeps what it acknowledged', async () => {
    const first = await open();
    const call = first.quotaLedger.setLimits({ ...USER, limits });
    await first.auditLog.listEvents({ tenant: USER.tenant, page: undefined });
    await first.close();
    expect((await call).balance?.limits?.output).toBe(7n);
    const second = await open();
    const { balance } = await second.quotaLedger.getBalance(USER);
    expect(balance?.limits?.output).toBe(7n);
    await second.close();
  });

  it('is unavailable once it is closed', async () => {
    const thread = await open();
    await thread.close();
    await expect(thread.quotaLedger.getBalance(USER)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it.each(['quota-ledger', 'audit'])('says what is wrong with the database of %s', async (name) => {
    writeFileSync(join(folder.path, `${name}.db`), 'x'.repeat(4_096));
    await expect(open()).rejects.toMatchObject({
      name: 'DatabaseError',
      message: expect.stringContaining('is not a database'),
    });
  });
});
