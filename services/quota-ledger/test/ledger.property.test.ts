// Any sequence of calls, several of them at the same time, on a real database against the ledger written plainly: what
// the port answers and how every balance stands in its row must be the same.

import { TokenType } from '@ai-switch/contracts';
import { type Database, openDatabase } from '@ai-switch/db';
import { Fault } from '@ai-switch/kernel';
import { databases } from '@ai-switch/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Ledger } from '../src/ledger.ts';
import { countsOf } from '../src/rows.ts';
import { type LedgerSchema, migrations } from '../src/schema.ts';
import {
  beginning,
  type Change,
  type Command,
  change,
  MONTHLY,
  type Numbers,
  type Operation,
  operation,
  TIERS_OF,
} from './commands.ts';
import { amounts, silentLogger, subject, TurnableClock } from './harness.ts';
import { expectInvariants } from './invariants.ts';
import { PlainLedger } from './plain-ledger.ts';
import { standingText } from './plain-records.ts';
import { openWorld, type World } from './world.ts';

const RUNS = { sqlite: 250, postgres: 40 };

/** Calls that are made at the same time, which the ledger takes in the order in which they came, or a change between. */
const groups: fc.Arbitrary<readonly (readonly Command[])[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.array(operation, { minLength: 1, maxLength: 6 }) },
    { weight: 2, arbitrary: change.map((each) => [each]) },
  ),
  { maxLength: 12, size: 'max' },
);

test.each(databases)(
  'any calls in any order do what the plain ledger does, on $name',
  async ({ name, create }) => {
    const fresh = await create();
    const database = await openDatabase<LedgerSchema>({
      url: fresh.url,
      schema: 'quota_ledger',
      migrations,
    });
    let companies = 0;
    await fc.assert(
      fc.asyncProperty(beginning, groups, async (puts, calls) => {
        companies += 1;
        const { world, clock } = newWorld(database, `company_${companies}`);
        const plain = new PlainLedger(clock.nowMs());
        for (const group of [...puts.map((put) => [put]), ...calls]) {
          const answers = await Promise.all(group.map((command) => perform(world, command)));
          expect(answers).toEqual(group.map((command) => plain.apply(command)));
          expect(await standingIn(database, world.tenant)).toBe(plain.standing());
        }
      }),
      { numRuns: RUNS[name] },
    );
    await database.close();
    // A limit may end below what was admitted before it.
    await expectInvariants(fresh.url, { areLimitsKept: false });
    await fresh.drop();
  },
  180_000,
);

function newWorld(database: Database<LedgerSchema>, tenant: string) {
  const clock = new TurnableClock();
  const ledger = new Ledger({ database, clock, logger: silentLogger });
  const sweep = async () => {
    while ((await ledger.expireDueHolds()) > 0);
  };
  const never = () => {
    throw new Error('no part of this test');
  };
  return { world: openWorld({ tenant, ledger, clock, sweep, dump: never, breakNext: never }), clock };
}

