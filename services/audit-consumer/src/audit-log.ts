// The AuditLog port. What it acknowledged is stored once, however often it is sent, and survives a power cut when the call
// returns.
//
// When the database is down, a call fails as a whole: whoever sent records keeps them and sends them again.

import {
  AccessRecord,
  type AnnounceRequest,
  type AnnounceResponse,
  AuditEvent,
  type AuditLog,
  type GetCompletenessRequest,
  type GetCompletenessResponse,
  type IngestRequest,
  type IngestResponse,
  type ListAccessRequest,
  type ListAccessResponse,
  type ListEventsRequest,
  type ListEventsResponse,
  type ListRootsRequest,
  type ListRootsResponse,
  LogRecord,
  type ReadTrailRequest,
  type ReadTrailResponse,
  SignedRoot,
  type SumUsageRequest,
  type SumUsageResponse,
} from '@ai-switch/contracts';
import type { Signer } from '@ai-switch/event-log';
import { type Clock, Fault } from '@ai-switch/kernel';
import { readCompleteness } from './completeness.ts';
import { conflict, ingestAnnouncement, ingestRecords } from './ingest/ingest.ts';
import { checkIdentity, checkRecord, hexOf, RECORDS_MAX } from './ingest/read-record.ts';
import { type AuditDatabase, listAccess, listEvents } from './lists.ts';
import { firstDistinct, limitIn, oneMore, pageOf, rangeOf } from './pages.ts';
import { readRoots } from './roots.ts';
import type { AuditStore } from './store.ts';
import { sumUsage } from './sum-usage.ts';
import { readTrail } from './trail.ts';

export interface AuditLogParts {
  readonly database: AuditDatabase;
  readonly store: AuditStore;
  readonly signer: Signer | undefined;
  readonly clock: Clock;
}

export class AuditLogService implements AuditLog {
  readonly #parts: AuditLogParts;

  constructor(parts: AuditLogParts) {
    this.#parts = parts;
  }

  async ingest({ producer, epoch, records }: IngestRequest): Promise<IngestResponse> {
    const identity = { producer, epoch };
    checkIdentity(identity);
    checkBatch(records);
    const { database } = this.#parts;
    await database.transactionAsSystem('upkeep', async (trx) => {
      const [other] = await ingestRecords(trx, this.#ingestParts(), identity, records);
      if (other !== undefined) throw conflict(identity, other.sequence);
    });
    await database.flush();
    return {};
  }

  async announce({ producer, epoch, ...announcement }: AnnounceRequest): Promise<AnnounceResponse> {
    const identity = { producer, epoch };
    checkIdentity(identity);
    const { database } = this.#parts;
    const chain = hexOf(announcement.chain);
    await database.transactionAsSystem('upkeep', (trx) =>
      ingestAnnouncement(trx, this.#ingestParts(), identity, { ...announcement, chain }),
    );
    await database.flush();
    return {};
  }

  async listAccess({ scope, userId, page, filter }: ListAccessRequest): Promise<ListAccessResponse> {
    const range = rangeOf(scope, page);
    const found = await listAccess(this.#parts.database, oneMore(range), userId, filter);
    const distinct = firstDistinct(found, ({ requestId }) => requestId);
    const records = pageOf(distinct, range.limit, (record) => AccessRecord.encode(record).finish().length);
    const isLast = records.length === distinct.length && found.length <= range.limit;
    return { records, nextAfter: isLast ? '' : (records.at(-1)?.requestId ?? '') };
  }

  async listEvents({ scope, page, filter }: ListEventsRequest): Promise<ListEventsResponse> {
    const range = rangeOf(scope, page);
    const found = await listEvents(this.#parts.database, oneMore(range), filter);
    const distinct = firstDistinct(found, ({ eventId }) => eventId);
    const events = pageOf(distinct, range.limit, (event) => AuditEvent.encode(event).finish().length);
    const isLast = events.length === distinct.length && found.length <= range.limit;
    return { events, nextAfter: isLast ? '' : (events.at(-1)?.eventId ?? '') };
  }

  async sumUsage({ scope, group, fromMs, untilMs, page }: SumUsageRequest): Promise<SumUsageResponse> {
    const { limit, before: after, scope: known } = rangeOf(scope, page);
    return sumUsage(this.#parts.database, { scope: known, group, fromMs, untilMs, after, limit });
  }

  async getCompleteness({ page }: GetCompletenessRequest): Promise<GetCompletenessResponse> {
    return readCompleteness(this.#parts.database.asSystem('upkeep'), {
      after: page?.after ?? '',
      limit: limitIn(page?.limit ?? 0),
      nowMs: this.#nowMs(),
    });
  }

  async readTrail({ producer, epoch, afterSequence, limit }: ReadTrailRequest): Promise<ReadTrailResponse> {
    // Whatever is stored can be read, even under a name that no producer has.
    const identity = { producer, epoch };
    const rows = limitIn(limit);
    // In one transaction: retention may move the base between two statements.
    return this.#parts.database.transactionAsSystem('upkeep', async (trx) => {
      const log = await trx
        .selectFrom('producer_logs')
        .select(['base_sequence', 'base_chain'])
        .where('producer', '=', producer)
        .where('epoch', '=', epoch)
        .forShare()
        .executeTakeFirst();
      const found = await readTrail(trx, identity, afterSequence, rows);
      const records = found.map(({ sequence, type, data, chain }) => ({ sequence, type, data, chain }));
      return {
        records: pageOf(records, rows, (record) => LogRecord.encode(record).finish().length),
        baseSequence: log?.base_sequence ?? 0n,
        baseChain: Buffer.from(log?.base_chain ?? '', 'hex'),
      };
    });
  }

  async listRoots({ afterNumber, limit }: ListRootsRequest): Promise<ListRootsResponse> {
    const { database, signer } = this.#parts;
    const rows = limitIn(limit);
    const roots = await readRoots(database.asSystem('upkeep'), afterNumber, rows);
    return {
      roots: pageOf(roots, rows, (root) => SignedRoot.encode(root).finish().length),
      publicKey: signer?.publicKey ?? '',
    };
  }

  #ingestParts() {
    return { store: this.#parts.store, signer: this.#parts.signer, nowMs: () => this.#nowMs() };
  }

  #nowMs(): bigint {
    return BigInt(this.#parts.clock.nowMs());
  }
}

/** @throws Fault `tooLarge` or `invalid` */
function checkBatch(records: readonly LogRecord[]): void {
  if (records.length > RECORDS_MAX) {
    throw new Fault('tooLarge', `A call may have at most ${RECORDS_MAX} records. Please split it.`);
  }
  let before = 0n;
  for (const record of records) {
    checkRecord(record);
    if (record.sequence <= before) {
      throw new Fault('invalid', 'Records come by ascending sequence, each once.', {
        details: { field: 'sequence' },
      });
    }
    before = record.sequence;
  }
}
