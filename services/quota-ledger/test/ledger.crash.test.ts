import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { GetReservationRequest, ReservationState as State } from '@ai-switch/contracts';
import { databases } from '@ai-switch/testkit';
import { expect, test } from 'vitest';
import { openQuotaLedger } from '../src/index.ts';
import { silentLogger, TENANT } from './harness.ts';
import { expectInvariants } from './invariants.ts';

const ACKNOWLEDGED_MIN = 500;

test.each(databases)(
  'a ledger that is killed keeps all it acknowledged, on $name',
  async ({ create }) => {
    const fresh = await create();
    for (let crash = 0; crash < 2; crash += 1) {
      const acknowledged = await killUnderLoad(fresh.url);
      expect(acknowledged.length).toBeGreaterThan(ACKNOWLEDGED_MIN);
      const { ledger, close } = await openQuotaLedger({ databaseUrl: fresh.url, logger: silentLogger });
      for (const { state, reservationId } of acknowledged) {
        const request = GetReservationRequest.create({ tenant: TENANT, reservationId });
        const { reservation } = await ledger.getReservation(request);
        // One that was acknowledged as held may have been settled before the process died.
        expect(state === 'SETTLED' ? [State.SETTLED] : [State.HELD, State.SETTLED]).toContain(
          reservation?.state,
        );
      }
      await close();
      await expectInvariants(fresh.url);
    }
    await fresh.drop();
  },
  60_000,
);

async function killUnderLoad(
  url: string,
): Promise<readonly { readonly state: string; readonly reservationId: string }[]> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'charge-until-killed.ts'), url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let output = '';
  for await (const chunk of child.stdout) {
    output += chunk;
    if (output.split('\n').length > ACKNOWLEDGED_MIN * 2) child.kill('SIGKILL');
  }
  await exited;
  // The last line may be cut.
  const lines = output.split('\n').slice(0, -1);
  return lines.map((line) => {
    const [state = '', reservationId = ''] = line.split(' ');
    return { state, reservationId };
  });
}
