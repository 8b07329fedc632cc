import type { Command } from 'commander';
import type { Row } from './client.ts';
import { command, sessionOf } from './command-line.ts';
import { moment } from './output.ts';

const TIERS: Readonly<Record<number, string>> = { 2: 'division', 3: 'department', 4: 'team' };
const COLUMNS = {
  ID: (row: Row) => row.departmentId,
  NAME: (row: Row) => row.name,
  TIER: (row: Row) => TIERS[Number(row.tier)] ?? row.tier,
  BELOW: (row: Row) => row.parentId || 'the company',
  PATH: (row: Row) => row.path,
  CREATED: (row: Row) => moment(row.createdAtMs),
};

const DEPARTMENT = '/departments/{department}';

export function departmentsCommand(): Command {
  const departments = command('departments', 'the tree below the company: divisions, departments, teams', [
    'npm run cli -- departments add "Research" --id research',
    'npm run cli -- departments add "Models" --below research',
    'npm run cli -- departments list',
    'npm run cli -- import org.csv --dry-run',
  ]);
  for (const verb of [
    addCommand(),
    listCommand(),
    showCommand(),
    renameCommand(),
    moveCommand(),
    removeCommand(),
  ]) {
    departments.addCommand(verb);
  }
  return departments;
}

function addCommand(): Command {
  return command('add', 'add a department below another, or below the company', [
    'npm run cli -- departments add "Research" --id research',
    'npm run cli -- departments add "Models" --below research --id models',
  ])
    .argument('<name>', 'unique among its siblings')
    .option('--below <id>', 'the department above it; default: the company')
    .option('--id <id>', 'to know it by; a repeated command with the same id adds nothing twice')
    .action(async (name: string, { below, id }: { below?: string; id?: string }, self: Command) => {
      const { client, print } = sessionOf(self);
      const made = await client.call('POST', '/departments', {
        body: {
          name,
          ...(below !== undefined && { parentId: below }),
          ...(id !== undefined && { departmentId: id }),
        },
      });
      print(made, `added ${made.name} (${made.departmentId}) at ${made.path}`);
    });
}

function listCommand(): Command {
  return command('list', 'list the departments that you run', [
    'npm run cli -- departments list',
    'npm run cli -- departments list --below research',
  ])
    .option('--below <id>', 'only those below this one')
    .action(async ({ below }: { below?: string }, self: Command) => {
      const { client, printRows } = sessionOf(self);
      printRows(await client.list('/departments', { query: below === undefined ? {} : { below } }), COLUMNS);
    });
}

function showCommand(): Command {
  return command('show', 'show one department', ['npm run cli -- departments show research'])
    .argument('<id>')
    .action(async (department: string, _options: object, self: Command) => {
      const { client, printRows } = sessionOf(self);
      printRows([await client.call('GET', DEPARTMENT, { path: { department } })], COLUMNS);
    });
}

function renameCommand(): Command {
  return command('rename', 'give a department another name', [
    'npm run cli -- departments rename research "Research and development"',
  ])
    .argument('<id>')
    .argument('<name>')
    .action(async (department: string, name: string, _options: object, self: Command) => {
      const { client, print } = sessionOf(self);
      const renamed = await client.call('PATCH', DEPARTMENT, { path: { department }, body: { name } });
      print(renamed, `${department} is ${renamed.name} now`);
    });
}

function moveCommand(): Command {
  return command('move', 'put a department, with all below it, below another one', [
    'npm run cli -- departments move models --below products',
    'npm run cli -- departments move models',
  ])
    .argument('<id>')
    .option('--below <id>', 'the new one above it; default: the company', '')
    .action(async (department: string, { below }: { below: string }, self: Command) => {
      const { client, print } = sessionOf(self);
      const body = { parentId: below };
      const moved = await client.call('PATCH', DEPARTMENT, { path: { department }, body });
      const { departmentsMoved, usersMoved } = moved;
      print(
        moved,
        `${moved.name} is at ${moved.path}; departments moved along: ${departmentsMoved}, users: ${usersMoved}`,
      );
    });
}

function removeCommand(): Command {
  return command('remove', 'remove an empty department', ['npm run cli -- departments remove models'])
    .argument('<id>')
    .action(async (department: string, _options: object, self: Command) => {
      const { client, print } = sessionOf(self);
      const gone = await client.call('DELETE', DEPARTMENT, { path: { department } });
      print(gone, `removed ${gone.name}`);
    });
}
