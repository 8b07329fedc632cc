// The callee of `npm run bench:rpc`: a quota ledger that only answers. It prints its port, and its processor time for each line
// that it is sent.

import { QuotaLedgerDefinition, ReserveResponse } from '@ai-switch/contracts';
import { serve } from '@ai-switch/rpc';

const answer = ReserveResponse.create({});
const ledger = { reserve: async () => answer };
const server = await serve(
  [
    {
      definition: QuotaLedgerDefinition,
      implementation: ledger as unknown as Parameters<typeof serve>[0][0]['implementation'],
    },
  ],
  { address: '127.0.0.1:0' },
);
process.stdout.write(`${server.port}\n`);
process.stdin.on('data', () => {
  const { user, system } = process.cpuUsage();
  process.stdout.write(`${user + system}\n`);
});
process.stdin.on('end', () => void server.close(0));
