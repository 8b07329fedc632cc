// Each of the first 50 pieces of an answer x the client leaves, the provider breaks off, the gateway is killed x the provider
// counts or does not x each dialect, passed through and converted: 2,400 cut streams through the standalone as `npm start`
// runs it, read by receipt.

import { setTimeout as sleep } from 'node:timers/promises';
import { ScriptedProvider, temporaryFolder } from '@ai-switch/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ALIASES } from '../gateway.ts';
import { type StandaloneProcess, startStandalone } from '../standalone-process.ts';
import { tokensSent } from './answer.ts';
import { answerOf, CELLS, type CutMode, expectedOf, nameOf, PROVIDED_INPUT, scriptFor } from './cells.ts';
import { type OpenStream, openStream } from './open-stream.ts';
import { spoolAtRest } from './spool-at-rest.ts';

const SETTLED_MS = 15_000;

let folder: ReturnType<typeof temporaryFolder>;
let provider: ScriptedProvider;
let standalone: StandaloneProcess;
let key: string;

beforeAll(async () => {
  folder = temporaryFolder();
  provider = await ScriptedProvider.open();
  provider.otherwise = scriptFor;
  standalone = await startStandalone(folder.path);
  key = standalone.key ?? '';
  for (const [alias, { model, kind, dialect }] of Object.entries(ALIASES)) {
    const row = { kind, dialect, baseUrl: provider.baseUrl, credential: 'sk-x', models: [model] };
    await admin('PUT', `/providers/${alias}-provider`, row);
    await admin('PUT', `/aliases/${alias}`, { resources: [{ provider: `${alias}-provider`, model }] });
  }
});

afterAll(async () => {
  await standalone[Symbol.asyncDispose]();
  await provider.close();
  folder[Symbol.dispose]();
});

describe('a cut stream is charged for what was delivered', { timeout: 120_000 }, () => {
  test('when its client leaves', async () => {
    const streams = await openAll('hold');
    await Promise.all(streams.map(({ reached }) => reached));
    for (const stream of streams) stream.leave();
    await expectCharges(streams, 'clientGone');
  });

  test('when its provider breaks off', async () => {
    const streams = await openAll('reset');
    await Promise.all(streams.flatMap(({ reached, ended }) => [reached, ended]));
    await expectCharges(streams, 'cut');
  });

  test('when the gateway is killed and started again', async () => {
    const streams = await openAll('hold');
    await Promise.all(streams.map(({ reached }) => reached));
    // The words of the last half second are counted off the way of the stream.
    await spoolAtRest(folder.path);
    standalone.process.kill('SIGKILL');
    await Promise.all(streams.map(({ ended }) => ended));
    standalone = await startStandalone(folder.path);
    await expectCharges(streams, 'cut');
  });
});

function openAll(mode: CutMode): Promise<readonly OpenStream[]> {
  return Promise.all(CELLS.map((cell) => openStream(standalone.url, key, cell, mode)));
}

async function expectCharges(streams: readonly OpenStream[], outcome: string): Promise<void> {
  const wrong = await Promise.all(
    streams.map(async (stream) => {
      const receipt = await settled(stream);
      const faults = faultsIn(stream, receipt, outcome);
      return faults.length === 0 ? [] : [`${nameOf(stream.cell)}: ${faults.join('; ')}`];
    }),
  );
  expect(wrong.flat()).toEqual([]);
}

function faultsIn({ cell }: OpenStream, receipt: Receipt, outcome: string): readonly string[] {
  const { charged, held } = receipt;
  const { output, provided } = expectedOf(cell);
  const faults: string[] = [];
  const demand = (isSo: boolean, complaint: string) => {
    if (!isSo) faults.push(complaint);
  };
  demand(receipt.outcome === outcome, `ended as ${receipt.outcome || receipt.state}`);
  demand(charged.output > 0, 'nothing was charged');
  demand(charged.output < held.output, `all ${held.output} that were held were charged`);
  if (provided) {
    const { input, cacheRead } = PROVIDED_INPUT;
    demand(charged.output === output, `${charged.output} output tokens for ${output}`);
    demand(charged.input === input && charged.cacheRead === cacheRead, `the prompt cost ${charged.input}`);
  } else {
    const sent = tokensSent(answerOf(cell), cell.position);
    const isNear = Math.abs(charged.output - output) <= output / 100;
    demand(isNear, `${charged.output} output tokens for ${output}`);
    // A word that was cut may have been another number of tokens to the provider.
    demand(Math.abs(charged.output - sent) <= 1 + sent / 100, `the provider sent ${sent} tokens`);
    demand(charged.input > 0, 'the prompt cost nothing');
  }
  return faults;
}

interface Receipt {
  readonly state: string;
  readonly outcome: string;
  readonly held: Readonly<Record<string, number>> & { readonly output: number };
  readonly charged: {
    readonly input: number;
    readonly output: number;
    readonly cacheRead: number;
  };
}

/** The receipt once the hold is over. */
async function settled({ cell, reservationId }: OpenStream): Promise<Receipt> {
  const giveUpAt = performance.now() + SETTLED_MS;
  for (;;) {
    const receipt = (await admin('GET', `/receipts/${reservationId}`)) as Receipt;
    if (receipt.state !== 'held') return receipt;
    if (performance.now() > giveUpAt) throw new Error(`${nameOf(cell)} was not settled`);
    await sleep(100);
  }
}

async function admin(method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${standalone.url}/api/admin/v1${path}`, {
    method,
    headers: { 'x-api-key': key },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
  return response.json();
}
