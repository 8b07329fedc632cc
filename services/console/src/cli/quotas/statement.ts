import type { Command } from 'commander';
import { METERED_TYPES } from '../../quota/metered-types.ts';
import { CliError } from '../cli-error.ts';
import type { Client, ReplyOf, Row } from '../client.ts';
import { command, sessionOf } from '../command-line.ts';
import type { Columns } from '../output.ts';
import { amountText, TYPE_WORDS } from './limits.ts';
import { bucketOf } from './targets.ts';
import { utcOption, type Zone, type ZoneOptions, zoneOf } from './times.ts';

const PAGE_ROWS = 1_000;
const KINDS = ['held', 'used', 'overrun'] as const;

interface StatementOptions extends ZoneOptions {
  readonly period?: string;
  readonly limit: string;
  readonly csv?: boolean;
}

export function statementCommand(): Command {
  return command('statement', 'list what changed a bucket in a period, oldest first', [
    'npm run cli -- quotas statement alice',
    'npm run cli -- quotas statement project:web --period 2026-11',
    'npm run -s cli -- quotas statement company --period 2026-Q4 --csv > company.csv',
  ])
    .argument('<bucket>', 'a user, or a bucket as `quotas list` shows it')
    .option('--period <period>', 'as `quotas list` shows it; default: the current one')
    .option('--limit <rows>', 'how many operations the table shows; --csv and --json have all', '200')
    .option('--csv', 'print every operation as comma-separated values')
    .addOption(utcOption())
    .action(async (target: string, options: StatementOptions, self: Command) => {
      const session = sessionOf(self);
      const { period, limit, csv: isCsv = false } = options;
      const isJson = self.optsWithGlobals().json === true;
      if (isCsv && isJson) throw new CliError('give --csv or --json, not both', 2);
      const rowsMax = isCsv || isJson ? Number.POSITIVE_INFINITY : rowsIn(limit);
      const pages = pagesOf(session.client, bucketOf(target), period, rowsMax);
      if (isCsv) await printCsv(pages);
      else if (isJson) await printJson(pages);
      else {
        const entries: Row[] = [];
        for await (const page of pages) entries.push(...page);
        session.printRows(entries.flatMap(changesOf), columnsIn(zoneOf(options)));
      }
    });
}

/** A statement may be longer than what fits in memory: it is read and printed page by page. */
async function* pagesOf(
  client: Client,
  bucket: string,
  period: string | undefined,
  rowsMax: number,
): AsyncGenerator<readonly Row[]> {
  let after: string | undefined;
  let rows = 0;
  let listed = period;
  do {
    const query = {
      limit: Math.min(PAGE_ROWS, rowsMax - rows),
      // Named from the second page on, too, for the current period may end in between.
      ...(listed !== undefined && { period: listed }),
      ...(after !== undefined && { after }),
    };
    const page: ReplyOf<'/statements/{bucket}', 'GET'> = await client.call('GET', '/statements/{bucket}', {
      path: { bucket },
      query,
    });
    yield page.items;
    rows += page.items.length;
    listed = page.period;
    after = page.nextAfter;
  } while (after !== undefined && rows < rowsMax);
}

function columnsIn({ show }: Zone): Columns {
  return {
    TIME: (row) => show(row.at),
    OPERATION: (row) => row.operation,
    RESERVATION: (row) => row.reservationId,
    TYPE: (row) => row.type,
    HELD: (row) => signed(row.held),
    USED: (row) => signed(row.used),
    OVERRUN: (row) => signed(row.overrun),
  };
}

/** A row for each type that an operation changed. */
export function changesOf(entry: Row): readonly Row[] {
  return METERED_TYPES.flatMap((type) => {
    const [held, used, overrun] = KINDS.map((kind) => (entry[kind] as Row | undefined)?.[type]);
    const isNothing = [held, used, overrun].every((amount) => Number(amount) === 0);
    return isNothing ? [] : [{ ...entry, type: TYPE_WORDS[type], held, used, overrun }];
  });
}

export function signed(value: unknown): string {
  if (Number(value) === 0) return '';
  const text = amountText(value);
  return text.startsWith('-') ? text : `+${text}`;
}

const CSV_COLUMNS: readonly (readonly [string, (entry: Row) => unknown])[] = [
  ['at', ({ at }) => at],
  ['operation', ({ operation }) => operation],
  ['extension', ({ extension }) => extension],
  ['reservationId', ({ reservationId }) => reservationId],
  ['bucket', ({ bucket }) => bucket],
  ['period', ({ period }) => period],
  ...KINDS.flatMap((kind) =>
    METERED_TYPES.map((type): readonly [string, (entry: Row) => unknown] => [
      `${kind}.${type}`,
      (entry) => (entry[kind] as Row | undefined)?.[type],
    ]),
  ),
];

async function printCsv(pages: AsyncIterable<readonly Row[]>): Promise<void> {
  write(`${CSV_COLUMNS.map(([name]) => name).join(',')}\r\n`);
  for await (const page of pages) {
    const lines = page.map((entry) => CSV_COLUMNS.map(([, cell]) => csvText(cell(entry))).join(','));
    write(lines.map((line) => `${line}\r\n`).join(''));
  }
}

/** https://www.rfc-editor.org/rfc/rfc4180; and a spreadsheet is to read text that a caller chose as no formula. */
function csvText(value: unknown): string {
  if (value === undefined) return '';
  const text = String(value);
  const isFormula = typeof value === 'string' && /^[=+@\t\r]|^-(?![0-9])/.test(text);
  const safe = isFormula ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

async function printJson(pages: AsyncIterable<readonly Row[]>): Promise<void> {
  let separator = '[\n';
  for await (const page of pages) {
    for (const entry of page) {
      write(`${separator}${JSON.stringify(entry)}`);
      separator = ',\n';
    }
  }
  write(separator === '[\n' ? '[]\n' : '\n]\n');
}

function rowsIn(limit: string): number {
  if (!/^[1-9][0-9]{0,4}$/.test(limit)) throw new CliError('--limit is a whole number from 1 to 99999', 2);
  return Number(limit);
}

function write(text: string): void {
  process.stdout.write(text);
}
