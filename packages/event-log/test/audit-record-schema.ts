// docs/audit-record.schema.json, made from what the log writes and from what `proto/` says of each field.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FieldKind, RECORD_FIELDS, type RecordType } from '../src/data.ts';
import { ANNOUNCEMENT_TYPE } from '../src/index.ts';

const ROOT = join(import.meta.dirname, '../../..');
export const SCHEMA_PATH = join(ROOT, 'docs/audit-record.schema.json');

export type Schema = Readonly<Record<string, unknown>>;

export function auditRecordSchema(): Schema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:ai-switch:audit-record:v1',
    title: 'Messages of the event log',
    description:
      'What services write into Kafka: CloudEvents 1.0 in structured JSON. A record is known by producer, epoch and sequence and may come more than once. Readers pass over fields that they do not know: new ones are added, and none changes its meaning.',
    oneOf: [{ $ref: '#/$defs/access' }, { $ref: '#/$defs/audit' }, { $ref: '#/$defs/announcement' }],
    $defs: {
      access: recordSchema('aiswitch.access.v1', 'AccessRecord', 'One request as the edge saw it.'),
      audit: recordSchema('aiswitch.audit.v1', 'AuditEvent', 'One change or one decision.'),
      announcement: announcementSchema(),
      count: {
        type: 'string',
        pattern: '^-?(0|[1-9][0-9]{0,18})$',
        description: 'A 64-bit number as decimal text.',
      },
      hash: { type: 'string', pattern: '^[0-9a-f]{64}$', description: 'SHA-256 in hex.' },
    },
  };
}

const text = (description: string) => ({ type: 'string', description });
const wholeNumber = (minimum: number, description: string) => ({ type: 'integer', minimum, description });

/** What CloudEvents asks for, and whose log it is. */
function head(
  type: string,
  description: string,
  id: string,
): { properties: Record<string, Schema>; required: string[] } {
  const properties = {
    specversion: { const: '1.0' },
    id: { type: 'string', pattern: id, description: 'The same for a record that comes again.' },
    source: { type: 'string', pattern: '^/ai-switch/', description: '`/ai-switch/` and the producer.' },
    type: { const: type, description },
    time: {
      type: 'string',
      pattern: '^[+-]?\\d{4,6}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$',
      description: 'When it happened.',
    },
    datacontenttype: { const: 'application/json' },
    producer: text('The service, and one folder of it: `edge-gateway/3f9c0a…`.'),
    epoch: wholeNumber(1, 'How often that log has begun anew; sequences are contiguous from 1 in each.'),
  };
  return { properties, required: [...Object.keys(properties), 'data'] };
}

function recordSchema(type: RecordType, message: string, description: string): Schema {
  const { properties, required } = head(type, description, '^.+/[1-9][0-9]*/[1-9][0-9]*$');
  const own = {
    tenant: text('The company; also the key of the message in Kafka.'),
    sequence: wholeNumber(1, 'The place of the record in its log.'),
    chain: {
      $ref: '#/$defs/hash',
      description:
        'SHA-256 over the 32 bytes of the record before (zeros for the first) and `<producer>\\n<epoch>\\n<sequence>\\n<type>\\n<data as it is written here>`.',
    },
  };
  return {
    type: 'object',
    description,
    properties: { ...properties, ...own, data: dataSchema(type, message) },
    required: [...required, ...Object.keys(own)],
  };
}

/** Nothing of it is required: what is empty is left out. */
function dataSchema(type: RecordType, message: string): Schema {
  const described = descriptionsOf(message);
  const fields: Readonly<Record<string, FieldKind>> = RECORD_FIELDS[type];
  const properties = Object.fromEntries(
    Object.entries(fields).map(([name, kind]) => {
      const description = described.get(name);
      return [name, { ...KIND_SCHEMAS[kind], ...(description !== undefined && { description }) }];
    }),
  );
  return {
    type: 'object',
    description: 'What is empty, zero or false is left out, unless the field tells zero from absent.',
    properties,
  };
}

const KIND_SCHEMAS: Readonly<Record<FieldKind, Schema>> = {
  text: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer' },
  optionalInt32: { type: 'integer' },
  int64: { $ref: '#/$defs/count' },
  texts: { type: 'array', items: { type: 'string' } },
  map: {
    type: 'array',
    items: { type: 'array', prefixItems: [{ type: 'string' }, { type: 'string' }], minItems: 2, maxItems: 2 },
  },
  tokens: { type: 'array', items: { $ref: '#/$defs/count' }, minItems: 4, maxItems: 4 },
};

function announcementSchema(): Schema {
  const { properties, required } = head(ANNOUNCEMENT_TYPE, 'How far a log goes.', '/announcement-[0-9]+$');
  const data = {
    lastSequence: wholeNumber(0, 'Every record up to it was written; 0 when there is none.'),
    chain: {
      type: 'string',
      pattern: '^([0-9a-f]{64})?$',
      description: 'The hash of that record; empty for none.',
    },
    isFinal: { type: 'boolean', description: 'Nothing follows in this epoch.' },
    dropped: wholeNumber(
      0,
      'Records that were given up since the epoch began, by policy or by a fault of the disk.',
    ),
  };
  return {
    type: 'object',
    description: 'How far a log goes, every ten seconds and at its end; on the topic aiswitch.audit.v1.',
    properties: {
      ...properties,
      data: { type: 'object', properties: data, required: Object.keys(data) },
    },
    required,
  };
}

/** The comments of a message's fields. */
function descriptionsOf(message: string): ReadonlyMap<string, string> {
  const proto = readFileSync(join(ROOT, 'proto/aiswitch/v1/audit.proto'), 'utf8');
  const body = new RegExp(`^message ${message} \\{\\n([^}]*)\\}`, 'm').exec(proto)?.[1] ?? '';
  const found = new Map<string, string>([
    ['usage', 'Tokens: input, output, read from and written to the cache.'],
  ]);
  let comment: string[] = [];
  for (const line of body.split('\n').map((each) => each.trim())) {
    const name = /(\w+) = \d+;$/.exec(line)?.[1];
    if (line.startsWith('//')) comment.push(line.slice(2).trim());
    if (name === undefined) continue;
    if (comment.length > 0) found.set(camelCased(name), comment.join(' '));
    comment = [];
  }
  return found;
}

function camelCased(name: string): string {
  return name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
