// AISWITCH_TEST_TAMPERINGS says how many changes are tried on each database. A change that is not found prints its seed.

import type { AuditLog } from '@ai-switch/contracts';
import { openScopedDatabase } from '@ai-switch/db';
import { databases } from '@ai-switch/testkit';
import { describe, expect, test } from 'vitest';
import { AuditLogService } from '../src/audit-log.ts';
import { openAuditLog } from '../src/index.ts';
import type { AuditDatabase } from '../src/lists.ts';
import { migrations } from '../src/migrations/index.ts';
import { type AuditSchema, scopedTables } from '../src/schema.ts';
import { auditStore } from '../src/store.ts';
import { DAY_MS, event, record, START_MS, TestProducer } from './rows.ts';
import { randomOf, TAMPERINGS } from './tamper.ts';
import { tamperingCount } from './test-config.ts';
import { newSigner, verify } from './trail-source.ts';

const TIMEOUT_MS = 30 * 60_000;

describe.each(databases)('a stored trail on $name', (database) => {
  const signer = newSigner();

  /** Logs with and without gaps, an old beginning that went, records that cannot be read, roots in between. */
  async function plantTrail(databaseUrl: string): Promise<void> {
    let nowMs = START_MS;
    const opened = await openAuditLog({ databaseUrl, clock: { nowMs: () => nowMs }, signer });
    const random = randomOf(1);
    const producers = [1, 2, 3].map(
      (number) => new TestProducer(opened.auditLog, 1, `edge-gateway/${number}`),
    );
    producers.push(new TestProducer(opened.auditLog, 2, 'edge-gateway/1'));
    for (let round = 0; round < 4; round += 1) {
      for (const producer of producers) {
        const sent = Array.from({ length: 8 }, (_, index) => append(producer, random, round, index));
        // The second has gaps that never close.
        await producer.send(
          producer.producer.endsWith('2') ? sent.filter((_, index) => index % 5 !== 2) : sent,
        );
        await producer.announce({ atMs: START_MS + round, isFinal: round === 3 && producer.epoch === 2 });
      }
      await opened.signRoot();
    }
    nowMs = START_MS + 60 * DAY_MS;
    await opened.sweep();
    await opened.signRoot();
    await opened.close();
  }

  function append(producer: TestProducer, random: (below: number) => number, round: number, index: number) {
    // The third has a first round that is too old in the end.
    const isOld = producer.producer.endsWith('3') && round === 0;
    const atMs = BigInt(START_MS + (isOld ? -60 : 0) * DAY_MS + round);
    if (index === 7 && round === 1) return producer.appendData('aiswitch.access.v1', '{"requestId":7}');
    if (index === 6 && round === 2)
      return producer.appendData(
        'aiswitch.access.v1',
        `{"requestId":"req_n${round}","startedAtMs":"${atMs}","colour":"red"}`,
      );
    const details = { from: '1', to: '2', reason: `r${random(100)}` };
    const [appended] =
      random(2) === 0
        ? producer.append([
            {
              type: 'aiswitch.access.v1',
              record: record({ tenant: 't', startedAtMs: atMs, dropped: ['seed'], attempts: random(3) }),
            },
          ])
        : producer.append([
            {
              type: 'aiswitch.audit.v1',
              record: event({ tenant: 't', atMs, details, subject: 's'.repeat(random(2) * 300) }),
            },
          ]);
    if (appended === undefined) throw new Error('a record was appended');
    return appended;
  }

  test('every random change of it is found, and without one nothing is', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const fresh = await database.create();
    await plantTrail(fresh.url);
    const stored = await openScopedDatabase<AuditSchema, typeof scopedTables>({
      ...{ url: fresh.url, schema: 'audit', migrations, tables: scopedTables },
    });
    const store = auditStore(stored);
    const clock = { nowMs: () => START_MS + 61 * DAY_MS };

    /** What is found in a transaction that is rolled back. */
    const tryOne = async (seed: number, isTampering: boolean) => {
      const random = randomOf(seed);
      let outcome: { readonly did: string | undefined; readonly faultCount: number } | undefined;
      const rollback = new Error('rolled back');
      await stored
        .transactionAsSystem('upkeep', async (trx) => {
          const tampering = TAMPERINGS[random(TAMPERINGS.length)];
          const did = isTampering ? await tampering?.apply(trx, random) : 'nothing';
          const inside = {
            asSystem: () => trx,
            transactionAsSystem: (_reason: string, work: (each: typeof trx) => Promise<unknown>) => work(trx),
          } as unknown as AuditDatabase;
          const log: AuditLog = new AuditLogService({ database: inside, store, signer, clock });
          const faultCount = did === undefined ? 0 : (await verify(log, signer)).faultCount;
          outcome = { did: did && `${tampering?.name}: ${did}`, faultCount };
          throw rollback;
        })
        .catch((error: unknown) => {
          if (error !== rollback) throw error;
        });
      if (outcome === undefined) throw new Error('a transaction that is rolled back has run');
      return outcome;
    };

    try {
      const wanted = tamperingCount();
      let [tried, seed, falseAlarms] = [0, START_MS, 0];
      const missed: string[] = [];
      for (; tried < wanted; seed += 1) {
        const { did, faultCount } = await tryOne(seed, true);
        if (did === undefined) continue;
        tried += 1;
        if (faultCount === 0) missed.push(`seed ${seed}: ${did}`);
        if (tried % 10 === 0 && (await tryOne(seed, false)).faultCount > 0) falseAlarms += 1;
      }
      expect(missed).toEqual([]);
      expect(falseAlarms).toBe(0);
    } finally {
      await stored.close();
      await fresh.drop();
    }
  });
});
