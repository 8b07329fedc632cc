// UPDATE_SCHEMA=1 writes docs/audit-record.schema.json anew.

import { readFileSync, writeFileSync } from 'node:fs';
import { AccessRecord, AuditEvent } from '@ai-switch/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type FieldKind, RECORD_FIELDS } from '../src/data.ts';
import { announcementMessage, recordMessage } from '../src/envelope.ts';
import { chainOf, dataOf, type Entry, NO_CHAIN, type RecordType } from '../src/index.ts';
import { auditRecordSchema, SCHEMA_PATH, type Schema } from './audit-record-schema.ts';
import { schemaFaults } from './schema-faults.ts';

const made = auditRecordSchema();
if (process.env.UPDATE_SCHEMA === '1') writeFileSync(SCHEMA_PATH, `${JSON.stringify(made, null, 2)}\n`);
const published: Schema = JSON.parse(readFileSync(SCHEMA_PATH, 'utf8'));

test('the published schema is that of what the log writes', () => {
  expect(published).toEqual(made);
});

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const int32 = fc.integer();
const anyText = fc.string({ unit: 'binary', maxLength: 20 });
const VALUES: Readonly<Record<FieldKind, fc.Arbitrary<unknown>>> = {
  text: anyText,
  bool: fc.boolean(),
  int32,
  optionalInt32: fc.option(int32, { nil: undefined }),
  int64,
  texts: fc.array(anyText, { maxLength: 4 }),
  map: fc.dictionary(anyText, anyText, { maxKeys: 4 }),
  tokens: fc.option(fc.record({ input: int64, output: int64, cacheRead: int64, cacheWrite: int64 }), {
    nil: undefined,
  }),
};

const identity = { producer: 'edge-gateway/0123456789abcdef', epoch: 7 };

function entries(type: RecordType): fc.Arbitrary<Entry> {
  const fields: Readonly<Record<string, FieldKind>> = RECORD_FIELDS[type];
  const values = Object.entries(fields).map(([name, kind]) => [name, VALUES[kind]] as const);
  return fc.record(Object.fromEntries(values)).map((read): Entry => {
    return type === 'aiswitch.access.v1'
      ? { type, record: AccessRecord.create(read) }
      : { type, record: AuditEvent.create(read) };
  });
}

/** A record as Kafka gets it. */
function message(entry: Entry): unknown {
  const next = { sequence: 3, type: entry.type, data: dataOf(entry) };
  const chain = chainOf(NO_CHAIN, identity, next);
  return JSON.parse(
    recordMessage(identity, { ...next, chain, tenant: entry.record.tenant, atMs: 1_700_000_000_000 }),
  );
}

test.each(['aiswitch.access.v1', 'aiswitch.audit.v1'] as const)(
  'every record of %s is as the schema says, and each of its fields is described',
  (type) => {
    fc.assert(
      fc.property(entries(type), (entry) => {
        expect(schemaFaults(message(entry), published, published)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  },
);

test('every announcement is as the schema says', () => {
  for (const lastSequence of [0, 5_000_000_000]) {
    const chain = lastSequence === 0 ? new Uint8Array() : NO_CHAIN;
    const text = announcementMessage(identity, { lastSequence, chain, atMs: 0, isFinal: true, dropped: 2 });
    expect(schemaFaults(JSON.parse(text), published, published)).toEqual([]);
  }
});

test.each<[string, (written: Record<string, unknown>) => object]>([
  ['another type', (written) => ({ ...written, type: 'aiswitch.usage.v1' })],
  ['no epoch', ({ epoch, ...written }) => written],
  ['a hash that is cut', (written) => ({ ...written, chain: 'ab' })],
  ['sequence 0', (written) => ({ ...written, sequence: 0 })],
  ['a number in place of a 64-bit text', (written) => ({ ...written, data: { startedAtMs: 1 } })],
  ['three counts of tokens', (written) => ({ ...written, data: { usage: ['1', '2', '3'] } })],
  ['a field that nobody described', (written) => ({ ...written, data: { prompt: 'Hello' } })],
])('a message with %s is not as the schema says', (_, change) => {
  const record = AccessRecord.create({ requestId: 'req_1', tenant: 'default' });
  const written = message({ type: 'aiswitch.access.v1', record }) as Record<string, unknown>;
  expect(schemaFaults(written, published, published)).toEqual([]);
  expect(schemaFaults(change(written), published, published)).not.toEqual([]);
});
