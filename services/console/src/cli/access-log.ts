import type { Command } from 'commander';
import { CliError } from './cli-error.ts';
import type { Row } from './client.ts';
import { command, sessionOf } from './command-line.ts';
import { count, moment } from './output.ts';
import { dateIn } from './usage.ts';

const tokens = (record: Row, type: string) => count((record.usage as Row | undefined)?.[type] ?? 0);

const COLUMNS = {
  TIME: (record: Row) => moment(record.startedAtMs),
  USER: (record: Row) => record.userId,
  MODEL: (record: Row) => record.alias,
  'ANSWERED BY': (record: Row) => (record.provider ? `${record.provider}/${record.model}` : ''),
  STATUS: (record: Row) => record.httpStatus,
  OUTCOME: (record: Row) => record.faultCode || record.outcome,
  IN: (record: Row) => tokens(record, 'input'),
  OUT: (record: Row) => tokens(record, 'output'),
  CACHED: (record: Row) => tokens(record, 'cacheRead'),
  MS: (record: Row) => count(record.durationMs),
};

export function accessLogCommand(): Command {
  const accessLog = command('access-log', 'who asked what, when, and what it took', [
    'npm run cli -- access-log list',
    'npm run -s cli -- access-log list --user alice --limit 100 --json',
  ]);
  accessLog.addCommand(
    command('list', 'list requests, newest first; prompts and answers are not kept', [
      'npm run cli -- access-log list --user alice',
      'npm run cli -- access-log list --department research --outcome refused --from 2026-11-01',
    ])
      .option('--user <user>', 'only requests of this user: name or id')
      .option('--department <id>', 'only of this department and all below it')
      .option('--project <id>', 'only those that this project paid')
      .option('--used-key <id>', 'only with this key')
      .option('--model <alias>', 'only those that asked for this')
      .option('--outcome <word>', 'completed, refused, clientGone, upstreamFailed, cut or counted')
      .option('--from <date>', 'the first day, in UTC')
      .option('--until <date>', 'the day after the last, in UTC')
      .option('--limit <rows>', 'how many', '20')
      .action(async (options: ListOptions, self: Command) => {
        const session = sessionOf(self);
        const { limit, from, until, usedKey, user, department, project, model, outcome } = options;
        const query = {
          ...(user !== undefined && { user }),
          ...(department !== undefined && { department }),
          ...(project !== undefined && { project }),
          ...(model !== undefined && { model }),
          ...(outcome !== undefined && { outcome }),
          ...(usedKey !== undefined && { key: usedKey }),
          ...(from !== undefined && { fromMs: dateIn(from, '--from') }),
          ...(until !== undefined && { untilMs: dateIn(until, '--until') }),
        };
        session.printRows(await session.client.list('/access-log', { query }, rowsIn(limit)), COLUMNS);
      }),
  );
  return accessLog;
}

interface ListOptions {
  readonly user?: string;
  readonly department?: string;
  readonly project?: string;
  readonly model?: string;
  readonly outcome?: string;
  readonly usedKey?: string;
  readonly from?: string;
  readonly until?: string;
  readonly limit: string;
}

export function rowsIn(limit: string): number {
  if (!/^[1-9][0-9]{0,4}$/.test(limit)) throw new CliError('--limit is a whole number from 1 to 99999', 2);
  return Number(limit);
}
