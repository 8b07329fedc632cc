// How many logs and roots there are, signed, so that none of them can go as a whole.

import { headStatement, type Signer } from '@ai-switch/event-log';
import { ConfigError } from '@ai-switch/kernel';
import type { Kysely, Transaction } from 'kysely';
import { statementOf as logStatementOf } from './ingest/log-state.ts';
import type { AuditDatabase } from './lists.ts';
import type { AuditSchema, HeadRow } from './schema.ts';
import { nextSeal, sealIn, sealOf } from './seals.ts';

const HEAD_ID = 1n;

export interface Head {
  readonly logs: bigint;
  readonly roots: bigint;
  readonly root_signature: string;
}

/** Changes the head and signs it; others wait for the end of the transaction. */
export async function signHead(
  trx: Transaction<AuditSchema>,
  signer: Signer | undefined,
  change: (head: HeadRow) => Head,
): Promise<void> {
  const before = await selectHead(trx).forUpdate().executeTakeFirstOrThrow();
  const { logs, roots, root_signature } = change(before);
  const head = { logs, roots, root_signature };
  const seal = { seal: before.signature, statementOf: statementOf(before) };
  await trx
    .updateTable('trail_head')
    .set({ ...head, signature: nextSeal(seal, statementOf(head), signer) })
    .where('id', '=', HEAD_ID)
    .execute();
}

export function selectHead(database: Kysely<AuditSchema>) {
  return database.selectFrom('trail_head').selectAll().where('id', '=', HEAD_ID);
}

/** Its statement by the id of the key that signs it. */
export function statementOf({ logs, roots, root_signature }: Head): (keyId: string) => string {
  const head = { logs: Number(logs), roots: Number(roots), rootSignature: root_signature };
  return (keyId) => headStatement(head, keyId);
}

/**
 * Before anything is written: a trail that nobody has signed yet is signed as it stands.
 *
 * @returns whether that happened to a trail that had something in it
 * @throws ConfigError without the key of a trail that is signed
 */
export async function adoptTrail(database: AuditDatabase, signer: Signer | undefined): Promise<boolean> {
  return database.transactionAsSystem('upkeep', async (trx) => {
    const head = await selectHead(trx).forUpdate().executeTakeFirstOrThrow();
    refuseOtherKey(head.signature, signer);
    if (signer === undefined || head.signature !== '' || head.roots > 0n) return false;
    const logs = await trx.selectFrom('producer_logs').selectAll().where('signature', '=', '').execute();
    for (const log of logs) {
      await trx
        .updateTable('producer_logs')
        .set({ signature: sealOf(logStatementOf(log), signer) })
        .where('producer', '=', log.producer)
        .where('epoch', '=', log.epoch)
        .execute();
    }
    await trx
      .updateTable('trail_head')
      .set({ signature: sealOf(statementOf(head), signer) })
      .where('id', '=', HEAD_ID)
      .execute();
    return logs.length > 0;
  });
}

function refuseOtherKey(seal: string, signer: Signer | undefined): void {
  if (seal === '') return;
  const { keyId } = sealIn(seal);
  if (signer === undefined) {
    throw new ConfigError('the audit trail is signed: give its signing key, or what comes now is in no root');
  }
  if (keyId !== '' && !signer.knows(keyId)) {
    throw new ConfigError(
      `the audit trail is signed with the key ${keyId}: give that one, or its public half after the new one`,
    );
  }
}
