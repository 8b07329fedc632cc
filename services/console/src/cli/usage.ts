import { type Command, Option } from 'commander';
import { CliError } from './cli-error.ts';
import type { Row } from './client.ts';
import { command, sessionOf } from './command-line.ts';
import { count } from './output.ts';

const GROUPS = ['user', 'department', 'project', 'model', 'day', 'hour'] as const;
const DAY_MS = 86_400_000;
const DAYS_MAX = 400;

const tokens = (row: Row, type: string) => count((row.usage as Row | undefined)?.[type] ?? 0);

export function usageCommand(): Command {
  return command('usage', 'add up what was used, within what you see', [
    'npm run cli -- usage',
    'npm run cli -- usage --by department --days 90',
    'npm run -s cli -- usage --by day --from 2026-11-01 --until 2026-12-01 --json',
  ])
    .addOption(new Option('--by <what>', 'a row for each').choices(GROUPS).default('user'))
    .option('--days <days>', 'how far back from now', '30')
    .option('--from <date>', 'the first day, in UTC')
    .option('--until <date>', 'the day after the last, in UTC; default: now')
    .action(async (options: UsageOptions, self: Command) => {
      const { client, printRows } = sessionOf(self);
      const { by } = options;
      printRows(await client.list('/usage', { query: { by, ...spanIn(options) } }), {
        [by.toUpperCase()]: (row) => row.key,
        REQUESTS: (row) => count(row.requests),
        IN: (row) => tokens(row, 'input'),
        OUT: (row) => tokens(row, 'output'),
        'CACHE READ': (row) => tokens(row, 'cacheRead'),
        'CACHE WRITE': (row) => tokens(row, 'cacheWrite'),
      });
    });
}

interface UsageOptions {
  readonly by: (typeof GROUPS)[number];
  readonly days: string;
  readonly from?: string;
  readonly until?: string;
}

function spanIn({ days, from, until }: UsageOptions): { readonly fromMs: number; readonly untilMs: number } {
  const untilMs = until === undefined ? Date.now() : dateIn(until, '--until');
  if (from !== undefined) return { fromMs: dateIn(from, '--from'), untilMs };
  if (!/^[1-9][0-9]{0,2}$/.test(days) || Number(days) > DAYS_MAX) {
    throw new CliError(`--days is a whole number from 1 to ${DAYS_MAX}`, 2);
  }
  return { fromMs: untilMs - Number(days) * DAY_MS, untilMs };
}

export function dateIn(text: string, option: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}(T[\d:.]+Z)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw new CliError(`${option} takes a date like 2026-12-31`, 2);
  return ms;
}
