import type { Command } from 'commander';
import { CliError } from './cli-error.ts';
import type { Row } from './client.ts';
import { command, sessionOf } from './command-line.ts';
import { count, moment } from './output.ts';

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
    ])
      .option('--user <user>', 'only requests of this user: name or id')
      .option('--limit <rows>', 'how many', '20')
      .action(async ({ user, limit }: { user?: string; limit: string }, self: Command) => {
        const session = sessionOf(self);
        const parameters: Readonly<Record<string, string>> = user === undefined ? {} : { user };
        session.printRows(await session.client.list('/access-log', parameters, rowsIn(limit)), COLUMNS);
      }),
  );
  return accessLog;
}

export function rowsIn(limit: string): number {
  if (!/^[1-9][0-9]{0,4}$/.test(limit)) throw new CliError('--limit is a whole number from 1 to 99999', 2);
  return Number(limit);
}
