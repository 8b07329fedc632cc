import { z } from 'zod';
import type { Route } from './route.ts';
import { int64, pageOf, pageQuery, timeMs } from './schemas.ts';

/** A number of the trail as a caller gives it: whatever is stored can be asked for. */
const sequence = z.coerce
  .number()
  .int()
  .min(Number.MIN_SAFE_INTEGER)
  .max(Number.MAX_SAFE_INTEGER)
  .transform((number) => BigInt(number));

const signed = {
  statement: z.string().describe('What the signature is of: JSON.'),
  signature: z.string().describe('Ed25519 over the statement’s UTF-8, in base64; empty for none.'),
};
const chain = z.string().describe('The hash in hex.');
const limit = pageQuery.shape.limit;

const trailLog = z
  .object({
    producer: z.string().describe('Who wrote it: a service and its instance.'),
    epoch: int64.describe('How often it has begun anew, from 1.'),
    lastSequence: int64.describe('The highest that was announced or has come.'),
    stored: int64.describe('Records that are stored, those that went because of their age included.'),
    deletedSequence: int64.describe('Up to here records went because of their age; 0 for none.'),
    missing: z
      .array(z.object({ first: int64, last: int64 }))
      .describe('Sequences that have been missing for a minute, at most 100 spans.'),
    missingCount: int64,
    announcedAtMs: timeMs,
    isFinal: z.boolean().describe('Nothing comes after the last announcement.'),
    dropped: int64.describe('Records that the producer gave up by policy; they have no sequence.'),
    ...signed,
  })
  .meta({ id: 'TrailLog' });

const trailRecord = z
  .object({
    sequence: int64,
    type: z.string(),
    data: z.string().describe('JSON, rebuilt from what is stored.'),
    chain,
  })
  .meta({ id: 'TrailRecord' });

const signedRoot = z
  .object({
    number: int64,
    atMs: timeMs,
    ...signed,
    leaves: z
      .array(z.string())
      .describe('What the statement’s tree is of: JSON of each log that has changed.'),
  })
  .meta({ id: 'SignedRoot' });

export const trailRoutes = {
  listTrailLogs: {
    method: 'get',
    path: '/audit-trail/logs',
    tag: 'records',
    summary: 'Say of each producer’s log what was accepted, what is stored and what is missing',
    permission: 'root',
    query: pageQuery,
    reply: pageOf(trailLog).extend({
      unread: int64.describe('Records that could not be read and are kept apart.'),
      ...signed,
    }),
  },
  readTrail: {
    method: 'get',
    path: '/audit-trail/records',
    tag: 'records',
    summary: 'Read a producer’s log as it is stored, for whoever verifies it',
    permission: 'root',
    query: z.strictObject({
      producer: z.string().max(256),
      epoch: sequence,
      after: sequence.optional().describe('A sequence; from the beginning unless told otherwise.'),
      limit,
    }),
    reply: z.object({
      records: z.array(trailRecord).describe('By ascending sequence.'),
      base: z
        .object({ sequence: int64, chain })
        .describe('Before the oldest record that is there; 0 and empty when none went.'),
    }),
  },
  listRoots: {
    method: 'get',
    path: '/audit-trail/roots',
    tag: 'records',
    summary: 'List the signed roots of the audit trail, oldest first',
    permission: 'root',
    query: z.strictObject({ after: sequence.optional().describe('A number of a root.'), limit }),
    reply: z.object({
      roots: z.array(signedRoot),
      publicKey: z.string().describe('In PEM. Nobody should believe it who has not got it elsewhere.'),
    }),
  },
} as const satisfies Record<string, Route>;

export type TrailRoutes = typeof trailRoutes;
