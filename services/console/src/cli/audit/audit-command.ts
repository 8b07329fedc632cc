import { readTrailLines } from '@ai-switch/event-log';
import type { Command } from 'commander';
import type { Row } from '../client.ts';
import { command, sessionOf } from '../command-line.ts';
import { count, moment } from '../output.ts';
import { sourceOf } from './read-source.ts';
import { writeTrail } from './trail-file.ts';
import { verifyCommand } from './verify.ts';

const LOGS = {
  PRODUCER: (log: Row) => log.producer,
  EPOCH: (log: Row) => log.epoch,
  ACCEPTED: (log: Row) => count(log.lastSequence),
  STORED: (log: Row) => count(log.stored),
  MISSING: (log: Row) => missingText(log),
  DROPPED: (log: Row) => count(log.dropped),
  'DELETED TO': (log: Row) => count(log.deletedSequence),
  ANNOUNCED: (log: Row) => (Number(log.announcedAtMs) > 0 ? moment(log.announcedAtMs) : ''),
  ENDED: (log: Row) => (log.isFinal ? 'yes' : ''),
};
const SPANS_SHOWN = 3;

export function auditCommand(): Command {
  return command('audit', 'whether the audit trail is whole and unchanged; for root', [
    'npm run cli -- audit completeness',
    'npm run cli -- audit verify',
    'npm run -s cli -- audit export > trail.ndjson',
  ])
    .addCommand(completenessCommand())
    .addCommand(exportCommand())
    .addCommand(verifyCommand());
}

function completenessCommand(): Command {
  return command('completeness', 'show of each log what was accepted, what is stored and what is missing', [
    'npm run cli -- audit completeness',
    'npm run cli -- audit completeness --missing',
  ])
    .option('--missing', 'only logs that miss something')
    .action(async ({ missing }: { readonly missing?: true }, self: Command) => {
      const { client, printRows } = sessionOf(self);
      const logs = await client.list('/audit-trail/logs');
      printRows(missing ? logs.filter(({ missingCount }) => Number(missingCount) > 0) : logs, LOGS);
    });
}

function exportCommand(): Command {
  return command('export', 'write the whole trail as lines of JSON, which `audit verify --file` reads', [
    'npm run -s cli -- audit export > trail.ndjson',
    'npm run cli -- audit export --output trail.ndjson',
  ])
    .option('--output <file>', 'a new file, which only you can read')
    .action(async ({ output }: { readonly output?: string }, self: Command) => {
      const { client, print } = sessionOf(self);
      const records = await writeTrail(readTrailLines(sourceOf(client), Date.now()), output);
      if (output !== undefined) print({ records, output }, `${count(records)} records are in ${output}`);
    });
}

function missingText({ missing, missingCount }: Row): string {
  if (!Array.isArray(missing) || missing.length === 0) return '';
  const spans = missing
    .slice(0, SPANS_SHOWN)
    .map(({ first, last }: Row) => (first === last ? String(first) : `${first}-${last}`))
    .join(', ');
  return `${count(missingCount)}: ${spans}${missing.length > SPANS_SHOWN ? ' …' : ''}`;
}
