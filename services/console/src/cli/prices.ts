import type { Command } from 'commander';
import { CliError } from './cli-error.ts';
import type { InputOf, Row } from './client.ts';
import { command, sessionOf } from './command-line.ts';
import { count, table } from './output.ts';
import { readJsonFile } from './read-file.ts';

/** The bound of the admin API. */
const FILE_BYTES_MAX = 1024 * 1024;

const VERSION_COLUMNS = {
  VERSION: (row: Row) => row.version,
  'IN FORCE': (row: Row) => (row.isInForce === true ? 'yes' : ''),
  EFFECTIVE: (row: Row) => row.effectiveAt,
  PUT: (row: Row) => row.createdAt,
  CURRENCY: (row: Row) => row.currency,
  ROWS: (row: Row) => count(row.rows),
  UNPRICED: (row: Row) => row.unpriced,
};

const RATE_COLUMNS = {
  INPUT: (row: Row) => rateOf(row, 'input'),
  OUTPUT: (row: Row) => rateOf(row, 'output'),
  'CACHE READ': (row: Row) => rateOf(row, 'cacheRead'),
  'CACHE WRITE': (row: Row) => rateOf(row, 'cacheWrite'),
  'ONE HOUR': (row: Row) => rateOf(row, 'cacheWriteOneHour'),
};

const ROW_COLUMNS = {
  PATTERN: (row: Row) => row.pattern,
  'PROMPT ABOVE': (row: Row) => count(row.aboveInputTokens),
  ...RATE_COLUMNS,
  KIND: (row: Row) => (row.isFree === true ? 'free' : row.isShadow === true ? 'shadow' : ''),
};

const COST_COLUMNS = {
  RESOURCE: (row: Row) => `${row.provider}/${row.model}`,
  COST: (row: Row) => (row.unpriced === 'deny' ? 'denied' : row.cost),
  KIND: (row: Row) => (row.isShadow === true ? 'shadow' : ''),
  'BY ROW': (row: Row) => row.row ?? `none: unpriced is ${row.unpriced}`,
  'PROMPT ABOVE': (row: Row) => count(row.aboveInputTokens),
  ...RATE_COLUMNS,
};

export function pricesCommand(): Command {
  const prices = command('prices', 'what models cost: the price book and its versions', [
    'npm run cli -- prices put prices.json --dry-run',
    'npm run cli -- prices put prices.json --effective 2026-12-01',
    'npm run cli -- prices cost fast --input 12000 --output 800',
  ]);
  return prices
    .addCommand(putCommand())
    .addCommand(showCommand())
    .addCommand(listCommand())
    .addCommand(costCommand());
}

function putCommand(): Command {
  return command('put', 'put a new version of the price book; a wrong file changes nothing', [
    'npm run cli -- prices put prices.json --dry-run',
    'npm run cli -- prices put prices.json --effective 2026-12-01T00:00:00+01:00',
  ])
    .argument('<file>', 'a JSON file; docs/PRICES.md says what is in it')
    .option('--effective <time>', 'from when on: a day (in UTC), a time with its zone, or `now`')
    .option('--dry-run', 'only say what would be done')
    .option('--change-currency', 'let it be in another currency than the version before')
    .action(
      async (
        path: string,
        options: { effective?: string; dryRun?: true; changeCurrency?: true },
        self: Command,
      ) => {
        const session = sessionOf(self);
        const { effectiveAt: fromFile, ...file } = await readPriceFile(path);
        const effectiveAt = options.effective ?? fromFile;
        const put = await session.client.call('POST', '/prices', {
          query: {
            dryRun: options.dryRun === true ? 'true' : 'false',
            changeCurrency: options.changeCurrency === true ? 'true' : 'false',
          },
          body: { ...file, ...(effectiveAt === undefined || effectiveAt === 'now' ? {} : { effectiveAt }) },
        });
        session.print(put, outcomeText(put));
      },
    );
}

function outcomeText({ version, effectiveAt, isNew, isDryRun }: Row): string {
  if (isNew !== true) return `nothing changes: this is version ${version}, in effect from ${effectiveAt}`;
  if (isDryRun === true) return `this would be version ${version}, in effect from ${effectiveAt}`;
  return `put version ${version}, in effect from ${effectiveAt}`;
}

