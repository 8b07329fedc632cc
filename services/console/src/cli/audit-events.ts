import type { Command } from 'commander';
import { rowsIn } from './access-log.ts';
import type { Row } from './client.ts';
import { command, sessionOf } from './command-line.ts';
import { moment } from './output.ts';

const COLUMNS = {
  TIME: (event: Row) => moment(event.atMs),
  ACTOR: (event: Row) => event.actor,
  ACTION: (event: Row) => event.action,
  SUBJECT: (event: Row) => event.subject,
  DETAILS: ({ details }: Row) =>
    Object.entries(details ?? {})
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
};

export function auditEventsCommand(): Command {
  const auditEvents = command('audit-events', 'who changed what, and when', [
    'npm run cli -- audit-events list --limit 50',
  ]);
  auditEvents.addCommand(
    command('list', 'list changes, newest first', ['npm run -s cli -- audit-events list --json'])
      .option('--limit <rows>', 'how many', '20')
      .action(async ({ limit }: { limit: string }, self: Command) => {
        const session = sessionOf(self);
        session.printRows(await session.client.list('/audit-events', {}, rowsIn(limit)), COLUMNS);
      }),
  );
  return auditEvents;
}
