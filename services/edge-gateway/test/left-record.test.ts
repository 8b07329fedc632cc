// A request that was sent to a provider has one record, at whatever step its process was killed.

import { AccessRecord, type Amounts, type QuotaLedger, Subject } from '@ai-switch/contracts';
import { dataOf, type MemoryLog, memoryLog } from '@ai-switch/event-log';
import { createLogger } from '@ai-switch/telemetry';
import { beforeEach, expect, test } from 'vitest';
import { Holds } from '../src/holds/holds.ts';
import { recordLeft } from '../src/holds/left-record.ts';
import { Spool } from '../src/holds/spool.ts';
import { memorySpoolFile, type SpoolFile } from '../src/holds/spool-file.ts';
import { lineOf, type Settlement, type SpoolRecord } from '../src/holds/spool-records.ts';
import { NOTHING } from '../src/sum-amounts.ts';

const logger = createLogger({ service: 'edge-gateway', level: 'silent' });
const REQUEST = AccessRecord.create({
  requestId: 'req_one',
  tenant: 'company',
  userId: 'user',
  alias: 'chat',
  startedAtMs: 1_000n,
  httpStatus: 200,
});
const PROMPT: Amounts = { ...NOTHING, input: 10n, cost: 5n };
const USED: Amounts = { ...NOTHING, input: 11n, output: 7n, cost: 9n };
const SETTLEMENT: Settlement = {
  actual: USED,
  outcome: 'completed',
  isEstimated: false,
  platform: NOTHING,
  priceVersion: '',
};
const BEGUN: readonly SpoolRecord[] = [
  [
    'intent',
    1,
    {
      tenant: 'company',
      reservationId: 'res_one',
      ownerToken: 'own',
      subject: Subject.create({ userId: 'user' }),
      promptEstimate: PROMPT,
      priceVersion: '',
    },
  ],
];
const SENT: readonly SpoolRecord[] = [
  ...BEGUN,
  ['dispatched', 1, dataOf({ type: 'aiswitch.access.v1', record: REQUEST })],
];

let log: MemoryLog;
let file: SpoolFile;
beforeEach(() => {
  log = memoryLog();
  file = memorySpoolFile();
});

/** The next process: its ledger takes all, or nothing for ever. */
async function restart(isLedgerUp = true): Promise<void> {
  const take = async () => {
    if (!isLedgerUp) await new Promise(() => {});
    return { reservation: undefined };
  };
  const holds = new Holds({
    // Why: no other call is made here.
    ledger: { settle: take, void: take } as unknown as QuotaLedger,
    spool: new Spool({ file, logger }),
    logger,
    settings: { holdTtlMs: 60_000, heartbeatMs: 10_000 },
    sleep: async () => {},
    random: () => 0.5,
    newOwnerToken: () => 'own',
    recordLeft: (left) => recordLeft(log, logger, left),
  });
  const replayed = holds.replay();
  if (isLedgerUp) await replayed;
}

function left(records: readonly SpoolRecord[]): void {
  file.append(records.map(lineOf).join(''));
}

const countsOf = ({ input, output, cacheRead, cacheWrite }: Amounts) => ({
  input,
  output,
  cacheRead,
  cacheWrite,
});

test.each<[string, readonly SpoolRecord[], Partial<AccessRecord>]>([
  ['once it was sent', SENT, { outcome: 'cut', usage: countsOf(PROMPT), usageEstimated: true }],
  [
    'in the middle of its answer',
    [...SENT, ['progress', [1, USED]]],
    { outcome: 'cut', usage: countsOf(USED), usageEstimated: true },
  ],
  [
    'once it was settled',
    [...SENT, ['settle', 1, SETTLEMENT]],
    { outcome: 'completed', usage: countsOf(USED), usageEstimated: false },
  ],
  [
    'once its connection had failed',
    [...SENT, ['release', 1]],
    { outcome: 'upstreamFailed', usage: countsOf(NOTHING), usageEstimated: true },
  ],
])('killed %s, the next process writes its record', async (_when, records, expected) => {
  left(records);
  await restart();
  expect(log.records).toEqual([{ ...REQUEST, httpStatus: 0, ...expected }]);
  await restart();
  expect(log.records).toHaveLength(1);
});

test('a process that ends before the ledger has answered leaves no second record', async () => {
  left(SENT);
  await restart(false);
  await restart(false);
  expect(log.records).toHaveLength(1);
});

test.each<[string, readonly SpoolRecord[]]>([
  ['before it was sent', BEGUN],
  ['once its record was noted', [...SENT, ['settle', 1, SETTLEMENT], ['recorded', 1]]],
  ['once it was over', [...SENT, ['settle', 1, SETTLEMENT], ['end', 1]]],
  ['as a line was spoiled', [...BEGUN, ['dispatched', 1, 'no record']]],
])('killed %s, there is none to write', async (_when, records) => {
  left(records);
  await restart();
  expect(log.records).toEqual([]);
});

test('killed between its record and the note of it, the record that is there is the one', async () => {
  log = { ...log, lastBefore: [{ type: 'aiswitch.access.v1', record: REQUEST }] };
  left([...SENT, ['settle', 1, SETTLEMENT]]);
  await restart();
  expect(log.records).toEqual([]);
});
