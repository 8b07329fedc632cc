// The rows of price books. A version is inserted once and never changed or removed, so that what was charged by it can
// always be reckoned again.

import { hash } from 'node:crypto';
import { PriceBook, PriceBookVersion } from '@ai-switch/contracts';
import type { Kysely } from 'kysely';
import type { PriceBookRow, RouterSchema } from './schema.ts';
import type { Range } from './store.ts';

type Rows = Kysely<RouterSchema>;

const DIGEST_CHARACTERS = 12;

/** What of a version is read to list it. */
export type PriceBookHead = Omit<PriceBookRow, 'content'>;

const HEAD = [
  'tenant',
  'number',
  'digest',
  'effective_at_ms',
  'created_at_ms',
  'currency',
  'unpriced',
  'row_count',
] as const;

/** The version that is in force at a moment: the last to take effect, and of one date the last that was put. */
export function findPriceBookAt(rows: Rows, tenant: string, atMs: bigint): Promise<PriceBookRow | undefined> {
  return rows
    .selectFrom('price_books')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('effective_at_ms', '<=', atMs)
    .orderBy('effective_at_ms', 'desc')
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** Those that take effect after a moment, in the order in which they do. */
export function findPriceBooksAfter(rows: Rows, tenant: string, atMs: bigint): Promise<PriceBookRow[]> {
  return rows
    .selectFrom('price_books')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('effective_at_ms', '>', atMs)
    .orderBy('effective_at_ms')
    .orderBy('number')
    .execute();
}

export function findPriceBook(rows: Rows, tenant: string, number: bigint): Promise<PriceBookRow | undefined> {
  return rows
    .selectFrom('price_books')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('number', '=', number)
    .executeTakeFirst();
}

/** Newest first. */
export function listPriceBooks(
  rows: Rows,
  tenant: string,
  { after, limit }: Range,
): Promise<PriceBookHead[]> {
  let query = rows.selectFrom('price_books').select(HEAD).where('tenant', '=', tenant);
  const before = numberIn(after);
  if (before !== undefined) query = query.where('number', '<', before);
  return query.orderBy('number', 'desc').limit(limit).execute();
}

export async function insertPriceBook(rows: Rows, row: PriceBookRow): Promise<void> {
  await rows.insertInto('price_books').values(row).execute();
}

/** The row of a checked book. */
export function priceBookRowOf(
  book: PriceBook,
  fields: Pick<PriceBookRow, 'number' | 'effective_at_ms' | 'created_at_ms'>,
): PriceBookRow {
  const { tenant, currency, unpriced, unpricedRates } = book;
  return {
    tenant,
    ...fields,
    digest: digestOf(book),
    currency,
    unpriced,
    row_count: BigInt(book.rows.length),
    content: contentText({ rows: book.rows, unpricedRates }),
  };
}

/** The same for two books that say the same, in whatever order. */
export function digestOf({ currency, unpriced, unpricedRates, rows }: PriceBook): string {
  const sorted = rows.toSorted((one, other) => (one.pattern < other.pattern ? -1 : 1));
  const said = PriceBook.create({ currency, unpriced, unpricedRates, rows: sorted });
  return hash('sha256', PriceBook.encode(said).finish(), 'hex').slice(0, DIGEST_CHARACTERS);
}

export function priceBookOf(row: PriceBookRow): PriceBook {
  return {
    ...contentOf(row.content),
    tenant: row.tenant,
    version: versionOf(row),
    effectiveAtMs: row.effective_at_ms,
    createdAtMs: row.created_at_ms,
    currency: row.currency,
    unpriced: row.unpriced as PriceBook['unpriced'],
  };
}

export function priceBookVersionOf(head: PriceBookHead, isInForce: boolean): PriceBookVersion {
  return PriceBookVersion.create({
    version: versionOf(head),
    effectiveAtMs: head.effective_at_ms,
    createdAtMs: head.created_at_ms,
    currency: head.currency,
    unpriced: head.unpriced as PriceBook['unpriced'],
    rows: Number(head.row_count),
    isInForce,
  });
}

export function versionOf({ number, digest }: Pick<PriceBookRow, 'number' | 'digest'>): string {
  return `${number}-${digest}`;
}

const VERSION = new RegExp(`^([0-9]{1,15})(?:-[0-9a-f]{${DIGEST_CHARACTERS}})?$`);

/** The number of a version that was given whole or by its number; undefined for what is none. */
export function numberIn(version: string): bigint | undefined {
  const number = VERSION.exec(version)?.[1];
  return number === undefined ? undefined : BigInt(number);
}

type Content = Pick<PriceBook, 'rows' | 'unpricedRates'>;

/** The fields that hold a bigint. */
const AMOUNTS: ReadonlySet<string> = new Set([
  'input',
  'output',
  'cacheRead',
  'cacheWrite',
  'cacheWriteOneHour',
  'aboveInputTokens',
]);

function contentText(content: Content): string {
  return JSON.stringify(content, (_field, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
}

function contentOf(text: string): Content {
  const parsed = JSON.parse(text, (field, value: unknown) =>
    AMOUNTS.has(field) ? BigInt(value as string) : value,
  ) as Content;
  const { rows, unpricedRates } = PriceBook.create(parsed);
  return { rows, unpricedRates };
}
