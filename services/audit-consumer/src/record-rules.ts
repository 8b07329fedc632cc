// Pure: records and events as rows and back. What a client can make long is cut, so that no record is refused for it and
// a batch cannot fill the disk; what identifies a record is never cut, because two records could become one.

import { AccessRecord, AuditEvent, TokenCounts } from '@ai-switch/contracts';
import type { AccessRow, EventRow, TrailPlace } from './schema.ts';

/** Ids of users and keys, names of models and providers, codes, addresses. */
export const NAME_CHARACTERS_MAX = 256;
export const USER_AGENT_CHARACTERS_MAX = 512;
export const DROPPED_MAX = 32;
export const DETAILS_MAX = 32;
export const DETAIL_CHARACTERS_MAX = 1_024;

const IDENTITY = /^[!-~]{1,128}$/;
const TENANT = /^[!-~]{0,128}$/;

/** What keeps a record from being stored as a row; undefined for nothing. */
export function whyUnread(id: string, tenant: string): string | undefined {
  if (!IDENTITY.test(id)) return 'its id is not 1 to 128 printable characters';
  if (!TENANT.test(tenant)) return 'its tenant is not at most 128 printable characters';
  return undefined;
}

/** All but the row's place and original. */
export type AccessColumns = Omit<AccessRow, keyof TrailPlace | 'original'>;
export type EventColumns = Omit<EventRow, keyof TrailPlace | 'original'>;

export function accessRowOf(record: AccessRecord): AccessColumns {
  const { usage } = record;
  return {
    tenant: record.tenant,
    request_id: record.requestId,
    user_id: cut(record.userId, NAME_CHARACTERS_MAX),
    key_id: cut(record.keyId, NAME_CHARACTERS_MAX),
    started_at_ms: record.startedAtMs,
    dialect: cut(record.dialect, NAME_CHARACTERS_MAX),
    alias: cut(record.alias, NAME_CHARACTERS_MAX),
    provider: cut(record.provider, NAME_CHARACTERS_MAX),
    model: cut(record.model, NAME_CHARACTERS_MAX),
    streaming: record.streaming ? 1n : 0n,
    http_status: whole(record.httpStatus),
    outcome: cut(record.outcome, NAME_CHARACTERS_MAX),
    fault_code: cut(record.faultCode, NAME_CHARACTERS_MAX),
    input_tokens: usage?.input ?? null,
    output_tokens: usage?.output ?? null,
    cache_read_tokens: usage?.cacheRead ?? null,
    cache_write_tokens: usage?.cacheWrite ?? null,
    usage_estimated: record.usageEstimated ? 1n : 0n,
    duration_ms: whole(record.durationMs),
    first_byte_ms: record.firstByteMs === undefined ? null : whole(record.firstByteMs),
    attempts: whole(record.attempts),
    dropped: droppedText(record.dropped),
    client_address: cut(record.clientAddress, NAME_CHARACTERS_MAX),
    user_agent: cut(record.userAgent, USER_AGENT_CHARACTERS_MAX),
    department_path: cut(record.departmentPath, NAME_CHARACTERS_MAX),
    project_id: cut(record.projectId, NAME_CHARACTERS_MAX),
  };
}

export function eventRowOf(event: AuditEvent): EventColumns {
  const details = Object.entries(event.details)
    .slice(0, DETAILS_MAX)
    .map(([name, value]) => [cut(name, NAME_CHARACTERS_MAX), cut(value, DETAIL_CHARACTERS_MAX)] as const)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return {
    tenant: event.tenant,
    event_id: event.eventId,
    actor: cut(event.actor, NAME_CHARACTERS_MAX),
    action: cut(event.action, NAME_CHARACTERS_MAX),
    subject: cut(event.subject, NAME_CHARACTERS_MAX),
    at_ms: event.atMs,
    details: JSON.stringify(Object.fromEntries(details)),
    request_id: cut(event.requestId, NAME_CHARACTERS_MAX),
    department_path: cut(event.departmentPath, NAME_CHARACTERS_MAX),
    user_id: cut(event.userId, NAME_CHARACTERS_MAX),
    client_address: cut(event.clientAddress, NAME_CHARACTERS_MAX),
  };
}

export function recordOf(row: AccessColumns): AccessRecord {
  return AccessRecord.create({
    requestId: row.request_id,
    tenant: row.tenant,
    userId: row.user_id,
    keyId: row.key_id,
    startedAtMs: row.started_at_ms,
    dialect: row.dialect,
    alias: row.alias,
    provider: row.provider,
    model: row.model,
    streaming: row.streaming !== 0n,
    httpStatus: Number(row.http_status),
    outcome: row.outcome,
    faultCode: row.fault_code,
    usage: usageOf(row),
    usageEstimated: row.usage_estimated !== 0n,
    durationMs: Number(row.duration_ms),
    firstByteMs: row.first_byte_ms === null ? undefined : Number(row.first_byte_ms),
    attempts: Number(row.attempts),
    dropped: JSON.parse(row.dropped) as string[],
    clientAddress: row.client_address,
    userAgent: row.user_agent,
    departmentPath: row.department_path,
    projectId: row.project_id,
  });
}

export function eventOf(row: EventColumns): AuditEvent {
  return AuditEvent.create({
    eventId: row.event_id,
    tenant: row.tenant,
    actor: row.actor,
    action: row.action,
    subject: row.subject,
    atMs: row.at_ms,
    details: JSON.parse(row.details) as Record<string, string>,
    requestId: row.request_id,
    departmentPath: row.department_path,
    userId: row.user_id,
    clientAddress: row.client_address,
  });
}

function usageOf(row: AccessColumns): TokenCounts | undefined {
  if (row.input_tokens === null) return undefined;
  return TokenCounts.create({
    input: row.input_tokens,
    output: row.output_tokens ?? 0n,
    cacheRead: row.cache_read_tokens ?? 0n,
    cacheWrite: row.cache_write_tokens ?? 0n,
  });
}

function droppedText(dropped: readonly string[]): string {
  if (dropped.length === 0) return '[]';
  return JSON.stringify(dropped.slice(0, DROPPED_MAX).map((name) => cut(name, NAME_CHARACTERS_MAX)));
}

/** A caller in the same process may measure in fractions; over gRPC they never get here. */
function whole(count: number): bigint {
  return BigInt(Math.round(count));
}

/** At most `charactersMax` UTF-16 units, never half a character. PostgreSQL's text has no NUL, and UTF-8 no lone surrogate. */
function cut(text: string, charactersMax: number): string {
  const short = text.length <= charactersMax ? text : text.slice(0, endOfCharacter(text, charactersMax));
  return (short.includes('\0') ? short.replaceAll('\0', '\uFFFD') : short).toWellFormed();
}

function endOfCharacter(text: string, end: number): number {
  const isHighSurrogate = (text.charCodeAt(end - 1) & 0xfc00) === 0xd800;
  return isHighSurrogate ? end - 1 : end;
}
