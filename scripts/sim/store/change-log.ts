// Which rows changed since they were last asked for, told by triggers of the database itself, so that a change that the
// ledger makes by mistake is seen as well as one that it means.

import type { Database } from '@ai-switch/db';
import type { LedgerSchema } from '@ai-switch/quota-ledger';
import { CompiledQuery } from 'kysely';

export interface Change {
  readonly table: string;
  /** The key of the row, its parts behind each other. */
  readonly key: readonly string[];
  readonly kind: 'insert' | 'update' | 'delete';
}

export type StoredRow = Readonly<Record<string, string | bigint | null>>;

const KEYS: Readonly<Record<string, readonly string[]>> = {
  reservation: ['tenant', 'reservation_id'],
  balance: ['tenant', 'bucket', 'period'],
  entry: ['tenant', 'reservation_id', 'operation', 'op_seq', 'bucket', 'period'],
  bucket: ['tenant', 'bucket'],
  funding_order: ['tenant', 'scope'],
  policy: ['tenant'],
};
const PARTS_MAX = 6;

export class ChangeLog {
  readonly #database: Database<LedgerSchema>;

  private constructor(database: Database<LedgerSchema>) {
    this.#database = database;
  }

  static async open(database: Database<LedgerSchema>): Promise<ChangeLog> {
    const log = new ChangeLog(database);
    const parts = Array.from({ length: PARTS_MAX }, (_, index) => `k${index} text not null`);
    await log.#run(
      `create table sim_change (changed text not null, kind text not null, ${parts.join(', ')})`,
    );
    for (const [table, columns] of Object.entries(KEYS)) {
      for (const kind of ['insert', 'update', 'delete']) {
        const side = kind === 'delete' ? 'old' : 'new';
        const values = Array.from({ length: PARTS_MAX }, (_, index) =>
          columns[index] === undefined ? "''" : `${side}.${columns[index]}`,
        );
        await log.#run(
          `create trigger sim_${kind}_${table} after ${kind} on "${table}" begin ` +
            `insert into sim_change values ('${table}', '${kind}', ${values.join(', ')}); end`,
        );
      }
    }
    return log;
  }

  /** The changes since the last call, each row and kind once. */
  async take(): Promise<readonly Change[]> {
    const rows = await this.#run('select distinct * from sim_change');
    if (rows.length === 0) return [];
    await this.#run('delete from sim_change');
    return rows.map((row) => {
      const table = String(row.changed);
      const columns = KEYS[table] ?? [];
      return {
        table,
        kind: row.kind as Change['kind'],
        key: columns.map((_, index) => String(row[`k${index}`])),
      };
    });
  }

  async read(table: string, key: readonly string[]): Promise<StoredRow | undefined> {
    const columns = KEYS[table] ?? [];
    const wheres = columns.map((column) => `"${column}" = ?`).join(' and ');
    const values = columns.map((column, index) =>
      column === 'op_seq' ? BigInt(key[index] ?? '0') : key[index],
    );
    const [row] = await this.#run(`select * from "${table}" where ${wheres}`, values);
    return row;
  }

  /** `tenant\0id` of the holds whose deadline has passed, in the order in which a sweep finds them. */
  async dueHolds(nowMs: number): Promise<readonly string[]> {
    const rows = await this.#run(
      "select tenant, reservation_id from reservation where state = 'HELD' and expires_at_ms <= ? " +
        'order by expires_at_ms, rowid',
      [BigInt(nowMs)],
    );
    return rows.map(({ tenant, reservation_id: id }) => `${tenant}\0${id}`);
  }

  async #run(sql: string, parameters: readonly unknown[] = []): Promise<readonly StoredRow[]> {
    const query = CompiledQuery.raw(sql, [...parameters]);
    return (await this.#database.kysely.executeQuery<StoredRow>(query)).rows;
  }
}
