import type { Command } from 'commander';
import { CliError } from './cli-error.ts';
import { type Row, segment } from './client.ts';
import { command, sessionOf } from './command-line.ts';
import { list, moment } from './output.ts';

const COLUMNS = {
  NAME: ({ name }: Row) => name,
  ROLE: ({ role }: Row) => role,
  DEPARTMENTS: ({ departmentIds }: Row) => list(departmentIds),
  ID: ({ userId }: Row) => userId,
  CREATED: ({ createdAtMs }: Row) => moment(createdAtMs),
};

export function usersCommand(): Command {
  const users = command('users', 'who may use the gateway', [
    'npm run cli -- users add alice',
    'npm run cli -- users list',
    'npm run cli -- users remove alice',
  ]);

  users
    .addCommand(
      command('add', 'add a user; a key for him is the next step', [
        'npm run cli -- users add alice',
        'npm run cli -- users add bob@example.com --role root',
        'npm run cli -- users add carol --department research models',
      ])
        .argument('<name>', 'letters, digits and ._@-')
        .option('--role <role>', 'root (administers) or member', 'member')
        .option('--department <id...>', 'the departments he is in, from the top down')
        .action(async (name: string, { role, department }: UserOptions, self: Command) => {
          const session = sessionOf(self);
          const user = await session.client.call('POST', '/users', {
            name,
            role,
            departmentIds: department ?? [],
          });
          session.print(
            user,
            `added ${role} ${name} (${user.userId})\nnext: npm run cli -- keys add ${name}`,
          );
        }),
    )
    .addCommand(
      command('list', 'list the users', ['npm run -s cli -- users list --json']).action(
        async (_options: object, self: Command) => {
          const session = sessionOf(self);
          session.printRows(await session.client.list('/users'), COLUMNS);
        },
      ),
    )
    .addCommand(
      command('show', 'show one user', ['npm run cli -- users show alice'])
        .argument('<user>', 'name or id')
        .action(async (user: string, _options: object, self: Command) => {
          const session = sessionOf(self);
          session.printRows([await session.client.call('GET', `/users/${segment(user)}`)], COLUMNS);
        }),
    )
    .addCommand(
      command('move', 'put a user into other departments, whose quota bounds him from now on', [
        'npm run cli -- users move carol --department research',
        'npm run cli -- users move carol --none',
      ])
        .argument('<user>', 'name or id')
        .option('--department <id...>', 'from the top down')
        .option('--none', 'into no department')
        .action(async (user: string, { department, none }: MoveOptions, self: Command) => {
          const session = sessionOf(self);
          if ((department === undefined) === (none === undefined)) {
            throw new CliError('give --department or --none', 2);
          }
          const moved = await session.client.call('PATCH', `/users/${segment(user)}`, {
            departmentIds: department ?? [],
          });
          session.print(moved, `${moved.name} is in ${list(moved.departmentIds) || 'no department'}`);
        }),
    )
    .addCommand(
      command('remove', 'remove a user and revoke every key of his', ['npm run cli -- users remove alice'])
        .argument('<user>', 'name or id')
        .action(async (user: string, _options: object, self: Command) => {
          const session = sessionOf(self);
          const gone = await session.client.call('DELETE', `/users/${segment(user)}`);
          session.print(gone, `removed ${gone.name}; keys revoked: ${gone.keysRevoked}`);
        }),
    );
  return users;
}

interface UserOptions {
  readonly role: string;
  readonly department?: readonly string[];
}

interface MoveOptions {
  readonly department?: readonly string[];
  readonly none?: boolean;
}
