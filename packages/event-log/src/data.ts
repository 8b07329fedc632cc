// A record of the log as JSON text, the same text whoever writes it: fields in the order of the tables below, 64-bit numbers as
// decimal text, fields at their default left out, the keys of maps sorted. So a record can be rebuilt from the columns that it
// was stored in, and its hash be checked there. Pure.

import { AccessRecord, AuditEvent, type TokenCounts } from '@ai-switch/contracts';

/** What a log holds. It is also the Kafka topic and the CloudEvents type of each. */
export const RECORD_TYPES = ['aiswitch.access.v1', 'aiswitch.audit.v1'] as const;
export type RecordType = (typeof RECORD_TYPES)[number];

export function isRecordType(type: string): type is RecordType {
  return (RECORD_TYPES as readonly string[]).includes(type);
}

export type Entry =
  | { readonly type: 'aiswitch.access.v1'; readonly record: AccessRecord }
  | { readonly type: 'aiswitch.audit.v1'; readonly record: AuditEvent };

/** `optional*` keeps a zero apart from what is absent. */
export type FieldKind = 'text' | 'int64' | 'int32' | 'optionalInt32' | 'bool' | 'texts' | 'map' | 'tokens';

// A new field goes to the end, so that the text of records without it stays what it was.
const ACCESS_FIELDS: Readonly<Record<keyof AccessRecord, FieldKind>> = {
  requestId: 'text',
  tenant: 'text',
  userId: 'text',
  keyId: 'text',
  startedAtMs: 'int64',
  dialect: 'text',
  alias: 'text',
  provider: 'text',
  model: 'text',
  streaming: 'bool',
  httpStatus: 'int32',
  outcome: 'text',
  faultCode: 'text',
  usage: 'tokens',
  usageEstimated: 'bool',
  durationMs: 'int32',
  firstByteMs: 'optionalInt32',
  attempts: 'int32',
  dropped: 'texts',
  clientAddress: 'text',
  userAgent: 'text',
  departmentPath: 'text',
  projectId: 'text',
};

const EVENT_FIELDS: Readonly<Record<keyof AuditEvent, FieldKind>> = {
  eventId: 'text',
  tenant: 'text',
  actor: 'text',
  action: 'text',
  subject: 'text',
  atMs: 'int64',
  details: 'map',
  requestId: 'text',
  departmentPath: 'text',
  userId: 'text',
  clientAddress: 'text',
};

/** The fields of each type, in the order in which they are written. */
export const RECORD_FIELDS = {
  'aiswitch.access.v1': ACCESS_FIELDS,
  'aiswitch.audit.v1': EVENT_FIELDS,
} as const;

/** The one text of a record. */
export function dataOf({ type, record }: Entry): string {
  const written: Record<string, unknown> = {};
  const fields: Readonly<Record<string, FieldKind>> = RECORD_FIELDS[type];
  for (const name in fields) {
    const value = writtenValue(fields[name] ?? 'text', (record as unknown as Record<string, unknown>)[name]);
    if (value !== undefined) written[name] = value;
  }
  return JSON.stringify(written);
}

/** Undefined for a value that is left out. */
function writtenValue(kind: FieldKind, value: unknown): unknown {
  switch (kind) {
    case 'int64':
      return value === 0n ? undefined : String(value);
    case 'optionalInt32':
      return value;
    case 'texts':
      return (value as readonly string[]).length === 0 ? undefined : value;
    case 'map':
      return sortedOrNothing(value as Readonly<Record<string, string>>);
    case 'tokens':
      return value === undefined ? undefined : writtenTokens(value as TokenCounts);
    default:
      return value || undefined;
  }
}

function sortedOrNothing(map: Readonly<Record<string, string>>): object | undefined {
  const names = Object.keys(map);
  if (names.length === 0) return undefined;
  // Pairs and not an object, which would put names that are numbers first.
  return names.sort().map((name) => [name, map[name]]);
}

function writtenTokens({ input, output, cacheRead, cacheWrite }: TokenCounts): readonly string[] {
  return [String(input), String(output), String(cacheRead), String(cacheWrite)];
}

/**
 * The record that a text stands for. Fields that this version does not know are not in it: `dataOf` then gives another text.
 * @throws Error for a text that is no record of its type
 */
export function entryOf(type: RecordType, data: string): Entry {
  const written: unknown = JSON.parse(data);
  if (typeof written !== 'object' || written === null || Array.isArray(written)) throw wrong('the record');
  const fields: Readonly<Record<string, FieldKind>> = RECORD_FIELDS[type];
  const read: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(written)) {
    const kind = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (kind !== undefined) read[name] = readValue(kind, value, name);
  }
  return type === 'aiswitch.access.v1'
    ? { type, record: AccessRecord.create(read) }
    : { type, record: AuditEvent.create(read) };
}

function readValue(kind: FieldKind, value: unknown, name: string): unknown {
  switch (kind) {
    case 'text':
      if (typeof value === 'string') return value;
      break;
    case 'bool':
      if (typeof value === 'boolean') return value;
      break;
    case 'int32':
    case 'optionalInt32':
      if (Number.isInteger(value) && Math.abs(value as number) < 2 ** 31) return value;
      break;
    case 'int64':
      return readInt64(value, name);
    case 'texts':
      if (isTexts(value)) return value;
      break;
    case 'map':
      if (Array.isArray(value) && value.every((pair) => isTexts(pair) && pair.length === 2))
        return Object.fromEntries(value);
      break;
    case 'tokens':
      if (isTexts(value) && value.length === 4) {
        const [input, output, cacheRead, cacheWrite] = value.map((text) => readInt64(text, name));
        return { input, output, cacheRead, cacheWrite };
      }
  }
  throw wrong(name);
}

const INT64 = /^-?(0|[1-9][0-9]{0,18})$/;

function readInt64(value: unknown, name: string): bigint {
  if (typeof value !== 'string' || !INT64.test(value)) throw wrong(name);
  const number = BigInt(value);
  if (BigInt.asIntN(64, number) !== number) throw wrong(name);
  return number;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}

function wrong(what: string): Error {
  return new Error(`${what} is not as the log writes it`);
}
