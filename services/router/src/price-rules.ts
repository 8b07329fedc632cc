// Pure: what a price book may say. It is checked whole before anything of it is stored, and a fault names the row and
// the field: a wrong price file must never price anything, least of all at nothing.

import { type ContextTier, type PriceBook, PriceRow, Rates, UnpricedRule } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { checkTenant, isProviderName } from './put-rules.ts';

const ROWS_MAX = 2_000;
const TIERS_MAX = 8;
const PATTERN_CHARACTERS_MAX = 200;
/** A hundred million units of any currency for a million tokens. */
const RATE_MICROS_MAX = 100_000_000_000_000n;
const INPUT_TOKENS_MAX = 1_000_000_000n;
const DAY_MS = 86_400_000n;
/** A date that is a little past comes from a slow hand or another clock and means now. */
const PAST_MAX_MS = DAY_MS;
const AHEAD_MAX_MS = 3_653n * DAY_MS;

const PATTERN = /^[^\s\p{C}]+$/u;
const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));

const RATES = ['input', 'output', 'cacheRead', 'cacheWrite', 'cacheWriteOneHour'] as const;

/** The book without anything that its maker does not decide. @throws Fault `invalid` with the field in the details. */
export function checkedPriceBook(given: PriceBook | undefined, nowMs: bigint): PriceBook {
  if (given === undefined) throw invalid('book', 'The price book is missing.');
  const { tenant, currency, rows, unpriced, unpricedRates, effectiveAtMs } = given;
  checkTenant('book.tenant', tenant);
  checkCurrency(currency);
  checkUnpriced(unpriced, unpricedRates);
  checkEffective(effectiveAtMs, nowMs);
  if (rows.length > ROWS_MAX) throw invalid('rows', `A price book may have at most ${ROWS_MAX} rows.`);
  const places = new Map<string, number>();
  rows.forEach((row, index) => {
    checkRow(row, index);
    const before = places.get(row.pattern);
    if (before !== undefined) {
      throw invalid(
        `rows[${index}].pattern`,
        `The rows ${before} and ${index} have the same pattern ${row.pattern}.`,
      );
    }
    places.set(row.pattern, index);
  });
  return {
    ...given,
    version: '',
    rows: rows.map((row) => PriceRow.create(row)),
    unpricedRates: unpricedRates && Rates.create(unpricedRates),
    createdAtMs: 0n,
  };
}

function checkCurrency(currency: string): void {
  if (/^[A-Z]{3}$/.test(currency) && CURRENCIES.has(currency)) return;
  throw invalid('currency', 'The currency must be three letters of ISO 4217, like USD.');
}

function checkUnpriced(rule: UnpricedRule, rates: Rates | undefined): void {
  const known: readonly UnpricedRule[] = [UnpricedRule.DENY, UnpricedRule.SHADOW, UnpricedRule.FREE];
  if (!known.includes(rule)) {
    throw invalid(
      'unpriced',
      'The book must say what is done with a model without a row: deny, shadow or free.',
    );
  }
  if (rule === UnpricedRule.SHADOW) {
    checkRates('unpricedRates', 'The rule for unpriced models', rates);
  } else if (rates !== undefined) {
    throw invalid('unpricedRates', 'Rates for unpriced models go with the rule shadow only.');
  }
}

function checkEffective(effectiveAtMs: bigint, nowMs: bigint): void {
  if (effectiveAtMs === 0n) return;
  if (effectiveAtMs < nowMs - PAST_MAX_MS) {
    throw invalid(
      'effectiveAt',
      'The book would take effect more than a day ago: what was charged stays charged.',
    );
  }
  if (effectiveAtMs > nowMs + AHEAD_MAX_MS) {
    throw invalid('effectiveAt', 'The book would take effect in more than ten years.');
  }
}

function checkRow({ pattern, isShadow, isFree, rates, tiers }: PriceRow, index: number): void {
  const field = `rows[${index}]`;
  checkPattern(`${field}.pattern`, pattern, index);
  const subject = `The row ${index} (${pattern})`;
  if (isFree) {
    if (rates === undefined && tiers.length === 0 && !isShadow) return;
    throw invalid(
      `${field}.isFree`,
      `${subject} is free, so that it has no rates, no tiers and no shadow price.`,
    );
  }
  checkRates(`${field}.rates`, subject, rates);
  if (tiers.length > TIERS_MAX) {
    throw invalid(`${field}.tiers`, `${subject} has more than ${TIERS_MAX} tiers.`);
  }
  checkTiers(`${field}.tiers`, subject, tiers);
}

function checkPattern(field: string, pattern: string, index: number): void {
  const isWellFormed = pattern.length <= PATTERN_CHARACTERS_MAX && PATTERN.test(pattern);
  if (!isWellFormed) {
    throw invalid(
      field,
      `The pattern of row ${index} must have 1 to ${PATTERN_CHARACTERS_MAX} printable characters without spaces.`,
    );
  }
  const inside = pattern.replace(/^\*|\*$/, '');
  if (inside === '') {
    throw invalid(field, `The pattern of row ${index} matches everything: say it with \`unpriced\`.`);
  }
  if (inside.includes('*')) {
    throw invalid(
      field,
      `The pattern ${pattern} of row ${index} may have one * only, at its beginning or its end.`,
    );
  }
  if (pattern.startsWith('*')) return;
  const slash = pattern.indexOf('/');
  if (slash === -1 || slash === pattern.length - 1 || !isProviderName(pattern.slice(0, slash))) {
    throw invalid(
      field,
      `The pattern ${pattern} of row ${index} must be <provider>/<model>, or begin with a *.`,
    );
  }
}

function checkTiers(field: string, subject: string, tiers: readonly ContextTier[]): void {
  let before = 0n;
  tiers.forEach(({ aboveInputTokens, rates }, index) => {
    const place = `${field}[${index}]`;
    if (aboveInputTokens < 1n || aboveInputTokens > INPUT_TOKENS_MAX) {
      throw invalid(
        `${place}.aboveInputTokens`,
        `${subject} has a tier above ${aboveInputTokens} tokens: it must be 1 to ${INPUT_TOKENS_MAX}.`,
      );
    }
    if (aboveInputTokens <= before) {
      throw invalid(
        `${place}.aboveInputTokens`,
        `${subject} has a tier above ${aboveInputTokens} tokens after one above ${before}: tiers must ascend.`,
      );
    }
    before = aboveInputTokens;
    checkRates(`${place}.rates`, `${subject}, tier ${index},`, rates);
  });
}

function checkRates(field: string, subject: string, rates: Rates | undefined): void {
  if (rates === undefined) throw invalid(field, `${subject} has no rates.`);
  for (const type of RATES) {
    const rate = rates[type];
    if (rate >= 0n && rate <= RATE_MICROS_MAX) continue;
    const units = RATE_MICROS_MAX / 1_000_000n;
    throw invalid(`${field}.${type}`, `${subject} has a rate for ${type} that is not 0 to ${units}.`);
  }
  if (RATES.every((type) => rates[type] === 0n)) {
    throw invalid(field, `${subject} has nothing but rates of 0. If that is meant, say that it is free.`);
  }
}

function invalid(field: string, message: string): Fault {
  return new Fault('invalid', message, { details: { field } });
}
