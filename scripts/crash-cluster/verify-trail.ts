// What is asked of the audit log once nothing is killed any more: is everything there that was acknowledged, once, and is nothing
// missing of any producer's log.

import { type Database, openDatabase } from '@ai-switch/db';
import { startProcess } from '@ai-switch/testkit';
import { sql } from 'kysely';
import type { Exchange } from '../crash/http-client.ts';
import type { ClusterSite, MadeUser } from './site.ts';

/** A killed process announces its end when it starts again; Kafka, started again, may take its time. */
const DRAIN_MS_MAX = 90_000;
const LOOK_MS = 250;
const LISTED_MAX = 5;

/** What clients were told has happened. */
export interface Told {
  readonly exchanges: readonly Exchange[];
  /** Requests that a rule blocked. */
  readonly blocked: readonly string[];
  readonly made: readonly MadeUser[];
}

export interface TrailVerdict {
  /** Until everything was there. */
  readonly drainedMs: number;
  /** From the end of the edges until every log was whole and had said where it ends. */
  readonly closedMs: number;
  readonly accessRecords: number;
  readonly auditEvents: number;
  /** Epochs of all producers. */
  readonly logs: number;
  readonly violations: readonly string[];
}

export async function verifyTrail(site: ClusterSite, told: Told): Promise<TrailVerdict> {
  const database = await openDatabase<object>({
    url: site.postgresUrl,
    schema: 'crash',
    migrations: [],
  });
  try {
    const trail = new Trail(database);
    const begunAt = performance.now();
    const isOver = () => performance.now() - begunAt > DRAIN_MS_MAX;
    const untilNone = async (look: () => Promise<readonly string[]>) => {
      let faults = await look();
      while (faults.length > 0 && !isOver()) {
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
        faults = await look();
      }
      return faults;
    };
    const absent = await untilNone(() => absentIn(trail, told));
    const drainedMs = Math.round(performance.now() - begunAt);
    const closingAt = performance.now();
    // In good order, so that each says where its log ends.
    await Promise.all(site.cluster.of('edge-gateway').map((edge) => edge.kill('SIGTERM')));
    const faults = await untilNone(() => trail.logFaults());
    const closedMs = Math.round(performance.now() - closingAt);
    return {
      drainedMs,
      closedMs,
      accessRecords: await trail.count('access_records'),
      auditEvents: await trail.count('audit_events'),
      logs: await trail.count('producer_logs'),
      violations: [
        ...absent,
        ...faults,
        ...(await trail.duplicates()),
        ...(await trail.sumFaults()),
        ...(await chainFaults(site)),
      ],
    };
  } finally {
    await database.close();
  }
}

async function absentIn(trail: Trail, { exchanges, blocked, made }: Told): Promise<readonly string[]> {
  const recorded = await trail.texts('select request_id as text from audit.access_records');
  const unrecorded = exchanges
    .filter(({ seen }) => seen === 'complete' || seen === 'denied')
    .map(({ requestId }) => requestId)
    .filter((requestId) => !recorded.has(requestId));
  const charged = await trail.texts(CHARGED_REQUESTS);
  const blocks = await trail.texts(
    "select request_id as text from audit.audit_events where action = 'interception.block'",
  );
  const creations = await trail.texts(
    "select subject as text from audit.audit_events where action = 'user.create'",
  );
  return [
    ...sentence(unrecorded, 'answers have no access record'),
    ...sentence([...charged.difference(recorded)], 'charged requests have no access record'),
    ...sentence(
      blocked.filter((requestId) => !blocks.has(requestId)),
      'blocked requests have no audit event',
    ),
    ...sentence(
      made.map(({ userId }) => userId).filter((userId) => !creations.has(userId)),
      'users were made and have no audit event',
    ),
  ];
}

/** Those that clients sent without an idempotency key, answered to the end or not: their reservations are named after them. */
const CHARGED_REQUESTS = `select 'req_' || substr(reservation_id, 5) as text from quota_ledger.reservation
  where charged_input + charged_output > 0 and reservation_id ~ '^res_[0-9a-z]{26}$'`;

