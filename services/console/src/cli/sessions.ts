import { text as readStream } from 'node:stream/consumers';
import type { Command } from 'commander';
import { CliError } from './cli-error.ts';
import type { Row } from './client.ts';
import { command, sessionOf } from './command-line.ts';
import { list, moment } from './output.ts';

const COLUMNS = {
  ID: (row: Row) => row.sessionId,
  USER: (row: Row) => row.userName,
  BY: (row: Row) => row.way,
  FROM: (row: Row) => row.clientAddress,
  'LAST USED': (row: Row) => moment(row.lastUsedAtMs),
  ENDS: (row: Row) => moment(row.expiresAtMs),
  PROGRAM: (row: Row) => row.userAgent,
};

export function sessionsCommand(): Command {
  const sessions = command('sessions', 'who is signed in with a browser', [
    'npm run cli -- sessions list',
    'npm run cli -- sessions end alice',
  ]);
  return sessions.addCommand(listCommand()).addCommand(endCommand());
}

function listCommand(): Command {
  return command('list', 'list the sessions in force', ['npm run cli -- sessions list --user alice'])
    .option('--user <user>', 'only of this user: name or id')
    .action(async ({ user }: { user?: string }, self: Command) => {
      const { client, printRows } = sessionOf(self);
      printRows(await client.list('/sessions', { query: user === undefined ? {} : { user } }), COLUMNS);
    });
}

function endCommand(): Command {
  return command('end', 'sign a user out everywhere, or end one session of his', [
    'npm run cli -- sessions end alice',
    'npm run cli -- sessions end alice --session <id>',
  ])
    .argument('<user>', 'name or id')
    .option('--session <id>', 'only this one')
    .action(async (user: string, { session: sessionId }: { session?: string }, self: Command) => {
      const { client, print } = sessionOf(self);
      const ended =
        sessionId === undefined
          ? await client.call('DELETE', '/users/{user}/sessions', { path: { user } })
          : await client.call('DELETE', '/users/{user}/sessions/{sessionId}', { path: { user, sessionId } });
      print(ended, `sessions ended: ${ended.sessionsEnded}`);
    });
}

export function passwordsCommand(): Command {
  const passwords = command('passwords', 'what people sign in with', [
    'npm run cli -- passwords reset alice',
    'npm run cli -- passwords change < passwords.txt',
  ]);
  return passwords.addCommand(resetCommand()).addCommand(changeCommand());
}

function resetCommand(): Command {
  return command('reset', 'give a user a new password, shown this once; he has to change it', [
    'npm run cli -- passwords reset alice',
  ])
    .argument('<user>', 'name or id')
    .action(async (user: string, _options: object, self: Command) => {
      const { client, print } = sessionOf(self);
      const reset = await client.call('POST', '/users/{user}/password', { path: { user }, body: {} });
      print(
        reset,
        `${reset.password}\nThis password is shown this once. He has to change it when he signs in.`,
      );
    });
}

function changeCommand(): Command {
  return command('change', 'change your own: two lines of standard input, the one you have and the new one', [
    'npm run cli -- passwords change < passwords.txt',
  ]).action(async (_options: object, self: Command) => {
    const { client, print } = sessionOf(self);
    const [currentPassword, newPassword] = (await readStream(process.stdin)).split(/\r?\n/);
    if (!currentPassword || !newPassword) {
      throw new CliError('standard input holds two lines: the password you have, and the new one', 2);
    }
    const changed = await client.call('PUT', '/session/password', { body: { currentPassword, newPassword } });
    print(changed, 'changed; your other sessions have ended');
  });
}

export function whoAmICommand(): Command {
  return command('whoami', 'tell whose the key is, and what he may', ['npm run cli -- whoami']).action(
    async (_options: object, self: Command) => {
      const { client, print } = sessionOf(self);
      const who = await client.call('GET', '/session');
      const lines = [
        `${who.userName} (${who.userId}), ${who.role} in ${who.company}`,
        `departments: ${list(who.departmentIds) || 'none'}`,
        `projects: ${list(who.projectIds) || 'none'}`,
        `this key is for: ${list(who.keyScopes)}`,
      ];
      print(who, lines.join('\n'));
    },
  );
}
