import type { Command } from 'commander';
import { rowsIn } from './access-log.ts';
import type { Row } from './client.ts';
import { command, sessionOf } from './command-line.ts';
import { moment } from './output.ts';
import { dateIn } from './usage.ts';

const COLUMNS = {
  TIME: (event: Row) => moment(event.atMs),
  ACTOR: (event: Row) => event.actor,
  FROM: (event: Row) => event.clientAddress,
  ACTION: (event: Row) => event.action,
  SUBJECT: (event: Row) => event.subject,
  DETAILS: ({ details }: Row) =>
    Object.entries(details ?? {})
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
};

interface ListOptions {
  readonly actor?: string;
  readonly action?: string;
  readonly subject?: string;
  readonly from?: string;
  readonly until?: string;
  readonly limit: string;
}

export function auditEventsCommand(): Command {
  const auditEvents = command('audit-events', 'who changed what, and when', [
    'npm run cli -- audit-events list --limit 50',
  ]);
  auditEvents.addCommand(
    command('list', 'list changes, newest first', [
      'npm run -s cli -- audit-events list --json',
      'npm run cli -- audit-events list --action key. --actor alice --from 2026-11-01',
    ])
      .option('--actor <user>', 'only what this user did: name or id')
      .option('--action <action>', 'only this: whole, or its noun with a dot, like `key.`')
      .option('--subject <id>', 'only what was done to this')
      .option('--from <date>', 'the first day, in UTC')
      .option('--until <date>', 'the day after the last, in UTC')
      .option('--limit <rows>', 'how many', '20')
      .action(async (options: ListOptions, self: Command) => {
        const session = sessionOf(self);
        const { actor, action, subject, from, until, limit } = options;
        const query = {
          ...(actor !== undefined && { actor }),
          ...(action !== undefined && { action }),
          ...(subject !== undefined && { subject }),
          ...(from !== undefined && { fromMs: dateIn(from, '--from') }),
          ...(until !== undefined && { untilMs: dateIn(until, '--until') }),
        };
        session.printRows(await session.client.list('/audit-events', { query }, rowsIn(limit)), COLUMNS);
      }),
  );
  return auditEvents;
}