function sentence(ids: readonly string[], what: string): readonly string[] {
  if (ids.length === 0) return [];
  return [`${ids.length} ${what}: ${ids.slice(0, LISTED_MAX).join(', ')}`];
}

class Trail {
  readonly #database: Database<object>;

  constructor(database: Database<object>) {
    this.#database = database;
  }

  async texts(query: string): Promise<ReadonlySet<string>> {
    const rows = await this.#ask<{ readonly text: string }>(query);
    return new Set(rows.map(({ text }) => text));
  }

  async count(table: string): Promise<number> {
    const [row] = await this.#ask<{ readonly count: bigint }>(`select count(*) as count from audit.${table}`);
    return Number(row?.count);
  }

  /** A log that has not come whole, that gave something up, or whose writer is gone and has not said where it ends. */
  async logFaults(): Promise<readonly string[]> {
    const logs = await this.#ask<{
      readonly producer: string;
      readonly epoch: bigint;
      readonly last_sequence: bigint;
      readonly stored: bigint;
      readonly dropped: bigint;
      readonly is_final: bigint;
    }>('select producer, epoch, last_sequence, stored, dropped, is_final from audit.producer_logs');
    const unread = (await this.count('unread_records')) + (await this.count('dead_letters'));
    const faults = logs.flatMap((log) => {
      const name = `${log.producer}, epoch ${log.epoch}`;
      const isOfEdge = log.producer.startsWith('edge-gateway/');
      return [
        ...(log.stored < log.last_sequence ? [`${name}: ${log.stored} of ${log.last_sequence} came`] : []),
        ...(log.dropped > 0n ? [`${name}: ${log.dropped} records were given up`] : []),
        ...(isOfEdge && log.is_final === 0n ? [`${name}: nobody has said where it ends`] : []),
      ];
    });
    return unread === 0 ? faults : [...faults, `${unread} records cannot be read`];
  }

  async duplicates(): Promise<readonly string[]> {
    const twice = async (table: string, column: string) => {
      const found = await this.texts(
        `select ${column} as text from audit.${table} group by ${column} having count(*) > 1`,
      );
      return sentence([...found], `${column} of ${table} are there twice`);
    };
    return [...(await twice('access_records', 'request_id')), ...(await twice('audit_events', 'event_id'))];
  }

  /** What is added up by the hour is what the records say. */
  async sumFaults(): Promise<readonly string[]> {
    const [row] = await this.#ask<Record<'records' | 'requests' | 'output' | 'sum', bigint>>(
      `select (select count(*) from audit.access_records)::int8 as records,
        (select coalesce(sum(requests), 0) from audit.usage_hours)::int8 as requests,
        (select coalesce(sum(output_tokens), 0) from audit.access_records)::int8 as output,
        (select coalesce(sum(output_tokens), 0) from audit.usage_hours)::int8 as sum`,
    );
    if (row === undefined) return ['the sums cannot be read'];
    const { records, requests, output, sum } = row;
    return [
      ...(records === requests ? [] : [`${records} requests are recorded and ${requests} are added up`]),
      ...(output === sum ? [] : [`${output} output tokens are recorded and ${sum} are added up`]),
    ];
  }

  async #ask<Row>(query: string): Promise<readonly Row[]> {
    return (await sql.raw<Row>(query).execute(this.#database.kysely)).rows;
  }
}

/** As who operates it asks. */
async function chainFaults({ cluster }: ClusterSite): Promise<readonly string[]> {
  const cli = startProcess('services/console/src/cli/main.ts', {
    args: ['audit', 'verify', '--json'],
    environment: { AISWITCH_URL: cluster.url, AISWITCH_KEY: cluster.rootKey },
  });
  const code = await cli.ended();
  return code === 0 ? [] : [`audit verify ended with ${code}: ${cli.stdout.slice(0, 1_000)}${cli.stderr}`];
}
