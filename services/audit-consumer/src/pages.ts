// The pages of a list: how much of it is asked for, and how much of it fits.

import type { Page, Scope } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import type { Range } from './lists.ts';

const PAGE_ROWS = 100;
const PAGE_ROWS_MAX = 1_000;
const PAGE_BYTES_MAX = 2 * 1024 * 1024;

/** @throws Fault `invalid` without a scope, and for a page that is too long */
export function rangeOf(scope: Scope | undefined, page: Page | undefined): Range {
  if (scope === undefined || scope.tenant === '') {
    throw new Fault('invalid', 'A list is of a scope.', { details: { field: 'scope' } });
  }
  return { scope, before: page?.after ?? '', limit: limitIn(page?.limit ?? 0) };
}

/** @throws Fault `invalid` */
export function limitIn(asked: number): number {
  const limit = asked || PAGE_ROWS;
  if (!Number.isInteger(limit) || limit < 1 || limit > PAGE_ROWS_MAX) {
    throw new Fault('invalid', `A page has 1 to ${PAGE_ROWS_MAX} rows.`, {
      details: { field: 'page.limit' },
    });
  }
  return limit;
}

/** The rows of a page: as many as were asked for, and no more than a message carries. */
export function pageOf<Row>(found: Row[], limit: number, bytesOf: (row: Row) => number): Row[] {
  let bytes = 0;
  const end = found.findIndex((row, index) => {
    bytes += bytesOf(row);
    return index > 0 && bytes > PAGE_BYTES_MAX;
  });
  return found.slice(0, end === -1 ? limit : Math.min(end, limit));
}

/** One row more than the page wants tells whether there is a next one. */
export function oneMore(range: Range): Range {
  return { ...range, limit: range.limit + 1 };
}

/** Of rows that stand together under one id the first. */
export function firstDistinct<Row>(rows: readonly Row[], idOf: (row: Row) => string): Row[] {
  return rows.filter((row, index) => {
    const before = rows[index - 1];
    return before === undefined || idOf(before) !== idOf(row);
  });
}
