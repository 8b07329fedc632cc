import { QuotaLedgerDefinition } from '@ai-switch/contracts';
import { databases, transports } from '@ai-switch/testkit';
import { openQuotaLedger } from '../src/index.ts';
import { SWEEP_INTERVAL_MS, silentLogger, TurnableClock } from './harness.ts';
import { expectInvariants } from './invariants.ts';
import { describeLedger } from './ledger.spec.ts';

for (const transport of transports) {
  for (const kind of databases) {
    describeLedger(`the ledger, ${transport.name}, on ${kind.name}`, async () => {
      const fresh = await kind.create();
      const clock = new TurnableClock();
      const opened = await openQuotaLedger({
        databaseUrl: fresh.url,
        clock,
        logger: silentLogger,
        sweepIntervalMs: SWEEP_INTERVAL_MS,
      });
      const { port, close } = await transport.open(QuotaLedgerDefinition, opened.ledger);
      return {
        ledger: port,
        clock,
        close: async (options) => {
          await close();
          await opened.close();
          await expectInvariants(fresh.url, options);
          await fresh.drop();
        },
      };
    });
  }
}
