import type { Command } from 'commander';
import type { Row } from './client.ts';
import { command, sessionOf } from './command-line.ts';
import { moment } from './output.ts';

const COLUMNS = {
  USER: (row: Row) => row.userName,
  ROLE: (row: Row) => row.role,
  DEPARTMENT: (row: Row) => row.departmentId,
  'GRANTED BY': (row: Row) => row.grantedBy,
  SINCE: (row: Row) => moment(row.createdAtMs),
  ID: (row: Row) => row.roleGrantId,
};

export function rolesCommand(): Command {
  const roles = command('roles', 'who runs what', [
    'npm run cli -- roles grant alice departmentAdmin --department research',
    'npm run cli -- roles list',
    'npm run cli -- roles revoke <id>',
  ]);
  return roles.addCommand(grantCommand()).addCommand(listCommand()).addCommand(revokeCommand());
}

type RoleWord = 'root' | 'companyAdmin' | 'departmentAdmin';

function grantCommand(): Command {
  return command('grant', 'grant a role that is not above your own', [
    'npm run cli -- roles grant alice departmentAdmin --department research',
    'npm run cli -- roles grant bob companyAdmin',
  ])
    .argument('<user>', 'name or id')
    .argument('<role>', 'root, companyAdmin or departmentAdmin')
    .option('--department <id>', 'which one he is to run, with departmentAdmin')
    .action(async (user: string, role: RoleWord, { department }: { department?: string }, self: Command) => {
      const { client, print } = sessionOf(self);
      const granted = await client.call('POST', '/role-grants', {
        body: { user, role, ...(department !== undefined && { departmentId: department }) },
      });
      const of = department === undefined ? '' : ` of ${department}`;
      print(granted, `${granted.userName} is ${granted.role}${of} (${granted.roleGrantId})`);
    });
}

function listCommand(): Command {
  return command('list', 'list who holds which role', [
    'npm run cli -- roles list',
    'npm run cli -- roles list --user alice',
  ])
    .option('--user <user>', 'only the roles of this user: name or id')
    .action(async ({ user }: { user?: string }, self: Command) => {
      const { client, printRows } = sessionOf(self);
      printRows(await client.list('/role-grants', { query: user === undefined ? {} : { user } }), COLUMNS);
    });
}

function revokeCommand(): Command {
  return command('revoke', 'take a role', ['npm run cli -- roles revoke <id>'])
    .argument('<id>', 'as `roles list` shows it')
    .action(async (roleGrantId: string, _options: object, self: Command) => {
      const { client, print } = sessionOf(self);
      const taken = await client.call('DELETE', '/role-grants/{roleGrantId}', { path: { roleGrantId } });
      print(taken, taken.wasHeld ? `revoked ${roleGrantId}` : 'it was not held');
    });
}
