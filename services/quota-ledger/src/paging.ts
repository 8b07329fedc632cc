// Lists are paged by key. What a caller gets as the next page's beginning is opaque to him.

import type { Page } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1_000;

/** The parts of the key after which a page begins; undefined for the first page. */
export interface PageRange {
  readonly after: readonly string[] | undefined;
  readonly limit: number;
}

/** @param partsCount of the list's key @throws Fault `invalid` */
export function rangeOf(page: Page | undefined, partsCount: number): PageRange {
  const limit = page?.limit ?? 0;
  if (!Number.isInteger(limit) || limit < 0 || limit > LIMIT_MAX) {
    throw new Fault('invalid', `A page has 1 to ${LIMIT_MAX} rows.`, { details: { field: 'page.limit' } });
  }
  const after = page === undefined || page.after === '' ? undefined : partsOf(page.after);
  if (after !== undefined && after.length !== partsCount) throw notAPlace();
  return { after, limit: limit === 0 ? LIMIT_DEFAULT : limit };
}

/**
 * Cuts what was read to the page, and says where the next one begins; empty on the last one.
 * @param found one row more than the page has, if there is one
 */
export function pageOf<Row>(
  found: readonly Row[],
  limit: number,
  keyOf: (row: Row) => readonly string[],
): { readonly rows: readonly Row[]; readonly nextAfter: string } {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  if (found.length <= limit || last === undefined) return { rows, nextAfter: '' };
  return { rows, nextAfter: Buffer.from(JSON.stringify(keyOf(last))).toString('base64url') };
}

function partsOf(after: string): readonly string[] {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(after, 'base64url').toString('utf8'));
  } catch {
    throw notAPlace();
  }
  if (!Array.isArray(value) || !value.every((part) => typeof part === 'string')) throw notAPlace();
  return value;
}

/** For a key whose parts are not what the list's are. */
export function notAPlace(): Fault {
  return new Fault('invalid', 'page.after must be what the page before gave as the next one.', {
    details: { field: 'page.after' },
  });
}
