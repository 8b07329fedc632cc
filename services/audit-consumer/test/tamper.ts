// Random changes to what is stored of a trail: what somebody could do who has the database and not the key.

import { chainOf, NO_CHAIN } from '@ai-switch/event-log';
import { type Kysely, sql } from 'kysely';
import type { AuditSchema } from '../src/schema.ts';
import { readTrail } from '../src/trail.ts';

export type Random = (below: number) => number;

/** Mulberry32. */
export function randomOf(seed: number): Random {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

type Row = Record<string, string | bigint | null>;
type Trx = Kysely<AuditSchema>;

const RECORD_TABLES = ['access_records', 'audit_events', 'unread_records'] as const;
const TABLES = [...RECORD_TABLES, 'producer_logs', 'trail_head', 'roots'] as const;
type Table = (typeof TABLES)[number];

const KEYS: Readonly<Record<Table, readonly string[]>> = {
  access_records: ['producer', 'epoch', 'sequence'],
  audit_events: ['producer', 'epoch', 'sequence'],
  unread_records: ['producer', 'epoch', 'sequence'],
  producer_logs: ['producer', 'epoch'],
  trail_head: ['id'],
  roots: ['number'],
};
/** What the consumer notes beside a record and no producer wrote. */
const NOTES = ['reason', 'at_ms', 'is_published'];

export interface Tampering {
  readonly name: string;
  /** @returns what it did; undefined when there was nothing to do it to */
  apply(trx: Trx, random: Random): Promise<string | undefined>;
}

export const TAMPERINGS: readonly Tampering[] = [
  ...TABLES.map((table) => ({
    name: `a column of ${table} is changed`,
    apply: (trx: Trx, random: Random) => changeColumn(trx, random, table),
  })),
  ...TABLES.map((table) => ({
    name: `a row of ${table} is deleted`,
    apply: async (trx: Trx, random: Random) => {
      const row = await pick(trx, random, table);
      if (row === undefined) return undefined;
      await remove(trx, table, row);
      return keyText(table, row);
    },
  })),
  ...RECORD_TABLES.flatMap((table) => [
    {
      name: `two rows of ${table} change places`,
      apply: (trx: Trx, random: Random) => swapPlaces(trx, random, table),
    },
    {
      name: `a row of ${table} is put in a second time`,
      apply: (trx: Trx, random: Random) => repeatRow(trx, random, table),
    },
  ]),
  { name: 'two roots change places', apply: swapRoots },
  { name: 'the end of a log is cut off', apply: cutEnd },
  { name: 'the beginning of a log is cut off', apply: cutBeginning },
  { name: 'a log is taken out as a whole', apply: removeLog },
  { name: 'a record is changed and all hashes behind it are made anew', apply: rewriteFrom },
  { name: 'the newest roots are taken out', apply: removeRoots },
];

async function changeColumn(trx: Trx, random: Random, table: Table): Promise<string | undefined> {
  const row = await pick(trx, random, table);
  const other = await pick(trx, random, table);
  if (row === undefined || other === undefined) return undefined;
  const columns = Object.keys(row).filter((column) => table !== 'unread_records' || !NOTES.includes(column));
  const column = columns[random(columns.length)] ?? '';
  const was = row[column] ?? null;
  const now = otherValue(random, was, other[column] ?? null, column);
  if (now === was) return undefined;
  // A place that is taken cannot be taken again: the database refuses that by itself.
  if (KEYS[table].includes(column) && (await isTaken(trx, table, { ...row, [column]: now })))
    return undefined;
  await sql`update ${sql.table(table)} set ${sql.ref(column)} = ${now} where ${isKeyOf(table, row)}`.execute(
    trx,
  );
  return `${keyText(table, row)}: ${column} from ${String(was)} to ${String(now)}`;
}

function otherValue(
  random: Random,
  was: string | bigint | null,
  other: string | bigint | null,
  column: string,
) {
  const way = random(4);
  if (way === 0) return other;
  if (was === null) return column === 'original' ? '{}' : BigInt(random(3));
  if (typeof was === 'bigint') return way === 1 ? was + 1n : way === 2 ? was - 1n : BigInt(random(1_000_000));
  if (way === 1) return `${was}${'= x0"'[random(5)] ?? ''}`;
  if (way === 2) return was.slice(0, -1);
  const at = random(Math.max(1, was.length));
  return was.slice(0, at) + (was[at] === 'a' ? 'b' : 'a') + was.slice(at + 1);
}

async function swapPlaces(trx: Trx, random: Random, table: Table): Promise<string | undefined> {
  const one = await pick(trx, random, table);
  const other = await pick(trx, random, table);
  if (one === undefined || other === undefined || keyText(table, one) === keyText(table, other))
    return undefined;
  await remove(trx, table, one);
  await remove(trx, table, other);
  const placeOf = ({ producer, epoch, sequence }: Row): Row =>
    Object.fromEntries(Object.entries({ producer, epoch, sequence })) as Row;
  await insert(trx, table, { ...one, ...placeOf(other) });
  await insert(trx, table, { ...other, ...placeOf(one) });
  return `${keyText(table, one)} and ${keyText(table, other)}`;
}

async function repeatRow(trx: Trx, random: Random, table: Table): Promise<string | undefined> {
  const row = await pick(trx, random, table);
  if (row === undefined) return undefined;
  const places: Row[] = [
    { ...row, sequence: BigInt(1 + random(200)) },
    { ...row, producer: 'nobody', sequence: 1n },
    { ...row, epoch: 99n },
  ];
  const forged = places[random(places.length)] ?? row;
  for (const each of RECORD_TABLES) if (await isTaken(trx, each, forged)) return undefined;
  await insert(trx, table, forged);
  return keyText(table, forged);
}

async function swapRoots(trx: Trx, random: Random): Promise<string | undefined> {
  const one = await pick(trx, random, 'roots');
  const other = await pick(trx, random, 'roots');
  if (one === undefined || other === undefined || one.number === other.number) return undefined;
  await remove(trx, 'roots', one);
  await remove(trx, 'roots', other);
  await insert(trx, 'roots', { ...one, number: other.number ?? 0n });
  await insert(trx, 'roots', { ...other, number: one.number ?? 0n });
  return `${one.number} and ${other.number}`;
}

async function removeRoots(trx: Trx, random: Random): Promise<string | undefined> {
  const from = await pick(trx, random, 'roots');
  if (from === undefined) return undefined;
  await sql`delete from roots where number >= ${from.number}`.execute(trx);
  return `from ${from.number}`;
}

async function cutEnd(trx: Trx, random: Random): Promise<string | undefined> {
  const row = await pick(trx, random, RECORD_TABLES[random(2)] ?? 'access_records');
  return row && removeRecords(trx, row, sql`sequence >= ${row.sequence}`);
}

async function cutBeginning(trx: Trx, random: Random): Promise<string | undefined> {
  const row = await pick(trx, random, RECORD_TABLES[random(2)] ?? 'access_records');
  return row && removeRecords(trx, row, sql`sequence <= ${row.sequence}`);
}

async function removeRecords(trx: Trx, row: Row, which: ReturnType<typeof sql>): Promise<string> {
  for (const table of RECORD_TABLES) {
    await sql`
      delete from ${sql.table(table)} where producer = ${row.producer} and epoch = ${row.epoch} and ${which}
    `.execute(trx);
  }
  return keyText('access_records', row);
}

async function removeLog(trx: Trx, random: Random): Promise<string | undefined> {
  const log = await pick(trx, random, 'producer_logs');
  if (log === undefined) return undefined;
  for (const table of [...RECORD_TABLES, 'producer_logs', 'trail_gaps'] as const) {
    await sql`
      delete from ${sql.table(table)} where producer = ${log.producer} and epoch = ${log.epoch}
    `.execute(trx);
  }
  return keyText('producer_logs', log);
}

async function rewriteFrom(trx: Trx, random: Random): Promise<string | undefined> {
  const row = await pick(trx, random, 'audit_events');
  if (row === undefined) return undefined;
  await sql`update audit_events set actor = actor || 'x', original = null where ${isKeyOf('audit_events', row)}`.execute(
    trx,
  );
  const identity = { producer: String(row.producer), epoch: BigInt(row.epoch ?? 0n) };
  const before = BigInt(row.sequence ?? 0n) - 1n;
  const [previous] = before === 0n ? [] : await readTrail(trx, identity, before - 1n, 1);
  let chain: Uint8Array = previous?.chain ?? NO_CHAIN;
  let last = before;
  for (const record of await readTrail(trx, identity, before, 1_000)) {
    // Behind a gap the hash before is not known: he leaves what is there.
    if (record.sequence !== last + 1n) break;
    last = record.sequence;
    const log = { producer: identity.producer, epoch: Number(identity.epoch) };
    chain = chainOf(chain, log, { ...record, sequence: Number(record.sequence) });
    for (const table of RECORD_TABLES) {
      await sql`
        update ${sql.table(table)} set chain = ${Buffer.from(chain).toString('hex')}
        where producer = ${identity.producer} and epoch = ${identity.epoch} and sequence = ${record.sequence}
      `.execute(trx);
    }
  }
  return keyText('audit_events', row);
}

async function pick(trx: Trx, random: Random, table: Table): Promise<Row | undefined> {
  const order = sql.join(KEYS[table].map((column) => sql.ref(column)));
  const { rows } = await sql<Row>`select * from ${sql.table(table)} order by ${order}`.execute(trx);
  return rows[random(Math.max(1, rows.length))];
}

async function isTaken(trx: Trx, table: Table, row: Row): Promise<boolean> {
  const { rows } = await sql`select 1 from ${sql.table(table)} where ${isKeyOf(table, row)}`.execute(trx);
  return rows.length > 0;
}

async function remove(trx: Trx, table: Table, row: Row): Promise<void> {
  await sql`delete from ${sql.table(table)} where ${isKeyOf(table, row)}`.execute(trx);
}

async function insert(trx: Trx, table: Table, row: Row): Promise<void> {
  await trx
    .insertInto(table as 'access_records')
    .values(row as unknown as AuditSchema['access_records'])
    .execute();
}

function isKeyOf(table: Table, row: Row) {
  return sql.join(
    KEYS[table].map((column) => sql`${sql.ref(column)} = ${row[column]}`),
    sql` and `,
  );
}

function keyText(table: Table, row: Row): string {
  return KEYS[table].map((column) => String(row[column])).join(' ');
}
