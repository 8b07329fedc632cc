// A ledger as a process of its own, as it is deployed, reached over gRPC.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type QuotaLedger, QuotaLedgerDefinition } from '@ai-switch/contracts';
import { connect } from '@ai-switch/rpc';

const MAIN = join(import.meta.dirname, '..', 'src', 'main.ts');

export interface LedgerProcess {
  readonly ledger: QuotaLedger;
  readonly child: ChildProcess;
  /** Ends it as an operator does. */
  close(): Promise<void>;
}

export async function startLedger(
  databaseUrl: string,
  { sweepIntervalMs = 5_000 } = {},
): Promise<LedgerProcess> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN], {
    env: {
      AISWITCH_LEDGER_LISTEN: '127.0.0.1:0',
      AISWITCH_LEDGER_DATABASE_URL: databaseUrl,
      AISWITCH_LEDGER_SWEEP_INTERVAL_MS: String(sweepIntervalMs),
      AISWITCH_LEDGER_LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const [line] = await Promise.race([
    once(child.stdout, 'data'),
    exited.then(() => Promise.reject(new Error('the ledger ended before it served'))),
  ]);
  const [, port] = /port ([0-9]+)/.exec(String(line)) ?? [];
  const ledger = connect(QuotaLedgerDefinition, `127.0.0.1:${port}`);
  return {
    ledger,
    child,
    close: async () => {
      ledger.close();
      child.kill('SIGTERM');
      await exited;
    },
  };
}
