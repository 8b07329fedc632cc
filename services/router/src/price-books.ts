// The versions of a company's price book. Nothing runs when one takes effect: whoever reads asks for the version of a
// moment. Its clock is the router's own, so that the clocks of replicas have to agree as well as prices have to.
// When the database is down a put and the reads fail and change nothing; routes go on with the versions in their snapshot,
// those to come included.

import type {
  GetPriceBookResponse,
  ListPriceBooksRequest,
  ListPriceBooksResponse,
  PriceBook,
  PutPriceBookRequest,
  PutPriceBookResponse,
} from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import type { Kysely } from 'kysely';
import * as books from './price-book-rows.ts';
import { checkTenant, rangeOf } from './put-rules.ts';
import type { PriceBookRow, RouterSchema } from './schema.ts';

type Rows = Kysely<RouterSchema>;

/** Every one is kept, and every snapshot of a tenant holds those to come. */
const VERSIONS_MAX = 10_000n;
const TO_COME_MAX = 8;
/** The clocks of replicas differ by less; a version that is further ahead was put for later. */
const CLOCKS_APART_MAX_MS = 60_000n;

/** Decides the put of a checked book among the versions there are, and does it. `rows` is locked against other puts of the tenant. */
export async function putPriceBook(
  rows: Rows,
  book: PriceBook,
  request: Pick<PutPriceBookRequest, 'isDryRun' | 'mayChangeCurrency'>,
  nowMs: bigint,
): Promise<PutPriceBookResponse> {
  const { tenant } = book;
  const last = await lastVersion(rows, tenant);
  const isAtOnce = book.effectiveAtMs <= nowMs;
  const createdAtMs = await createdAt(rows, tenant, nowMs);
  const effectiveAtMs = isAtOnce ? createdAtMs : book.effectiveAtMs;
  const before = await books.findPriceBookAt(rows, tenant, effectiveAtMs);
  if (before?.digest === books.digestOf(book)) return { book: books.priceBookOf(before), isNew: false };
  if (last !== undefined) checkNext(last, book.currency, request.mayChangeCurrency);
  if (!isAtOnce) await checkToCome(rows, tenant, nowMs);
  const row = books.priceBookRowOf(book, {
    number: (last?.number ?? 0n) + 1n,
    effective_at_ms: effectiveAtMs,
    created_at_ms: createdAtMs,
  });
  if (!request.isDryRun) await books.insertPriceBook(rows, row);
  return { book: books.priceBookOf(row), isNew: true };
}

/** One version; without a name, the one in force. @throws Fault `notFound`, `invalid` */
export async function getPriceBook(
  rows: Rows,
  tenant: string,
  version: string,
  nowMs: bigint,
): Promise<GetPriceBookResponse & { readonly book: PriceBook }> {
  checkTenant('tenant', tenant);
  const row =
    version === ''
      ? await books.findPriceBookAt(rows, tenant, nowMs)
      : await findVersion(rows, tenant, version);
  if (row !== undefined) return { book: books.priceBookOf(row) };
  const message = version === '' ? 'No price book is in force.' : `There is no price book ${version}.`;
  throw new Fault('notFound', message);
}

export async function listPriceBooks(
  rows: Rows,
  { tenant, page }: ListPriceBooksRequest,
  nowMs: bigint,
): Promise<ListPriceBooksResponse> {
  checkTenant('tenant', tenant);
  const { after, limit } = rangeOf(page);
  if (after !== '') checkVersion('page.after', after);
  const inForce = await books.findPriceBookAt(rows, tenant, nowMs);
  const found = await books.listPriceBooks(rows, tenant, { after, limit: limit + 1 });
  const versions = found
    .slice(0, limit)
    .map((head) => books.priceBookVersionOf(head, head.number === inForce?.number));
  return { versions, nextAfter: found.length > limit ? (versions.at(-1)?.version ?? '') : '' };
}

async function findVersion(rows: Rows, tenant: string, version: string): Promise<PriceBookRow | undefined> {
  const row = await books.findPriceBook(rows, tenant, checkVersion('version', version));
  const isMeant = row !== undefined && (!version.includes('-') || books.versionOf(row) === version);
  return isMeant ? row : undefined;
}

function checkVersion(field: string, version: string): bigint {
  const number = books.numberIn(version);
  if (number !== undefined) return number;
  throw new Fault('invalid', 'A version of a price book is its number, or like 12-0123456789ab.', {
    details: { field },
  });
}

async function lastVersion(rows: Rows, tenant: string): Promise<books.PriceBookHead | undefined> {
  const [last] = await books.listPriceBooks(rows, tenant, { after: '', limit: 1 });
  return last;
}

/**
 * Now; or when a version that took effect at once did, if another replica's clock is ahead of ours: a version that is put
 * after it has to win.
 */
async function createdAt(rows: Rows, tenant: string, nowMs: bigint): Promise<bigint> {
  const ahead = await books.findPriceBooksAfter(rows, tenant, nowMs);
  const atOnce = ahead.findLast(
    (row) => row.effective_at_ms === row.created_at_ms && row.effective_at_ms <= nowMs + CLOCKS_APART_MAX_MS,
  );
  return atOnce?.effective_at_ms ?? nowMs;
}

function checkNext(last: books.PriceBookHead, currency: string, mayChangeCurrency: boolean): void {
  if (last.number >= VERSIONS_MAX) {
    throw new Fault('tooLarge', `There may be at most ${VERSIONS_MAX} versions of a price book.`);
  }
  if (last.currency !== currency && !mayChangeCurrency) {
    throw new Fault(
      'conflict',
      `The price book is in ${last.currency}. What was counted by it is not converted to ${currency}: change the currency only if you mean that.`,
      { details: { field: 'currency' } },
    );
  }
}

async function checkToCome(rows: Rows, tenant: string, nowMs: bigint): Promise<void> {
  const toCome = await books.findPriceBooksAfter(rows, tenant, nowMs);
  if (toCome.length < TO_COME_MAX) return;
  throw new Fault('tooLarge', `At most ${TO_COME_MAX} versions may be to come. Wait until one takes effect.`);
}