/** The answer in the words of the plain ledger. */
async function perform(world: World, command: Command): Promise<string> {
  try {
    return await ('id' in command ? operate(world, command) : administer(world, command));
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
}

async function operate(world: World, command: Operation): Promise<string> {
  const { id } = command;
  switch (command.kind) {
    case 'reserve': {
      const { user, owner, fingerprint, promptCost, ttlMs } = command;
      const { state, blocked } = await world.reserve(id, {
        subject: everything(user),
        amounts: amounts(...asTuple(command.amounts)),
        ownerToken: owner,
        fingerprint,
        promptCost: BigInt(promptCost),
        ttlMs: BigInt(ttlMs),
      });
      return `${wordOf(state)}${blocked === undefined ? '' : blockedText(blocked)}`;
    }
    case 'extend': {
      const { granted, blocked } = await world.extend(id, {
        ownerToken: command.owner,
        opSeq: command.opSeq,
        amounts: amounts(...asTuple(command.amounts)),
      });
      return granted || blocked === undefined ? 'granted' : `refused${blockedText(blocked)}`;
    }
    case 'beat': {
      const state = await world.beat(id, {
        ownerToken: command.owner,
        ttlMs: BigInt(command.ttlMs),
        ...(command.used !== null && { used: amounts(...asTuple(command.used)) }),
      });
      return wordOf(state) === 'UNSPECIFIED' ? 'unknown' : wordOf(state);
    }
    case 'settle': {
      const { state } = await world.settle(id, {
        subject: everything(command.user),
        actual: amounts(...asTuple(command.actual)),
        platform: amounts(...asTuple(command.platform)),
      });
      return wordOf(state);
    }
    case 'void':
      return wordOf((await world.release(id, { ownerToken: command.owner })).state);
    case 'reverse':
      return wordOf((await world.reverse(id, { reason: command.reason })).state);
  }
}

async function administer(world: World, command: Change): Promise<string> {
  switch (command.kind) {
    case 'put': {
      const { bucket, limits, validForMs } = command;
      const tier = TIERS_OF[bucket] ?? 'CAP';
      const isGrant = tier === 'SUPPLEMENTARY';
      await world.put({
        bucket,
        tier: `TIER_${tier}`,
        scope: isGrant ? 'company' : bucket.replace(/^personal:/, 'user:'),
        limits: limitsOf(limits),
        periodKind: isGrant
          ? 'PERIOD_KIND_WHOLE'
          : MONTHLY.has(bucket)
            ? 'PERIOD_KIND_MONTH'
            : 'PERIOD_KIND_DAY',
        ...(isGrant && { validUntilMs: BigInt(world.clock.nowMs() + validForMs) }),
      });
      return '';
    }
    case 'close':
      await world.closeBucket(command.bucket).catch((error: unknown) => {
        if (!(error instanceof Fault && error.code === 'notFound')) throw error;
      });
      return '';
    case 'order':
      await world.putOrder(
        command.scope,
        command.tiers.map((tier) => `TIER_${tier}` as 'TIER_PERSONAL'),
      );
      return '';
    case 'policy':
      await world.putPolicy({
        expiryCharge: `EXPIRY_CHARGE_${command.expiryCharge}` as 'EXPIRY_CHARGE_ZERO',
      });
      return '';
    case 'turn':
      world.clock.turn(command.ms);
      return '';
    case 'sweep':
      await world.sweep();
      return '';
  }
}

async function standingIn(database: Database<LedgerSchema>, tenant: string): Promise<string> {
  const rows = await database.kysely.selectFrom('balance').selectAll().where('tenant', '=', tenant).execute();
  const texts = rows.map((row) => {
    const { used, held, overrun } = countsOf(row);
    const listOf = (counts: object) => Object.values(counts).join(',');
    return standingText(`${row.bucket} ${row.period}`, listOf(used), listOf(held), listOf(overrun));
  });
  return texts
    .filter((text) => text !== '')
    .sort()
    .join('\n');
}

function everything(userId: string) {
  return subject({ userId, projectId: 'p', departmentIds: ['d'], model: 'm' });
}

type Tuple = readonly [input: number, output: number, cacheRead: number, cacheWrite: number, cost: number];

function asTuple([input = 0, output = 0, cacheRead = 0, cacheWrite = 0, cost = 0]: Numbers): Tuple {
  return [input, output, cacheRead, cacheWrite, cost];
}

function limitsOf(limits: readonly (number | null)[]) {
  const of = (type: number) => {
    const limit = limits[type] ?? null;
    return limit === null ? undefined : BigInt(limit);
  };
  return { input: of(0), output: of(1), cacheRead: of(2), cacheWrite: of(3), cost: of(4) };
}

/** An enum's name without the prefix of its type. */
function wordOf(state: string): string {
  return state.replace('RESERVATION_STATE_', '');
}

const WORDS: Readonly<Record<string, string>> = {
  [TokenType.INPUT]: 'input',
  [TokenType.OUTPUT]: 'output',
  [TokenType.CACHE_READ]: 'cacheRead',
  [TokenType.CACHE_WRITE]: 'cacheWrite',
  [TokenType.COST]: 'cost',
};

/** A cap by its name; which of the funding buckets is named depends on their periods. */
function blockedText({
  bucket,
  tokenType,
  remaining,
}: {
  bucket: string;
  tokenType: string;
  remaining: bigint;
}) {
  const type = WORDS[tokenType];
  return TIERS_OF[bucket] === 'CAP' ? ` ${bucket} ${type} ${remaining}` : ` ${type} ${remaining}`;
}
