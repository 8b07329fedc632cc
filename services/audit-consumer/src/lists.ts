// The lists of the audit log, read within a scope and by the ids of their rows, newest first. A record that came under two
// places of the trail, because its producer began anew, stands in a list once.

import type { AccessFilter, AccessRecord, AuditEvent, EventFilter } from '@ai-switch/contracts';
import type { RowScope, ScopedDatabase } from '@ai-switch/db';
import { sql } from 'kysely';
import { eventOf, recordOf } from './record-rules.ts';
import type { AuditSchema, scopedTables } from './schema.ts';

export type AuditDatabase = ScopedDatabase<AuditSchema, typeof scopedTables>;

/** Which rows of a list: those with an id below `before`, newest first; all for an empty one. */
export interface Range {
  readonly scope: RowScope;
  readonly before: string;
  readonly limit: number;
}

/** An empty `userId` lists every user's. */
export async function listAccess(
  database: AuditDatabase,
  { scope, before, limit }: Range,
  userId: string,
  filter: AccessFilter | undefined,
): Promise<AccessRecord[]> {
  const found = await database.within(scope, (rows) =>
    rows
      .selectFrom('access_records')
      .selectAll()
      .$if(userId !== '', (query) => query.where('user_id', '=', userId))
      .$if(before !== '', (query) => query.where('request_id', '<', before))
      .$if(isSet(filter?.departmentPath), (query) => query.where(isAtOrBelow(filter?.departmentPath ?? '')))
      .$if(isSet(filter?.projectId), (query) => query.where('project_id', '=', filter?.projectId ?? ''))
      .$if(isSet(filter?.keyId), (query) => query.where('key_id', '=', filter?.keyId ?? ''))
      .$if(isSet(filter?.alias), (query) => query.where('alias', '=', filter?.alias ?? ''))
      .$if(isSet(filter?.outcome), (query) => query.where('outcome', '=', filter?.outcome ?? ''))
      .$if(filter?.fromMs !== undefined, (query) => query.where('started_at_ms', '>=', filter?.fromMs ?? 0n))
      .$if(filter?.untilMs !== undefined, (query) => query.where('started_at_ms', '<', filter?.untilMs ?? 0n))
      .orderBy('request_id', 'desc')
      .orderBy('producer')
      .orderBy('epoch')
      .orderBy('sequence')
      .limit(limit)
      .execute(),
  );
  return found.map(recordOf);
}

export async function listEvents(
  database: AuditDatabase,
  { scope, before, limit }: Range,
  filter: EventFilter | undefined,
): Promise<AuditEvent[]> {
  const { action = '' } = filter ?? {};
  const found = await database.within(scope, (rows) =>
    rows
      .selectFrom('audit_events')
      .selectAll()
      .$if(before !== '', (query) => query.where('event_id', '<', before))
      .$if(isSet(filter?.actor), (query) => query.where('actor', '=', filter?.actor ?? ''))
      .$if(isSet(filter?.subject), (query) => query.where('subject', '=', filter?.subject ?? ''))
      .$if(action !== '' && !action.endsWith('.'), (query) => query.where('action', '=', action))
      .$if(action.endsWith('.'), (query) => query.where(beginsWith('action', action)))
      .$if(filter?.fromMs !== undefined, (query) => query.where('at_ms', '>=', filter?.fromMs ?? 0n))
      .$if(filter?.untilMs !== undefined, (query) => query.where('at_ms', '<', filter?.untilMs ?? 0n))
      .orderBy('event_id', 'desc')
      .orderBy('producer')
      .orderBy('epoch')
      .orderBy('sequence')
      .limit(limit)
      .execute(),
  );
  return found.map(eventOf);
}

function isSet(text: string | undefined): boolean {
  return text !== undefined && text !== '';
}

function isAtOrBelow(path: string) {
  return beginsWith('department_path', path);
}

/** Not `like`, whose wildcards an id may hold. */
function beginsWith(column: string, text: string) {
  return sql<boolean>`substr(${sql.ref(column)}, 1, ${sql.lit(text.length)}) = ${text}`;
}
