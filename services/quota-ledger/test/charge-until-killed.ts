// Reserves and settles under load and says each acknowledgement on stdout, until it is killed.

import { writeSync } from 'node:fs';
import { openQuotaLedger } from '../src/index.ts';
import { counts, reserveRequest, settleRequest, silentLogger } from './harness.ts';

const CALLERS = 32;

const [, , databaseUrl = ''] = process.argv;
const { ledger } = await openQuotaLedger({ databaseUrl, logger: silentLogger });
await Promise.all(
  Array.from({ length: CALLERS }, async (_, caller) => {
    for (let turn = 0; ; turn += 1) {
      const id = `r_${process.pid}_${caller}_${turn}`;
      await ledger.reserve(reserveRequest(id));
      writeSync(1, `HELD ${id}\n`);
      await ledger.settle(settleRequest(id, { actual: counts(60) }));
      writeSync(1, `SETTLED ${id}\n`);
    }
  }),
);
