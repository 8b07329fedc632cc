import type { Command } from 'commander';
import { CliError } from './cli-error.ts';
import type { Row } from './client.ts';
import { command, sessionOf } from './command-line.ts';
import { list, moment } from './output.ts';

const COLUMNS = {
  NAME: ({ name }: Row) => name,
  ROLE: ({ role }: Row) => role,
  DEPARTMENTS: ({ departmentIds }: Row) => list(departmentIds),
  STATE: ({ isSuspended }: Row) => (isSuspended === true ? 'suspended' : ''),
  ID: ({ userId }: Row) => userId,
  CREATED: ({ createdAtMs }: Row) => moment(createdAtMs),
};

const USER = '/users/{user}';

export function usersCommand(): Command {
  const users = command('users', 'who may use the gateway', [
    'npm run cli -- users add alice',
    'npm run cli -- users add bob --department research',
    'npm run cli -- users list',
    'npm run cli -- users remove alice',
  ]);
  const verbs = [
    addCommand(),
    listCommand(),
    showCommand(),
    moveCommand(),
    renameCommand(),
    suspendCommand('suspend'),
    suspendCommand('resume'),
    removeCommand(),
  ];
  for (const verb of verbs) users.addCommand(verb);
  return users;
}

interface AddOptions {
  readonly role: 'root' | 'companyAdmin' | 'departmentAdmin' | 'member';
  readonly department?: readonly string[];
  readonly id?: string;
}

function addCommand(): Command {
  return command('add', 'add a user; a key for him is the next step', [
    'npm run cli -- users add alice',
    'npm run cli -- users add bob@example.com --role root',
    'npm run cli -- users add carol --department research',
    'npm run cli -- users add dave --department research --role departmentAdmin',
  ])
    .argument('<name>', 'letters, digits and ._@-')
    .option('--role <role>', 'root, companyAdmin, departmentAdmin (of his department) or member', 'member')
    .option('--department <id...>', 'his department; of several from the top down, the last')
    .option('--id <id>', 'to know him by; a repeated command with the same id adds nobody twice')
    .action(async (name: string, { role, department, id }: AddOptions, self: Command) => {
      const { client, print } = sessionOf(self);
      const departmentId = department?.at(-1);
      if (role === 'departmentAdmin' && departmentId === undefined) {
        throw new CliError('--role departmentAdmin goes with --department', 2);
      }
      const user = await client.call('POST', '/users', {
        body: {
          name,
          ...(departmentId !== undefined && { departmentId }),
          ...(id !== undefined && { userId: id }),
        },
      });
      if (role !== 'member') {
        const at = role === 'departmentAdmin' && departmentId !== undefined ? { departmentId } : {};
        await client.call('POST', '/role-grants', { body: { user: user.userId, role, ...at } });
      }
      print(
        { ...user, role },
        `added ${role} ${name} (${user.userId})\nnext: npm run cli -- keys add ${name}`,
      );
    });
}

function listCommand(): Command {
  return command('list', 'list the users that you see', [
    'npm run -s cli -- users list --json',
    'npm run cli -- users list --department research',
    'npm run cli -- users list --name-begins al',
  ])
    .option('--department <id>', 'of this department and all below it')
    .option('--name-begins <text>', 'whose name begins so')
    .action(async (options: { department?: string; nameBegins?: string }, self: Command) => {
      const { client, printRows } = sessionOf(self);
      const { department, nameBegins: namePrefix } = options;
      const query = {
        ...(department !== undefined && { department }),
        ...(namePrefix !== undefined && { namePrefix }),
      };
      printRows(await client.list('/users', { query }), COLUMNS);
    });
}

function showCommand(): Command {
  return command('show', 'show one user', ['npm run cli -- users show alice'])
    .argument('<user>', 'name or id')
    .action(async (user: string, _options: object, self: Command) => {
      const { client, printRows } = sessionOf(self);
      printRows([await client.call('GET', USER, { path: { user } })], COLUMNS);
    });
}

interface MoveOptions {
  readonly department?: readonly string[];
  readonly none?: boolean;
}

function moveCommand(): Command {
  return command('move', 'put a user into another department, whose quota bounds him from now on', [
    'npm run cli -- users move carol --department research',
    'npm run cli -- users move carol --none',
  ])
    .argument('<user>', 'name or id')
    .option('--department <id...>', 'of several from the top down, the last')
    .option('--none', 'into no department')
    .action(async (user: string, { department, none }: MoveOptions, self: Command) => {
      const { client, print } = sessionOf(self);
      if ((department === undefined) === (none === undefined)) {
        throw new CliError('give --department or --none', 2);
      }
      const body = { departmentId: department?.at(-1) ?? '' };
      const moved = await client.call('PATCH', USER, { path: { user }, body });
      print(moved, `${moved.name} is in ${list(moved.departmentIds) || 'no department'}`);
    });
}

function renameCommand(): Command {
  return command('rename', 'give a user another name; what he has stays his', [
    'npm run cli -- users rename alice alice.smith',
  ])
    .argument('<user>', 'name or id')
    .argument('<name>', 'the new one')
    .action(async (user: string, name: string, _options: object, self: Command) => {
      const { client, print } = sessionOf(self);
      const renamed = await client.call('PATCH', USER, { path: { user }, body: { name } });
      print(renamed, `${user} is ${renamed.name} now`);
    });
}

function suspendCommand(verb: 'suspend' | 'resume'): Command {
  const isSuspended = verb === 'suspend';
  const what = isSuspended
    ? 'refuse the keys and sessions of a user until he is resumed'
    : 'let a user who was suspended in again';
  return command(verb, what, [`npm run cli -- users ${verb} alice`])
    .argument('<user>', 'name or id')
    .action(async (user: string, _options: object, self: Command) => {
      const { client, print } = sessionOf(self);
      const changed = await client.call('PATCH', USER, { path: { user }, body: { isSuspended } });
      print(changed, `${verb}${isSuspended ? 'ed' : 'd'} ${changed.name}`);
    });
}

function removeCommand(): Command {
  return command('remove', 'remove a user and revoke every key of his', ['npm run cli -- users remove alice'])
    .argument('<user>', 'name or id')
    .action(async (user: string, _options: object, self: Command) => {
      const { client, print } = sessionOf(self);
      const gone = await client.call('DELETE', USER, { path: { user } });
      print(gone, `removed ${gone.name}; keys revoked: ${gone.keysRevoked}`);
    });
}
