import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Reservation, ReservationState as State } from '@ai-switch/contracts';
import { databases } from '@ai-switch/testkit';
import { expect, test } from 'vitest';
import { openQuotaLedger } from '../src/index.ts';
import { silentLogger, TENANT } from './harness.ts';
import { expectInvariants } from './invariants.ts';

const CRASHES = 2;
const ACKNOWLEDGED_MIN = 500;

/** What must be on record of what was acknowledged; more may be, for the process went on until it died. */
const KEPT: Readonly<Record<string, (reservation: Reservation) => boolean>> = {
  HELD: ({ state }) => OPEN_OR_OVER.has(state),
  EXTENDED: ({ extensions, amounts: held }) => extensions === 1 && held?.output === 30n,
  BEATEN: ({ checkpoint }) => checkpoint?.input === 100n,
  VOIDED: ({ state }) => state === State.VOIDED,
  SETTLED: ({ state }) => state === State.SETTLED || state === State.REVERSED,
  REVERSED: ({ state, charged }) => state === State.REVERSED && charged?.input === 0n,
};
const OPEN_OR_OVER: ReadonlySet<State> = new Set([State.HELD, State.SETTLED, State.VOIDED, State.REVERSED]);

test.each(databases)(
  'a ledger that is killed keeps all it acknowledged, and half of nothing, on $name',
  async ({ create }) => {
    const fresh = await create();
    for (let crash = 0; crash < CRASHES; crash += 1) {
      const acknowledged = await killUnderLoad(fresh.url);
      expect(acknowledged.length).toBeGreaterThan(ACKNOWLEDGED_MIN);
      const { ledger, close } = await openQuotaLedger({ databaseUrl: fresh.url, logger: silentLogger });
      const lost: string[] = [];
      for (const { what, reservationId } of acknowledged) {
        const { reservation } = await ledger.getReceipt({ tenant: TENANT, reservationId });
        if (reservation === undefined || KEPT[what]?.(reservation) !== true) {
          lost.push(`${what} ${reservationId}`);
        }
      }
      expect(lost).toEqual([]);
      await close();
      await expectInvariants(fresh.url);
    }
    await fresh.drop();
  },
  120_000,
);

async function killUnderLoad(
  url: string,
): Promise<readonly { readonly what: string; readonly reservationId: string }[]> {
  const program = join(import.meta.dirname, 'charge-until-killed.ts');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let output = '';
  let lines = 0;
  for await (const chunk of child.stdout) {
    const text = String(chunk);
    output += text;
    lines += text.split('\n').length - 1;
    if (lines > ACKNOWLEDGED_MIN * 2) child.kill('SIGKILL');
  }
  await exited;
  // The last line may be cut.
  return output
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [what = '', reservationId = ''] = line.split(' ');
      return { what, reservationId };
    });
}
