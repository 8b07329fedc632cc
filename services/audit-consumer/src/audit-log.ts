// The AuditLog port. What it acknowledged is stored once, however often a batch is sent. Audit events also survive a
// power cut when the call returns; access records may lose the last moments to one, never to a killed process.
//
// When the database is down an append fails as a whole: whoever sent it keeps the batch and sends it again.

import {
  AccessRecord,
  type AppendAccessRequest,
  type AppendAccessResponse,
  type AppendEventsRequest,
  type AppendEventsResponse,
  AuditEvent,
  type AuditLog,
  type ListAccessRequest,
  type ListAccessResponse,
  type ListEventsRequest,
  type ListEventsResponse,
  type Page,
  type Scope,
  type SumUsageRequest,
  type SumUsageResponse,
} from '@ai-switch/contracts';
import { openScopedDatabase } from '@ai-switch/db';
import { type Clock, Fault, systemClock } from '@ai-switch/kernel';
import { createLogger, type Logger } from '@ai-switch/telemetry';
import { checkEvents, checkRecords } from './record-rules.ts';
import { startRetention } from './retention.ts';
import { type AuditSchema, migrations, scopedTables } from './schema.ts';
import { type AuditDatabase, type AuditStore, auditStore, type Range } from './store.ts';
import { sumUsage } from './sum-usage.ts';

const PAGE_ROWS = 100;
const PAGE_ROWS_MAX = 1_000;
const PAGE_BYTES_MAX = 2 * 1024 * 1024;
export const RETENTION_DAYS = 90;

export interface AuditLogOptions {
  readonly databaseUrl: string;
  readonly clock?: Clock;
  /** Records and events older than this are deleted; 90 unless told otherwise. */
  readonly retentionDays?: number;
  readonly logger?: Logger;
}

export interface OpenAuditLog {
  readonly auditLog: AuditLog;
  /** Deletes what is too old now, as happens every ten minutes; resolves with how many rows went. */
  sweep(): Promise<number>;
  close(): Promise<void>;
}

/** @throws DatabaseError for a database that cannot be used */
export async function openAuditLog(options: AuditLogOptions): Promise<OpenAuditLog> {
  const database = await openScopedDatabase<AuditSchema, typeof scopedTables>({
    url: options.databaseUrl,
    schema: 'audit',
    migrations,
    tables: scopedTables,
  });
  const store = auditStore(database);
  const retention = startRetention({
    deletes: [store.deleteAccess, store.deleteEvents],
    retentionDays: options.retentionDays ?? RETENTION_DAYS,
    clock: options.clock ?? systemClock,
    logger: options.logger ?? createLogger({ service: 'audit-consumer', level: 'info' }),
  });
  return {
    auditLog: new AuditLogService(database, store),
    sweep: retention.sweep,
    close: async () => {
      await retention.close();
      await database.close();
    },
  };
}

class AuditLogService implements AuditLog {
  readonly #database: AuditDatabase;
  readonly #store: AuditStore;

  constructor(database: AuditDatabase, store: AuditStore) {
    this.#database = database;
    this.#store = store;
  }

  async appendAccess({ records }: AppendAccessRequest): Promise<AppendAccessResponse> {
    checkRecords(records);
    await this.#store.appendAccess(records);
    return {};
  }

  async listAccess({ scope, userId, page, filter }: ListAccessRequest): Promise<ListAccessResponse> {
    const range = rangeOf(scope, page);
    const found = await this.#store.listAccess(oneMore(range), userId, filter);
    const records = pageOf(found, range.limit, (record) => AccessRecord.encode(record).finish().length);
    const isLast = records.length === found.length;
    return { records, nextAfter: isLast ? '' : (records.at(-1)?.requestId ?? '') };
  }

  async appendEvents({ events }: AppendEventsRequest): Promise<AppendEventsResponse> {
    checkEvents(events);
    await this.#store.appendEvents(events);
    await this.#database.flush();
    return {};
  }

  async listEvents({ scope, page, filter }: ListEventsRequest): Promise<ListEventsResponse> {
    const range = rangeOf(scope, page);
    const found = await this.#store.listEvents(oneMore(range), filter);
    const events = pageOf(found, range.limit, (event) => AuditEvent.encode(event).finish().length);
    const isLast = events.length === found.length;
    return { events, nextAfter: isLast ? '' : (events.at(-1)?.eventId ?? '') };
  }

  async sumUsage({ scope, group, fromMs, untilMs, page }: SumUsageRequest): Promise<SumUsageResponse> {
    const { limit, before: after, scope: known } = rangeOf(scope, page);
    return sumUsage(this.#database, { scope: known, group, fromMs, untilMs, after, limit });
  }
}

function rangeOf(scope: Scope | undefined, page: Page | undefined): Range {
  if (scope === undefined || scope.tenant === '') {
    throw new Fault('invalid', 'A list is of a scope.', { details: { field: 'scope' } });
  }
  const limit = page?.limit || PAGE_ROWS;
  if (!Number.isInteger(limit) || limit < 1 || limit > PAGE_ROWS_MAX) {
    throw new Fault('invalid', `A page has 1 to ${PAGE_ROWS_MAX} rows.`, {
      details: { field: 'page.limit' },
    });
  }
  return { scope, before: page?.after ?? '', limit };
}

/** The rows of a page: as many as were asked for, and no more than a message carries. */
function pageOf<Row>(found: Row[], limit: number, bytesOf: (row: Row) => number): Row[] {
  let bytes = 0;
  const end = found.findIndex((row, index) => {
    bytes += bytesOf(row);
    return index > 0 && bytes > PAGE_BYTES_MAX;
  });
  return found.slice(0, end === -1 ? limit : Math.min(end, limit));
}

/** One row more than the page wants tells whether there is a next one. */
function oneMore(range: Range): Range {
  return { ...range, limit: range.limit + 1 };
}
