// Charges under load, on a plan of several buckets, and says each acknowledgement on stdout, until it is killed.

import { writeSync } from 'node:fs';
import { Tier } from '@ai-switch/contracts';
import { createLogger } from '@ai-switch/telemetry';
import { openQuotaLedger } from '../src/index.ts';
import { amounts, subject, TENANT, TurnableClock } from './harness.ts';
import { openWorld } from './world.ts';

const CALLERS = 32;

const [, , databaseUrl = ''] = process.argv;
const logger = createLogger({ service: 'quota-ledger', level: 'silent' });
const { ledger } = await openQuotaLedger({ databaseUrl, logger });
const notHere = () => {
  throw new Error('no part of this program');
};
const world = openWorld({
  tenant: TENANT,
  ledger,
  clock: new TurnableClock(),
  sweep: notHere,
  dump: notHere,
  breakNext: notHere,
});
await world.putProject('p', { input: 10_000_000_000n, output: 10_000_000_000n });
await world.putCap('company', { input: 10_000_000_000n });
await world.putOrder('company', [Tier.PROJECT, Tier.PERSONAL]);

await Promise.all(
  Array.from({ length: CALLERS }, async (_, caller) => {
    const asked = { subject: subject({ userId: `user_${caller % 4}`, projectId: 'p' }) };
    for (let turn = 0; ; turn += 1) {
      const id = `r_${process.pid}_${caller}_${turn}`;
      const say = (what: string) => writeSync(1, `${what} ${id}\n`);
      await world.reserve(id, { ...asked, amounts: amounts(100, 20) });
      say('HELD');
      if (turn % 5 === 4) {
        await world.release(id);
        say('VOIDED');
        continue;
      }
      if (turn % 3 === 0) {
        await world.extend(id, { amounts: amounts(0, 10) });
        say('EXTENDED');
        await world.beat(id, { used: amounts(100, turn % 30) });
        say('BEATEN');
      }
      await world.settle(id, { ...asked, actual: amounts(60, turn % 40), platform: amounts(turn % 2) });
      say('SETTLED');
      if (turn % 7 === 0) {
        await world.reverse(id);
        say('REVERSED');
      }
    }
  }),
);
