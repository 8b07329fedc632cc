import type { Command } from 'commander';
import { type Row, segment } from './client.ts';
import { command, sessionOf } from './command-line.ts';
import { moment } from './output.ts';

const COLUMNS = {
  NAME: ({ name }: Row) => name,
  ROLE: ({ role }: Row) => role,
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
      ])
        .argument('<name>', 'letters, digits and ._@-')
        .option('--role <role>', 'root (administers) or member', 'member')
        .action(async (name: string, { role }: { role: string }, self: Command) => {
          const session = sessionOf(self);
          const user = await session.client.call('POST', '/users', { name, role });
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
