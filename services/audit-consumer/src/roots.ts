// Every hour a root is signed: a tree over what has changed in every producer's log since the one before, with that one's
// signature. Whoever has a root elsewhere can prove that nothing up to it was changed since.
//
// When the database is down there is no root, and the next one covers all the same.

import type { SignedRoot } from '@ai-switch/contracts';
import {
  type Island,
  islandDigest,
  leafText,
  merkleRoot,
  type Point,
  type RootLeaf,
  rootStatement,
  type Signer,
} from '@ai-switch/event-log';
import type { Kysely, Transaction } from 'kysely';
import { selectHead, signHead } from './head.ts';
import { lockLog, storeLog } from './ingest/log-state.ts';
import type { AuditDatabase } from './lists.ts';
import type { AuditSchema, LogRow } from './schema.ts';
import { signatureIn } from './seals.ts';
import type { AuditStore } from './store.ts';
import { readTrail } from './trail.ts';

/** Runs of records behind gaps that one leaf names; a log has as many gaps only when something is very wrong. */
const ISLANDS_MAX = 1_000;

export interface RootParts {
  readonly database: AuditDatabase;
  readonly store: AuditStore;
  readonly signer: Signer;
}

/** @returns the root that was signed; undefined when the newest is younger than `ageMs` */
export async function signRoot(
  { database, store, signer }: RootParts,
  nowMs: bigint,
  ageMs: bigint,
): Promise<SignedRoot | undefined> {
  return database.transactionAsSystem('upkeep', async (trx) => {
    // Whoever else would sign one waits here.
    const head = await selectHead(trx).forUpdate().executeTakeFirstOrThrow();
    const newest = await trx
      .selectFrom('roots')
      .select(['number', 'at_ms'])
      .orderBy('number', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (newest !== undefined && nowMs - newest.at_ms < ageMs) return undefined;
    const leaves = await takeLeaves(trx, store, signer);
    // After the last one that was signed, whether it is still there or not: one that is gone leaves its gap.
    const last = newest?.number ?? 0n;
    const number = (head.roots > last ? head.roots : last) + 1n;
    const root = {
      ...{ number: Number(number), atMs: Number(nowMs), previous: head.root_signature },
      ...{ tree: merkleRoot(leaves).toString('hex'), leafCount: leaves.length },
    };
    const statement = rootStatement(root, signer.keyId);
    const signature = Buffer.from(signer.sign(statement)).toString('base64');
    await trx
      .insertInto('roots')
      .values({ number, at_ms: nowMs, statement, signature, leaves: JSON.stringify(leaves) })
      .execute();
    await signHead(trx, signer, ({ logs }) => ({ logs, roots: number, root_signature: signature }));
    return { number, atMs: nowMs, statement, signature: Buffer.from(signature, 'base64'), leaves };
  });
}

/** Oldest first. */
export async function readRoots(
  kysely: Kysely<AuditSchema>,
  afterNumber: bigint,
  limit: number,
): Promise<SignedRoot[]> {
  const rows = await kysely
    .selectFrom('roots')
    .selectAll()
    .where('number', '>', afterNumber)
    .orderBy('number')
    .limit(limit)
    .execute();
  return rows.map(({ number, at_ms, statement, signature, leaves }) => ({
    number,
    atMs: at_ms,
    statement,
    signature: signatureIn(signature),
    leaves: leavesIn(leaves),
  }));
}

/** What is not as it was written comes as it stands: it is no leaf, and no tree is of it. */
function leavesIn(text: string): string[] {
  try {
    const leaves: unknown = JSON.parse(text);
    if (Array.isArray(leaves) && JSON.stringify(leaves) === text) return leaves.map(String);
  } catch {
    // Somebody changed it.
  }
  return [text];
}

/** The leaves of all logs that have changed, which are then noted as covered. */
async function takeLeaves(
  trx: Transaction<AuditSchema>,
  store: AuditStore,
  signer: Signer,
): Promise<string[]> {
  const changed = await trx
    .selectFrom('producer_logs')
    .select(['producer', 'epoch'])
    .where('is_rooted', '=', 0n)
    .orderBy('producer')
    .orderBy('epoch')
    .execute();
  const leaves: string[] = [];
  for (const identity of changed) {
    const log = await lockLog(trx, identity, signer);
    leaves.push(leafText(await leafOf(trx, store, log)));
    await storeLog(trx, log, { is_rooted: 1n }, signer);
  }
  return leaves;
}

async function leafOf(trx: Transaction<AuditSchema>, store: AuditStore, log: LogRow): Promise<RootLeaf> {
  const gaps = await trx
    .selectFrom('trail_gaps')
    .select(['first_sequence', 'last_sequence'])
    .where('producer', '=', log.producer)
    .where('epoch', '=', log.epoch)
    .orderBy('first_sequence')
    .limit(ISLANDS_MAX)
    .execute();
  const islands: Island[] = [];
  for (const [index, gap] of gaps.entries()) {
    const [record] = await readTrail(trx, log, gap.last_sequence, 1);
    if (record?.sequence !== gap.last_sequence + 1n) continue;
    const end = (gaps[index + 1]?.first_sequence ?? log.last_sequence + 1n) - 1n;
    const last = await pointAt(trx, store, log, gaps.length < ISLANDS_MAX ? end : record.sequence);
    const digest = islandDigest(record.type, record.data);
    islands.push([Number(record.sequence), digest, last.sequence, last.chain]);
  }
  const head = (gaps[0]?.first_sequence ?? log.last_sequence + 1n) - 1n;
  return {
    producer: log.producer,
    epoch: Number(log.epoch),
    head: await pointAt(trx, store, log, head),
    lastSequence: Number(log.last_sequence),
    stored: Number(log.stored),
    base: { sequence: Number(log.base_sequence), chain: log.base_chain },
    islands,
  };
}

async function pointAt(
  trx: Transaction<AuditSchema>,
  store: AuditStore,
  log: LogRow,
  sequence: bigint,
): Promise<Point> {
  const chain =
    sequence === log.base_sequence ? log.base_chain : ((await store.chainAt(trx, log, sequence)) ?? '');
  return { sequence: Number(sequence), chain };
}
