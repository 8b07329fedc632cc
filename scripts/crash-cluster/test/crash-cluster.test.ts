import { whyNoKafka, whyNoRedis } from '@ai-switch/testkit';
import { beforeEach, expect, test } from 'vitest';
import { CRASH_CLUSTER_HELP, readOptions } from '../options.ts';
import { reportOfKafkaAway, reportOfKills, reportOfRestarts } from '../report.ts';
import { runKafkaAway } from '../run-kafka-away.ts';
import { runKills, VICTIM_NAMES } from '../run-kills.ts';
import { runRestarts } from '../run-restarts.ts';

const TIMEOUT_MS = 420_000;

const missing = (await whyNoRedis()) ?? (await whyNoKafka());
beforeEach((context) => {
  if (missing !== undefined) context.skip(missing);
});

test('whatever is killed, nothing that somebody was told is lost or there twice', {
  timeout: TIMEOUT_MS,
}, async () => {
  const result = await runKills({ cycles: VICTIM_NAMES.length + 1, clients: 12, seed: 4 });
  process.stdout.write(reportOfKills(result));
  expect(result.violations).toEqual([]);
  // What was not tried is not proved.
  const { kills, seen, acknowledged, blocked, made, trail } = result;
  expect(Math.min(...Object.values(kills))).toBeGreaterThan(0);
  expect(Math.min(seen.complete, seen.left, acknowledged, blocked, made)).toBeGreaterThan(0);
  expect(trail.accessRecords).toBeGreaterThan(100);
});

test('requests go on while Kafka is away, and nothing is missing when it is back', {
  timeout: TIMEOUT_MS,
}, async () => {
  const result = await runKafkaAway({ seconds: 5, requestsPerSecond: 20 });
  process.stdout.write(reportOfKafkaAway(result));
  expect(result.violations).toEqual([]);
  const { before, during, after } = result;
  expect([before, during, after].map(({ requests }) => requests)).toEqual([100, 100, 100]);
});

test('no stream is cut off and none is unsettled when every process is replaced', {
  timeout: TIMEOUT_MS,
}, async () => {
  const result = await runRestarts({ rounds: 1, streams: 20 });
  process.stdout.write(reportOfRestarts(result));
  expect(result.violations).toEqual([]);
  expect(result.restarts).toBe(10);
  expect(result.complete).toBeGreaterThan(20);
  expect(result.ledger.chargedByDelivery).toBe(0);
});

test('what is asked for in another way is told', () => {
  expect(readOptions(['--help'])).toBeUndefined();
  expect(readOptions(['kills', '--cycles', '5', '--seed', '9', '--json'])).toEqual({
    ...{ run: 'kills', cycles: 5, clients: 32, seed: 9, isJson: true },
  });
  expect(readOptions(['kafka'])).toEqual({
    ...{ run: 'kafka', seconds: 120, requestsPerSecond: 200, isJson: false },
  });
  expect(readOptions(['restarts', '--streams', '7'])).toMatchObject({ rounds: 1, streams: 7 });
  expect(() => readOptions([])).toThrow('say what to do: kills, kafka or restarts');
  expect(() => readOptions(['kafka', '--rate', '0'])).toThrow('--rate must be a whole number from 1 to 2000');
  for (const option of ['--cycles', '--clients', '--seed', '--seconds', '--rate', '--streams', '--rounds'])
    expect(CRASH_CLUSTER_HELP).toContain(option);
});
