// Everything that services keep or tell, but for what they log: tables, Kafka, Redis, files and spans, each as a text to search.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Collector } from '@ai-switch/edge-gateway/test/collector';
import { openKafkaSource } from '@ai-switch/event-log';
import { openRedis, script } from '@ai-switch/redis';
import { createLogger } from '@ai-switch/telemetry';
import { lookInto } from '@ai-switch/testkit';
import { sql } from 'kysely';
import type { ClusterComponents } from '../cluster.ts';

export interface Kept {
  readonly where: string;
  readonly text: string;
}

const logger = createLogger({ service: 'test', level: 'silent' });
/** A group of its own reads from the beginning; when nothing new came for so long, that was all. */
const KAFKA_QUIET_MS = 1_500;
const KAFKA_WAIT_MS_MAX = 30_000;

export async function everythingKept(
  folder: string,
  components: ClusterComponents,
  collector: Collector,
): Promise<readonly Kept[]> {
  return [
    ...(await tablesOf(components.postgres)),
    ...(await messagesOf(components.kafka)),
    ...(await entriesOf(components.redis)),
    ...filesIn(folder),
    ...collector.bodies.map((text) => ({ where: 'spans', text })),
  ];
}

function tablesOf(url: string): Promise<readonly Kept[]> {
  return lookInto({ url, schema: 'public', migrations: [] }, async ({ kysely }) => {
    const { rows: tables } = await sql<{ schema: string; name: string }>`
      select table_schema as schema, table_name as name from information_schema.tables
      where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')
    `.execute(kysely);
    const kept: Kept[] = [];
    for (const { schema, name } of tables) {
      const { rows } = await sql<{ text: string }>`
        select "row"::text as text from ${sql.table(`${schema}.${name}`)} as "row"
      `.execute(kysely);
      kept.push({ where: `table ${schema}.${name}`, text: rows.map(({ text }) => text).join('\n') });
    }
    return kept;
  });
}

async function messagesOf(broker: string): Promise<readonly Kept[]> {
  const texts: string[] = [];
  let newestMs = performance.now();
  const source = await openKafkaSource({
    brokers: [broker],
    replication: 1,
    logger,
    group: 'a-search-for-secrets',
    offsetOf: async () => undefined,
    onBatch: async ({ messages }) => {
      newestMs = performance.now();
      for (const { key, value } of messages) texts.push(`${key} ${value.toString('latin1')}`);
    },
    onStopped: () => {},
  });
  const giveUpMs = performance.now() + KAFKA_WAIT_MS_MAX;
  while (
    performance.now() < giveUpMs &&
    (texts.length === 0 || performance.now() - newestMs < KAFKA_QUIET_MS)
  ) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await source.close();
  return [{ where: 'Kafka', text: texts.join('\n') }];
}

const EVERYTHING = script(`
  local found = {}
  for _, key in ipairs(redis.call('KEYS', '*')) do
    local kind = redis.call('TYPE', key).ok
    local entry = { key }
    if kind == 'string' then entry[2] = redis.call('GET', key)
    elseif kind == 'hash' then entry = { key, unpack(redis.call('HGETALL', key)) }
    elseif kind == 'zset' then entry = { key, unpack(redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')) }
    elseif kind == 'list' then entry = { key, unpack(redis.call('LRANGE', key, 0, -1)) }
    elseif kind == 'set' then entry = { key, unpack(redis.call('SMEMBERS', key)) }
    end
    found[#found + 1] = table.concat(entry, ' ')
  end
  return table.concat(found, '\\n')
`);

async function entriesOf(url: string): Promise<readonly Kept[]> {
  const redis = openRedis({ url, logger });
  try {
    for (;;) {
      try {
        return [{ where: 'Redis', text: String(await redis.run(EVERYTHING, [], [])) }];
      } catch (error) {
        // It connects in the background.
        if (redis.isUp) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  } finally {
    redis.close();
  }
}

function filesIn(folder: string): readonly Kept[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => ({ where: `file ${relative(folder, path)}`, text: readFileSync(path, 'latin1') }));
}
