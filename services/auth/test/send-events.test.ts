// What sending the events of changes costs while there is nothing to send, or nobody to send it to.

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateUserRequest } from '@ai-switch/contracts';
import type { LogSink } from '@ai-switch/event-log';
import { Fault } from '@ai-switch/kernel';
import { databases, type FreshDatabase } from '@ai-switch/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type OpenAuth, openAuth } from '../src/index.ts';

const WINDOW_MS = 1_000;
/** Four looks a second, and what a busy machine puts together. */
const TRANSACTIONS_MAX = 10;

const taking: LogSink = {
  name: 'taking',
  write: async () => {},
  announce: async () => {},
  close: async () => {},
};
const refusing: LogSink = {
  ...taking,
  write: async () => {
    throw new Fault('unavailable', 'nobody is there');
  },
};

describe.each(databases)('sending events on $name', ({ create }) => {
  let fresh: FreshDatabase;
  const opened: OpenAuth[] = [];

  beforeEach(async () => {
    fresh = await create();
  });
  afterEach(async () => {
    for (const each of opened.splice(0).reverse()) await each.close();
    await fresh.drop();
  });

  async function open(): Promise<OpenAuth> {
    const auth = await openAuth({ databaseUrl: fresh.url, secret: randomBytes(32) });
    opened.push(auth);
    return auth;
  }

  const createUser = ({ organisation, root }: OpenAuth, name: string) =>
    organisation.createUser(
      CreateUserRequest.create({ actor: { ...root, requestId: 'req_1', clientAddress: '' }, name }),
    );

  /** How many transactions of its own an auth makes while nobody asks it for anything. */
  async function transactionsOf({ database }: OpenAuth): Promise<number> {
    const begin = database.transactionAsSystem;
    const begun = vi.spyOn(database, 'transactionAsSystem').mockImplementation((reason, work) => {
      // On SQLite, one after the other would leave no turn to any timer, and so none to the end of this test.
      if (begun.mock.calls.length > TRANSACTIONS_MAX) throw new Error('too many transactions');
      return begin(reason, work);
    });
    await sleep(WINDOW_MS);
    const { length } = begun.mock.calls;
    begun.mockRestore();
    return length;
  }

  test('a replica that waits for the one that sends, alive or killed, looks now and then', async () => {
    const first = await open();
    const sending = first.sendEvents(taking);
    await createUser(first, 'ada');
    await sending.drained();
    const second = await open();
    const waiting = second.sendEvents(taking);
    await createUser(second, 'mia');
    expect(await transactionsOf(second)).toBeLessThanOrEqual(TRANSACTIONS_MAX);
    await waiting.close(WINDOW_MS);
    await sending.close(WINDOW_MS);
  });

  test('with nobody who takes them it tries now and then', async () => {
    const auth = await open();
    const sending = auth.sendEvents(refusing);
    await createUser(auth, 'ada');
    expect(await transactionsOf(auth)).toBeLessThanOrEqual(TRANSACTIONS_MAX);
    await sending.close(WINDOW_MS);
  });
});
