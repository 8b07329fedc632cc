import type { Command } from 'commander';
import type { Row } from './client.ts';
import { command, sessionOf } from './command-line.ts';
import { moment } from './output.ts';

const COLUMNS = {
  ID: (row: Row) => row.company,
  NAME: (row: Row) => row.name,
  STATE: (row: Row) => (row.isSuspended === true ? 'suspended' : 'in force'),
  CREATED: (row: Row) => moment(row.createdAtMs),
};

const COMPANY = '/companies/{company}';

export function companiesCommand(): Command {
  const companies = command('companies', 'the companies on this installation', [
    'npm run cli -- companies add acme "Acme Ltd"',
    'npm run cli -- companies list',
    'npm run cli -- users list --company acme',
  ]);
  const verbs = [
    addCommand(),
    listCommand(),
    showCommand(),
    renameCommand(),
    suspendCommand('suspend'),
    suspendCommand('resume'),
  ];
  for (const verb of verbs) companies.addCommand(verb);
  return companies;
}

function addCommand(): Command {
  return command('add', 'make a company, for root', ['npm run cli -- companies add acme "Acme Ltd"'])
    .argument('<id>', 'small letters, digits and dashes')
    .argument('<name>')
    .action(async (company: string, name: string, _options: object, self: Command) => {
      const { client, print } = sessionOf(self);
      const made = await client.call('POST', '/companies', { body: { company, name } });
      print(
        made,
        `added ${made.name} (${company})\nnext: npm run cli -- users add <name> --company ${company}`,
      );
    });
}

function listCommand(): Command {
  return command('list', 'list every company, for root; your own for everybody else', [
    'npm run cli -- companies list',
  ]).action(async (_options: object, self: Command) => {
    const { client, printRows } = sessionOf(self);
    printRows(await client.list('/companies'), COLUMNS);
  });
}

function showCommand(): Command {
  return command('show', 'show one company', ['npm run cli -- companies show default'])
    .argument('<id>')
    .action(async (company: string, _options: object, self: Command) => {
      const { client, printRows } = sessionOf(self);
      printRows([await client.call('GET', COMPANY, { path: { company } })], COLUMNS);
    });
}

function renameCommand(): Command {
  return command('rename', 'give a company another name', [
    'npm run cli -- companies rename acme "Acme Holding"',
  ])
    .argument('<id>')
    .argument('<name>')
    .action(async (company: string, name: string, _options: object, self: Command) => {
      const { client, print } = sessionOf(self);
      const renamed = await client.call('PATCH', COMPANY, { path: { company }, body: { name } });
      print(renamed, `${company} is ${renamed.name} now`);
    });
}

function suspendCommand(verb: 'suspend' | 'resume'): Command {
  const isSuspended = verb === 'suspend';
  const what = isSuspended
    ? 'refuse all keys and sessions of a company, for root'
    : 'let a suspended company in again';
  return command(verb, what, [`npm run cli -- companies ${verb} acme`])
    .argument('<id>')
    .action(async (company: string, _options: object, self: Command) => {
      const { client, print } = sessionOf(self);
      const changed = await client.call('PATCH', COMPANY, { path: { company }, body: { isSuspended } });
      print(changed, `${verb}${isSuspended ? 'ed' : 'd'} ${changed.name}`);
    });
}
