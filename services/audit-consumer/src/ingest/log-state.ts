// The row that says how far a producer's log is known, held by one transaction at a time. It is signed whenever it changes.

import { type LogState, logStatement, type Signer } from '@ai-switch/event-log';
import type { Transaction } from 'kysely';
import { signHead } from '../head.ts';
import type { AuditSchema, LogRow } from '../schema.ts';
import { nextSeal, sealOf } from '../seals.ts';
import type { Identity } from './read-record.ts';

/** The log's row until the end of the transaction; it is made when there is none. */
export async function lockLog(
  trx: Transaction<AuditSchema>,
  identity: Identity,
  signer: Signer | undefined,
): Promise<LogRow> {
  const found = await selectLog(trx, identity);
  if (found !== undefined) return found;
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('producer_logs')
    .values(newLog(identity, signer))
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow();
  if (numInsertedOrUpdatedRows === 1n)
    await signHead(trx, signer, (head) => ({ ...head, logs: head.logs + 1n }));
  const made = await selectLog(trx, identity);
  if (made === undefined) throw new Error('a log that was just made is not there');
  return made;
}

/**
 * Stores the changed row with its new signature. No root has it yet.
 *
 * @param log as it was locked
 */
export async function storeLog(
  trx: Transaction<AuditSchema>,
  log: LogRow,
  changes: Partial<LogRow>,
  signer: Signer | undefined,
): Promise<void> {
  const { producer, epoch, signature, ...columns } = { ...log, is_rooted: 0n, ...changes };
  const before = { seal: signature, statementOf: statementOf(log) };
  const after = statementOf({ producer, epoch, signature, ...columns });
  await trx
    .updateTable('producer_logs')
    .set({ ...columns, signature: nextSeal(before, after, signer) })
    .where('producer', '=', producer)
    .where('epoch', '=', epoch)
    .execute();
}

/** Of a row that holds what nobody writes here. */
const CHANGED = JSON.stringify({ kind: 'changed' });

/** Its statement by the id of the key that signs it. */
export function statementOf(row: LogRow): (keyId: string) => string {
  const state = stateOf(row);
  const isChanged = [row.is_final, row.is_rooted].some((flag) => flag !== 0n && flag !== 1n);
  return (keyId) => (isChanged ? CHANGED : logStatement(state, keyId));
}

/** What is signed of it. */
function stateOf(row: LogRow): LogState {
  return {
    producer: row.producer,
    epoch: Number(row.epoch),
    lastSequence: Number(row.last_sequence),
    stored: Number(row.stored),
    deleted: Number(row.deleted),
    base: { sequence: Number(row.base_sequence), chain: row.base_chain },
    announced: {
      sequence: Number(row.announced_sequence),
      chain: row.announced_chain,
      atMs: Number(row.announced_at_ms),
      isFinal: row.is_final === 1n,
      dropped: Number(row.dropped),
    },
    isRooted: row.is_rooted === 1n,
  };
}

function selectLog(
  trx: Transaction<AuditSchema>,
  { producer, epoch }: Identity,
): Promise<LogRow | undefined> {
  return trx
    .selectFrom('producer_logs')
    .selectAll()
    .where('producer', '=', producer)
    .where('epoch', '=', epoch)
    .forUpdate()
    .executeTakeFirst();
}

function newLog({ producer, epoch }: Identity, signer: Signer | undefined): LogRow {
  const row = {
    producer,
    epoch,
    last_sequence: 0n,
    stored: 0n,
    deleted: 0n,
    base_sequence: 0n,
    base_chain: '',
    announced_sequence: 0n,
    announced_chain: '',
    announced_at_ms: 0n,
    is_final: 0n,
    dropped: 0n,
    is_rooted: 0n,
    signature: '',
  };
  return { ...row, signature: sealOf(statementOf(row), signer) };
}
