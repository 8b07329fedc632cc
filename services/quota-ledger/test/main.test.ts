import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { QuotaLedgerDefinition, ReservationState } from '@ai-switch/contracts';
import { connect } from '@ai-switch/rpc';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reserveRequest } from './harness.ts';

const execute = promisify(execFile);
const MAIN = join(import.meta.dirname, '..', 'src', 'main.ts');

describe('the ledger as a process of its own', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'aiswitch-ledger-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('serves its port, and on SIGTERM closes and ends with status 0', async () => {
    const child = spawn(process.execPath, [MAIN], {
      env: {
        AISWITCH_LEDGER_LISTEN: '127.0.0.1:0',
        AISWITCH_LEDGER_DATABASE_URL: `sqlite:${join(folder, 'ledger.sqlite')}`,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    const [line] = await once(child.stdout, 'data');
    const [, port] = /port ([0-9]+)/.exec(String(line)) ?? [];
    const ledger = connect(QuotaLedgerDefinition, `127.0.0.1:${port}`);
    const { reservation } = await ledger.reserve(reserveRequest('r1'));
    expect(reservation?.state).toBe(ReservationState.HELD);
    ledger.close();
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });

  test('explains its settings', async () => {
    const { stdout } = await execute(process.execPath, [MAIN, '--help'], { env: {} });
    expect(stdout).toContain('AISWITCH_LEDGER_LISTEN');
    expect(stdout).toContain('AISWITCH_LEDGER_DATABASE_URL');
  });

  test.each([
    ['a wrong setting', { AISWITCH_LEDGER_SWEEP_INTERVAL_MS: 'soon' }, /AISWITCH_LEDGER_SWEEP_INTERVAL_MS/],
    [
      'a database of another kind',
      { AISWITCH_LEDGER_DATABASE_URL: 'mysql://a' },
      /AISWITCH_LEDGER_DATABASE_URL/,
    ],
    [
      'a folder that cannot be made',
      { AISWITCH_LEDGER_DATABASE_URL: `sqlite:${MAIN}/a/b` },
      /cannot be created/,
    ],
    [
      'a server that does not answer',
      { AISWITCH_LEDGER_DATABASE_URL: 'postgres://u:hunter2@127.0.0.1:1/d' },
      /does not answer/,
    ],
  ])('%s is one clear line and status 1', async (_title, environment, message) => {
    const failure = execute(process.execPath, [MAIN], {
      env: { AISWITCH_LEDGER_LISTEN: '127.0.0.1:0', ...environment },
    });
    const { code, stderr } = await failure.then(
      () => ({ code: 0, stderr: '' }),
      (error: { code: number; stderr: string }) => error,
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr.trim()).not.toMatch(/\n|hunter2/);
  });
});
