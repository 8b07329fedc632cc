import { microsOf } from '@ai-switch/kernel';
import { type Command, Option } from 'commander';
import { METERED_TYPES } from '../../quota/metered-types.ts';
import { CliError } from '../cli-error.ts';
import type { InputOf, Row } from '../client.ts';

export type LimitsGiven = InputOf<'/buckets/{bucket}', 'PUT'>['body']['limits'] & object;
export type LimitOptions = Readonly<Partial<Record<(typeof METERED_TYPES)[number], string>>>;

/** @param none the word that takes a limit away; absent where there is no such thing */
export function withLimits(each: Command, none?: string): Command {
  const or = none === undefined ? '' : `, or \`${none}\``;
  return each
    .option('--input <tokens>', `prompt tokens${or}`)
    .option('--output <tokens>', `generated tokens${or}`)
    .option('--cache-read <tokens>', `tokens read from prompt caches${or}`)
    .option('--cache-write <tokens>', `tokens written to prompt caches${or}`)
    .option('--cost <units>', `money, in units of the currency, like 12.50${or}`);
}

const PERIODS = ['day', 'week', 'month', 'quarter'] as const;
export type Period = (typeof PERIODS)[number];

export function periodOption(): Option {
  return new Option('--period <kind>', 'how long limits last (a new bucket: month)').choices(PERIODS);
}

/**
 * The limits that were given, as the admin API takes them.
 *
 * @throws CliError for what is no amount
 */
export function limitsIn(options: LimitOptions): LimitsGiven {
  const limits: { -readonly [Type in keyof LimitsGiven]: LimitsGiven[Type] } = {};
  for (const type of METERED_TYPES) {
    const text = options[type];
    if (text === undefined) continue;
    if (text === 'unlimited') limits[type] = null;
    else if (type === 'cost') limits.cost = moneyIn(text);
    else limits[type] = tokensIn(text);
  }
  return limits;
}

/** What limits are, in words: `input 5,000, cost 12.5`; `none` where there is not one. */
export function limitsText(limits: unknown, none: string): string {
  const shown = METERED_TYPES.flatMap((type) => {
    const limit = (limits as Row | undefined)?.[type];
    return limit === undefined ? [] : [`${TYPE_WORDS[type]} ${amountText(limit)}`];
  });
  return shown.length === 0 ? none : shown.join(', ');
}

export const TYPE_WORDS = {
  input: 'input',
  output: 'output',
  cacheRead: 'cache-read',
  cacheWrite: 'cache-write',
  cost: 'cost',
} as const;

/** Counts in groups of three digits; money and counts that no number holds come as text. */
export function amountText(value: unknown): string {
  if (typeof value === 'number') return value.toLocaleString('en');
  if (typeof value !== 'string') return '';
  const [whole = '', fraction] = value.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

function tokensIn(text: string): number {
  const tokens = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(tokens)) return tokens;
  throw new CliError('a limit is a whole number of tokens, or `unlimited`', 2);
}

function moneyIn(text: string): string {
  if (microsOf(text) !== undefined) return text;
  throw new CliError('--cost takes units of the currency with at most six decimals, like 12.50', 2);
}
