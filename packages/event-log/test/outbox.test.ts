import { AuditEvent } from '@ai-switch/contracts';
import { type Database, openDatabase } from '@ai-switch/db';
import { Fault, newId } from '@ai-switch/kernel';
import { createLogger } from '@ai-switch/telemetry';
import { databases, type FreshDatabase } from '@ai-switch/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { chainOf, type LogIdentity, NO_CHAIN } from '../src/chain.ts';
import type { LogAnnouncement, LogSink, SequencedRecord } from '../src/event-log.ts';
import { type Outbox, openOutbox } from '../src/outbox/outbox.ts';
import { type OutboxSchema, outboxMigration, recordChange } from '../src/outbox/outbox-rows.ts';

const logger = createLogger({ service: 'auth', level: 'silent' });

/** Keeps what it acknowledged, and judges it as the consumer does. */
class Keeper implements LogSink {
  readonly name = 'keeper';
  readonly logs = new Map<string, Map<number, SequencedRecord>>();
  readonly final = new Map<string, LogAnnouncement>();
  /** Throws before or after what is written is kept. */
  trouble: (() => 'before' | 'after' | undefined) | undefined;

  async write({ producer }: LogIdentity, records: readonly SequencedRecord[]): Promise<void> {
    const trouble = this.trouble?.();
    if (trouble === 'before') throw new Error('not now');
    const log = this.logs.get(producer) ?? new Map<number, SequencedRecord>();
    this.logs.set(producer, log);
    for (const record of records) {
      const known = log.get(record.sequence);
      if (known !== undefined && Buffer.compare(known.chain, record.chain) !== 0)
        throw new Fault('conflict', 'It is known otherwise.');
      log.set(record.sequence, record);
    }
    if (trouble === 'after') throw new Error('the answer was lost');
  }

  async announce({ producer }: LogIdentity, announcement: LogAnnouncement): Promise<void> {
    if (announcement.isFinal) this.final.set(producer, announcement);
  }

  async close(): Promise<void> {}

  /** Ids of all events, as often as they came. @throws for a chain that is broken or has a gap */
  ids(): string[] {
    const ids: string[] = [];
    for (const [producer, log] of this.logs) {
      let chain: Uint8Array = NO_CHAIN;
      for (let sequence = 1; sequence <= log.size; sequence += 1) {
        const record = log.get(sequence) ?? expect.unreachable(`${producer} has no ${sequence}`);
        chain = chainOf(chain, { producer, epoch: 1 }, record);
        expect(Buffer.from(record.chain).equals(chain)).toBe(true);
        ids.push(JSON.parse(record.data).eventId);
      }
    }
    return ids;
  }
}

describe.each(databases)('the outbox on $name', ({ create }) => {
  let fresh: FreshDatabase;
  let database: Database<OutboxSchema>;
  let keeper: Keeper;
  let nowMs = 1_790_000_000_000;
  const open: Outbox[] = [];

  beforeEach(async () => {
    fresh = await create();
    database = await openDatabase<OutboxSchema>({
      url: fresh.url,
      schema: 'auth',
      migrations: [outboxMigration('001-outbox')],
    });
    keeper = new Keeper();
  });
  afterEach(async () => {
    for (const outbox of open.splice(0)) await outbox.close(1_000);
    await database.close();
    await fresh.drop();
  });

  function outboxOf(sink: LogSink = keeper): Outbox {
    const outbox = openOutbox({
      service: 'auth',
      database,
      sink,
      logger,
      clock: { nowMs: () => nowMs },
    });
    open.push(outbox);
    return outbox;
  }

  async function change(count = 1): Promise<string[]> {
    const ids: string[] = [];
    for (let index = 0; index < count; index += 1) {
      const eventId = newId('evt');
      ids.push(eventId);
      const event = AuditEvent.create({
        eventId,
        tenant: 'acme',
        action: 'user.create',
        atMs: BigInt(nowMs + index),
      });
      await database.transaction((trx) => recordChange(trx, event));
    }
    return ids;
  }

  test('sends the events of changes that were committed, and of no others', async () => {
    const outbox = outboxOf();
    const ids = await change(3);
    await database
      .transaction(async (trx) => {
        await recordChange(trx, AuditEvent.create({ eventId: 'evt_never', tenant: 'acme' }));
        throw new Error('the change fails');
      })
      .catch(() => {});
    await outbox.drained();
    expect(keeper.ids()).toEqual(ids);
    const left = await database.kysely.selectFrom('outbox').selectAll().execute();
    expect(left).toEqual([]);
  });

  test('of several replicas one sends, and each event once', async () => {
    const outboxes = [outboxOf(), outboxOf(), outboxOf()];
    const ids = (await Promise.all([change(40), change(40), change(40)])).flat();
    await expect
      .poll(async () => {
        for (const outbox of outboxes) await outbox.drained();
        return keeper.ids().length;
      })
      .toBe(120);
    expect(keeper.ids().sort()).toEqual(ids.sort());
    expect(keeper.logs.size).toBe(1);
  });

  test('a sink that fails, before or after it kept something, loses nothing and doubles nothing', async () => {
    let calls = 0;
    keeper.trouble = () => {
      calls += 1;
      return calls % 3 === 0 ? undefined : calls % 3 === 1 ? 'before' : 'after';
    };
    const outbox = outboxOf();
    const ids: string[] = [];
    for (let round = 0; round < 10; round += 1) {
      ids.push(...(await change(7)));
      await outbox.drained().catch(() => {});
    }
    keeper.trouble = undefined;
    await outbox.drained();
    expect(keeper.ids().sort()).toEqual(ids.sort());
  });

  test('what a process left that is gone another one sends, and says that its log has ended', async () => {
    const gone = outboxOf();
    const first = await change(2);
    await gone.drained();
    keeper.trouble = () => 'after';
    const second = await change(2);
    await gone.drained().catch(() => {});
    keeper.trouble = undefined;
    // It neither closes nor goes on: its lease runs out.
    open.splice(0);
    const blocked = outboxOf();
    await blocked.drained();
    nowMs += 16_000;
    const third = await change(2);
    await expect
      .poll(async () => {
        await blocked.drained();
        return keeper.final.size;
      })
      .toBe(1);
    expect(keeper.ids().sort()).toEqual([...first, ...second, ...third].sort());
    await gone.close(100);
  });

  test('a process that was taken for gone goes on in another log', async () => {
    const slow = outboxOf();
    const before = await change(2);
    await slow.drained();
    // As another one does that announces its end.
    await database.kysely.deleteFrom('outbox_logs').execute();
    const after = await change(3);
    await slow.drained();
    expect(keeper.ids().sort()).toEqual([...before, ...after].sort());
  });

  test('a sink that knows its places with other content gets them at places of a new log', async () => {
    const outbox = outboxOf();
    const known = await change(1);
    await outbox.drained();
    // As after the database was put back: the log is behind what was sent.
    await database.kysely
      .updateTable('outbox_logs')
      .set({ last_sequence: 0n, chain: '00'.repeat(32) })
      .execute();
    const ids = await change(2);
    await outbox.drained();
    await outbox.drained();
    expect(keeper.ids().sort()).toEqual([...known, ...ids].sort());
    expect(keeper.logs.size).toBe(2);
  });

  test('the same event twice is one', async () => {
    const outbox = outboxOf();
    const event = AuditEvent.create({ eventId: 'evt_once', tenant: 'acme', action: 'user.create' });
    for (let time = 0; time < 2; time += 1) await database.transaction((trx) => recordChange(trx, event));
    await outbox.drained();
    expect(keeper.ids()).toEqual(['evt_once']);
  });
});
