import { QuotaLedgerDefinition } from '@ai-switch/contracts';
import { runService, serve } from '@ai-switch/rpc';
import { createLogger } from '@ai-switch/telemetry';
import { settings } from './config.ts';
import { openQuotaLedger } from './open-quota-ledger.ts';

await runService({
  name: 'quota-ledger',
  describe: 'holds, charges and bounds what each user may spend.',
  settings,
  start: async (values, lifetime) => {
    const logger = createLogger({ service: 'quota-ledger', level: values.AISWITCH_LOG_LEVEL });
    const { ledger, close } = await openQuotaLedger({
      databaseUrl: values.AISWITCH_LEDGER_DATABASE_URL,
      sweepIntervalMs: values.AISWITCH_LEDGER_SWEEP_INTERVAL_MS,
      logger,
    });
    lifetime.onClose('the ledger', close);
    const server = await serve([{ definition: QuotaLedgerDefinition, implementation: ledger }], {
      address: values.AISWITCH_LEDGER_LISTEN,
      onError: (err, path) => logger.error({ err, path }, 'a call failed'),
    });
    lifetime.onClose('the server', () => server.close());
    return { ready: `quota-ledger: listening on port ${server.port}` };
  },
});
