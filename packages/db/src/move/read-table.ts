// What a table holds, said in a way that is the same on SQLite and PostgreSQL whatever order the rows come in.

import { hash } from 'node:crypto';
import { type Kysely, sql, type Transaction } from 'kysely';

export type Value = string | bigint | number | null | Uint8Array;
export type Row = Readonly<Record<string, Value>>;

export interface TableContents {
  readonly rows: bigint;
  /** Of each column of numbers. */
  readonly sums: Readonly<Record<string, string>>;
  /** The sum of the rows' digests: any row that is missing, twice or different changes it. */
  readonly digest: string;
}

/** Rows that are read at a time. */
const BATCH_ROWS = 1_000;
const DIGEST_BITS = 128;
const DIGEST_CHARACTERS = DIGEST_BITS / 4;

export class ContentsTally {
  #rows = 0n;
  #digest = 0n;
  readonly #sums = new Map<string, bigint>();

  add(row: Row): void {
    const parts: string[] = [];
    for (const column of Object.keys(row).sort()) {
      const value = row[column] ?? null;
      parts.push(column, textOf(value));
      if (typeof value === 'bigint') this.#sums.set(column, (this.#sums.get(column) ?? 0n) + value);
    }
    const digest = hash('sha256', JSON.stringify(parts)).slice(0, DIGEST_CHARACTERS);
    this.#rows += 1n;
    this.#digest = BigInt.asUintN(DIGEST_BITS, this.#digest + BigInt(`0x${digest}`));
  }

  get rows(): bigint {
    return this.#rows;
  }

  contents(): TableContents {
    const sums = [...this.#sums].sort(([one], [other]) => (one < other ? -1 : 1));
    return {
      rows: this.#rows,
      sums: Object.fromEntries(sums.map(([column, sum]) => [column, String(sum)])),
      digest: this.#digest.toString(16).padStart(DIGEST_CHARACTERS, '0'),
    };
  }
}

/** The kind stands before the value: the text 1 is not the number 1. */
function textOf(value: Value): string {
  if (value === null) return 'null';
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  return `${typeof value} ${value}`;
}

/** The rows of a table of SQLite, a batch at a time, in the order in which they came. */
export async function* sqliteBatches(kysely: Kysely<never>, table: string): AsyncGenerator<readonly Row[]> {
  let last = 0n;
  while (true) {
    const { rows } = await sql<Record<string, Value>>`
      select rowid as ${sql.id(ROWID)}, * from ${sql.table(table)} where rowid > ${last} order by rowid limit ${BATCH_ROWS}
    `.execute(kysely);
    const batch = rows.map(({ [ROWID]: rowid, ...row }) => {
      if (typeof rowid === 'bigint') last = rowid;
      return row;
    });
    if (batch.length > 0) yield batch;
    if (batch.length < BATCH_ROWS) return;
  }
}

const ROWID = 'rowid of the source';

/** What a table of PostgreSQL holds as the server gives it back, at one moment. */
export async function readPostgresTable(trx: Transaction<never>, table: string): Promise<TableContents> {
  const tally = new ContentsTally();
  await sql`declare moved cursor for select * from ${sql.table(table)}`.execute(trx);
  while (true) {
    const { rows } = await sql<Row>`fetch ${sql.raw(String(BATCH_ROWS))} from moved`.execute(trx);
    for (const row of rows) tally.add(row);
    if (rows.length < BATCH_ROWS) break;
  }
  await sql`close moved`.execute(trx);
  return tally.contents();
}
