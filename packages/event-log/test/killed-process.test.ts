// AISWITCH_TEST_KILLS says how often the process is killed.

import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '@ai-switch/telemetry';
import { startProcess, temporaryFolder } from '@ai-switch/testkit';
import { expect, test } from 'vitest';
import { openSpooledLog } from '../src/index.ts';
import { RecordingSink } from './recording-sink.ts';
import { serveSink } from './sink-server.ts';
import { killCount } from './test-config.ts';

/** Some records are so long that the log begins a new segment every 140. */
const TEXT_LENGTHS = ['0', '600', '60000', '0', '600', '0'];
const FAILURES = ['never', 'before', 'never', 'after'] as const;
const RECORDS_MAX = 300;
const ALIVE_MS_MAX = 2_000;

test('a process that is killed at any moment loses nothing it acknowledged, and its chains are whole', {
  timeout: 60 * 60_000,
}, async () => {
  using folder = temporaryFolder();
  const sink = new RecordingSink();
  const server = await serveSink(sink);
  const acknowledged: string[] = [];
  for (let kill = 0; kill < killCount(); kill += 1) {
    sink.fails = FAILURES[Math.floor(Math.random() * FAILURES.length)] ?? 'never';
    const args = [folder.path, server.url, `${kill}`, TEXT_LENGTHS[kill % TEXT_LENGTHS.length] ?? '0'];
    const writer = startProcess('packages/event-log/test/spool-process.ts', { args });
    await writer.prints('ready\n');
    const startMs = performance.now();
    const records = Math.random() * RECORDS_MAX;
    const isDone = () => writer.stdout.split('\n').length > records;
    while (!isDone() && performance.now() - startMs < ALIVE_MS_MAX) await sleep(1);
    await sleep(Math.random() * 20);
    writer.kill('SIGKILL');
    await writer.ended();
    // The last line may be a part of one.
    acknowledged.push(...writer.stdout.split('\n').slice(1, -1));
  }
  sink.fails = 'never';
  const logger = createLogger({ service: 'test', level: 'silent' });
  const last = await openSpooledLog({ folder: folder.path, service: 'edge-gateway', sink, logger });
  await last.close(60_000);
  server.close();

  const arrived = sink.ids();
  const ids = new Set(arrived);
  expect(acknowledged.length).toBeGreaterThan(killCount() * 5);
  expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
  expect(arrived.length - ids.size, 'records under two sequences').toBe(0);
  for (const [name, log] of sink.logs) {
    expect(sink.missing(name), name).toEqual([]);
    expect(sink.isChained(name), name).toBe(true);
    expect(sink.announced.get(name), name).toMatchObject({
      isFinal: true,
      lastSequence: log.size,
      dropped: 0,
    });
  }
  process.stdout.write(
    `${killCount()} kills: ${acknowledged.length} records acknowledged, ${arrived.length} arrived in ${sink.logs.size} epochs\n`,
  );
});
