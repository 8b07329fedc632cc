import { type Command, Option } from 'commander';
import { CliError } from './cli-error.ts';
import type { Row } from './client.ts';
import { command, sessionOf } from './command-line.ts';
import { moment } from './output.ts';
import { type LimitOptions, limitsIn, limitsText, withLimits } from './quotas/limits.ts';
import { utcOption, type ZoneOptions, zoneOf } from './quotas/times.ts';

const STATES = ['open', 'approved', 'refused', 'withdrawn'] as const;
const REQUEST = '/quota-requests/{quotaRequest}';

const COLUMNS = {
  ID: (row: Row) => row.quotaRequestId,
  USER: (row: Row) => row.userName,
  ASKS: (row: Row) => limitsText(row.amounts, 'nothing'),
  UNTIL: (row: Row) => moment(Date.parse(String(row.until))),
  STATE: (row: Row) => row.state,
  REASON: (row: Row) => row.reason,
  ANSWER: (row: Row) => row.answer,
  ASKED: (row: Row) => moment(row.createdAtMs),
};

export function requestsCommand(): Command {
  const requests = command('requests', 'quota that members ask for', [
    'npm run cli -- requests ask --output 500000 --until 30d --reason "release week"',
    'npm run cli -- requests list --state open',
    'npm run cli -- requests approve <id>',
  ]);
  const verbs = [
    askCommand(),
    listCommand(),
    showCommand(),
    decideCommand('approve'),
    decideCommand('refuse'),
    withdrawCommand(),
  ];
  for (const verb of verbs) requests.addCommand(verb);
  return requests;
}

interface AskOptions extends LimitOptions, ZoneOptions {
  readonly until: string;
  readonly reason?: string;
  readonly id?: string;
}

function askCommand(): Command {
  const ask = command('ask', 'ask for quota for yourself, for a time', [
    'npm run cli -- requests ask --output 500000 --until 30d --reason "release week"',
    'npm run cli -- requests ask --cost 20 --until 2026-12-31',
  ]);
  return withLimits(ask)
    .requiredOption('--until <when>', 'the last day (2026-12-31), a time, or a span like 30d')
    .option('--reason <text>', 'what for')
    .option('--id <id>', 'to know it by; a repeated command with the same id asks for nothing twice')
    .addOption(utcOption())
    .action(async (options: AskOptions, self: Command) => {
      const { client, print } = sessionOf(self);
      const { until, reason, id } = options;
      const amounts = limitsIn(options);
      if (Object.keys(amounts).length === 0)
        throw new CliError('give at least one of --input, --output and --cost', 2);
      const asked = await client.call('POST', '/quota-requests', {
        body: {
          amounts,
          until: zoneOf(options).read(until, '--until', 'after'),
          ...(reason !== undefined && { reason }),
          ...(id !== undefined && { id }),
        },
      });
      print(asked, `asked for ${limitsText(asked.amounts, 'nothing')} (${asked.quotaRequestId})`);
    });
}

function listCommand(): Command {
  return command('list', 'list your own requests, and those of the users that you run', [
    'npm run cli -- requests list --state open',
  ])
    .addOption(new Option('--state <state>', 'only those').choices(STATES))
    .action(async ({ state }: { state?: (typeof STATES)[number] }, self: Command) => {
      const { client, printRows } = sessionOf(self);
      printRows(
        await client.list('/quota-requests', { query: state === undefined ? {} : { state } }),
        COLUMNS,
      );
    });
}

function showCommand(): Command {
  return command('show', 'show one request', ['npm run cli -- requests show <id>'])
    .argument('<id>')
    .action(async (quotaRequest: string, _options: object, self: Command) => {
      const { client, printRows } = sessionOf(self);
      printRows([await client.call('GET', REQUEST, { path: { quotaRequest } })], COLUMNS);
    });
}

function decideCommand(verb: 'approve' | 'refuse'): Command {
  const what = verb === 'approve' ? 'approve a request and grant what it asks for' : 'refuse a request';
  return command(verb, what, [
    `npm run cli -- requests ${verb} <id>`,
    `npm run cli -- requests ${verb} <id> --answer "as we talked"`,
  ])
    .argument('<id>')
    .option('--answer <text>', 'what the user is told', '')
    .action(async (quotaRequest: string, { answer }: { answer: string }, self: Command) => {
      const { client, print } = sessionOf(self);
      const input = { path: { quotaRequest }, body: { answer } };
      const decided =
        verb === 'approve'
          ? await client.call('POST', '/quota-requests/{quotaRequest}/approve', input)
          : await client.call('POST', '/quota-requests/{quotaRequest}/refuse', input);
      const by = decided.grant === undefined ? '' : ` by ${decided.grant}`;
      print(
        decided,
        `${decided.state}: ${limitsText(decided.amounts, 'nothing')} for ${decided.userName}${by}`,
      );
    });
}

function withdrawCommand(): Command {
  return command('withdraw', 'withdraw a request of your own', ['npm run cli -- requests withdraw <id>'])
    .argument('<id>')
    .action(async (quotaRequest: string, _options: object, self: Command) => {
      const { client, print } = sessionOf(self);
      const path = '/quota-requests/{quotaRequest}/withdraw';
      const withdrawn = await client.call('POST', path, { path: { quotaRequest }, body: {} });
      print(withdrawn, `withdrew ${withdrawn.quotaRequestId}`);
    });
}
