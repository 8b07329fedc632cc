// Pure: which row of a price book prices a model. A book is compiled once; a look-up costs at most two probes of a map
// for each length that a pattern of the book has.

import { Price, type PriceBook, type PriceRow, Rates, UnpricedRule } from '@ai-switch/contracts';

/** What a book says of one model. */
export interface Finding {
  /** Undefined: no row matches, and the book's rule for unpriced models decided. */
  readonly row: PriceRow | undefined;
  readonly isDenied: boolean;
  /** Undefined for what is denied and for what costs nothing for want of a row. */
  readonly price: Price | undefined;
}

export interface PriceList {
  readonly version: string;
  readonly currency: string;
  readonly unpriced: UnpricedRule;
  find(provider: string, model: string): Finding;
}

export function priceListOf(book: PriceBook): PriceList {
  const { version, currency, unpriced } = book;
  const exact = new Map<string, Finding>();
  const starting = new Map<string, Finding>();
  const ending = new Map<string, Finding>();
  for (const row of book.rows) {
    const finding = { row, isDenied: false, price: priceOf(version, row) };
    if (row.pattern.endsWith('*')) starting.set(row.pattern.slice(0, -1), finding);
    else if (row.pattern.startsWith('*')) ending.set(row.pattern.slice(1), finding);
    else exact.set(row.pattern, finding);
  }
  const lengths = [...new Set([...starting.keys(), ...ending.keys()].map(({ length }) => length))];
  lengths.sort((one, other) => other - one);
  const otherwise = findingForUnpriced(book);

  const find = (provider: string, model: string): Finding => {
    const name = `${provider}/${model}`;
    const found = exact.get(name);
    if (found !== undefined) return found;
    for (const length of lengths) {
      if (length > name.length) continue;
      const matched = starting.get(name.slice(0, length)) ?? ending.get(name.slice(name.length - length));
      if (matched !== undefined) return matched;
    }
    return otherwise;
  };
  return { version, currency, unpriced, find };
}

function priceOf(version: string, { isShadow, isFree, rates, tiers }: PriceRow): Price {
  if (isFree) return Price.create({ version, rates: Rates.create({}) });
  return Price.create({ version, isShadow, rates, tiers });
}

function findingForUnpriced({ version, unpriced, unpricedRates }: PriceBook): Finding {
  const price =
    unpriced === UnpricedRule.SHADOW
      ? Price.create({ version, isShadow: true, rates: unpricedRates })
      : undefined;
  return { row: undefined, isDenied: unpriced === UnpricedRule.DENY, price };
}
