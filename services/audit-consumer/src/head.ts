// How many logs and roots there are, signed, so that none of them can go as a whole.

import { headStatement, type Signer } from '@ai-switch/event-log';
import type { Kysely, Transaction } from 'kysely';
import type { AuditSchema, HeadRow } from './schema.ts';

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
  const { logs, roots, root_signature } = change(await selectHead(trx).forUpdate().executeTakeFirstOrThrow());
  const head = { logs, roots, root_signature };
  const signature = signatureOf(statementOf(head, signer), signer);
  await trx
    .updateTable('trail_head')
    .set({ ...head, signature })
    .where('id', '=', HEAD_ID)
    .execute();
}

export function selectHead(database: Kysely<AuditSchema>) {
  return database.selectFrom('trail_head').selectAll().where('id', '=', HEAD_ID);
}

export function statementOf({ logs, roots, root_signature }: Head, signer: Signer | undefined): string {
  const head = { logs: Number(logs), roots: Number(roots), rootSignature: root_signature };
  return headStatement(head, keyIdOf(signer));
}

/** Base64; empty when nothing is signed here. */
export function signatureOf(statement: string, signer: Signer | undefined): string {
  return signer === undefined ? '' : Buffer.from(signer.sign(statement)).toString('base64');
}

export function keyIdOf(signer: Signer | undefined): string {
  return signer?.keyId ?? '';
}