function showCommand(): Command {
  return command('show', 'show the price book in force, or one version of it', [
    'npm run cli -- prices show',
    'npm run -s cli -- prices show --version 3 --json',
  ])
    .option('--version <version>', 'whole, or its number')
    .action(async ({ version }: { version?: string }, self: Command) => {
      const session = sessionOf(self);
      const path = { version: version ?? 'current' };
      const shown = await session.client.call('GET', '/prices/{version}', { path });
      session.print(shown, bookText(shown));
    });
}

function bookText({ version, effectiveAt, book }: Row): string {
  const { currency, unpriced, unpricedRates, rows } = book as Row;
  const priced = Array.isArray(rows) ? rows.flatMap(linesOf) : [];
  const rest =
    unpricedRates === undefined ? [] : [{ pattern: 'any other', rates: unpricedRates, isShadow: true }];
  const lines = [...priced, ...rest];
  return [
    `version ${version}, in effect from ${effectiveAt}`,
    `${currency} a million tokens; a model without a row: ${unpriced}`,
    ...(lines.length === 0 ? [] : ['', table(lines, ROW_COLUMNS)]),
  ].join('\n');
}

/** A line for the row and one for each of its tiers. */
function linesOf(row: Row): readonly Row[] {
  const tiers = Array.isArray(row.tiers) ? row.tiers : [];
  return [row, ...tiers.map((tier: Row) => ({ ...tier, pattern: row.pattern, isShadow: row.isShadow }))];
}

function listCommand(): Command {
  return command('list', 'list the versions, newest first', ['npm run cli -- prices list']).action(
    async (_options: object, self: Command) => {
      const session = sessionOf(self);
      session.printRows(await session.client.list('/prices'), VERSION_COLUMNS);
    },
  );
}

const TOKEN_OPTIONS = ['input', 'output', 'cacheRead', 'cacheWrite', 'cacheWriteOneHour'] as const;

function costCommand(): Command {
  return command('cost', 'what a request would cost, and by which row and tier', [
    'npm run cli -- prices cost fast --input 12000 --output 800',
    'npm run cli -- prices cost anthropic/claude-opus-5-5 --input 2000 --cache-read 90000 --output 1500 --version 3',
  ])
    .argument('<model>', 'an alias, a model, or <provider>/<model>')
    .option('--input <tokens>', 'prompt tokens that are not cached')
    .option('--output <tokens>', 'generated tokens')
    .option('--cache-read <tokens>', 'tokens read from the prompt cache')
    .option('--cache-write <tokens>', 'tokens written to the prompt cache')
    .option('--cache-write-one-hour <tokens>', 'the part of them that is kept for an hour')
    .option('--version <version>', 'by this version of the price book')
    .action(async (model: string, options: Readonly<Record<string, string>>, self: Command) => {
      const session = sessionOf(self);
      const { version } = options;
      const query = { model, ...tokensIn(options), ...(version !== undefined && { version }) };
      const cost = await session.client.call('GET', '/prices/cost', { query });
      session.print(cost, costText(cost));
    });
}

function costText({ version, currency, costs }: Row): string {
  if (version === '') return 'it costs nothing: no price book is in force';
  const lines = Array.isArray(costs) ? costs : [];
  return `by version ${version}, in ${currency}; rates for a million tokens\n\n${table(lines, COST_COLUMNS)}`;
}

function tokensIn(options: Readonly<Record<string, string>>): Readonly<Record<string, number>> {
  const tokens = TOKEN_OPTIONS.flatMap((type) => {
    const text = options[type];
    if (text === undefined) return [];
    if (!/^[0-9]{1,10}$/.test(text)) throw new CliError('a count is a whole number of tokens', 2);
    return [[type, Number(text)]];
  });
  if (tokens.length === 0) throw new CliError('give at least one of --input and --output', 2);
  return Object.fromEntries(tokens);
}

type PriceFile = InputOf<'/prices', 'POST'>['body'];

/** What is in it is for the admin API to judge. */
async function readPriceFile(path: string): Promise<PriceFile> {
  return (await readJsonFile(path, FILE_BYTES_MAX)) as PriceFile;
}

function rateOf({ rates }: Row, type: string): unknown {
  return (rates as Row | undefined)?.[type];
}
