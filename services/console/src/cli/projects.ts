import type { Command } from 'commander';
import type { Row } from './client.ts';
import { command, sessionOf } from './command-line.ts';
import { moment } from './output.ts';

const COLUMNS = {
  ID: (row: Row) => row.projectId,
  NAME: (row: Row) => row.name,
  'RUN BY': (row: Row) => (row.departmentPath === '/' ? 'the company' : row.departmentPath),
  CREATED: (row: Row) => moment(row.createdAtMs),
};
const MEMBER_COLUMNS = { USER: (row: Row) => row.userName, ID: (row: Row) => row.userId };

const PROJECT = '/projects/{project}';
const MEMBER = '/projects/{project}/members/{user}';

export function projectsCommand(): Command {
  const projects = command('projects', 'cost centres across departments', [
    'npm run cli -- projects add web "The shop"',
    'npm run cli -- projects join web alice bob',
    'npm run cli -- quotas set project:web --cost 250 --period quarter',
  ]);
  const verbs = [
    addCommand(),
    listCommand(),
    showCommand(),
    renameCommand(),
    removeCommand(),
    membersCommand(),
    joinCommand(),
    leaveCommand(),
  ];
  for (const verb of verbs) projects.addCommand(verb);
  return projects;
}

function addCommand(): Command {
  return command('add', 'make a project', [
    'npm run cli -- projects add web "The shop"',
    'npm run cli -- projects add web --department sales',
  ])
    .argument('<id>', 'names its bucket: project:<id>')
    .argument('[name]', 'default: the id')
    .option('--department <id>', 'whose admins run it; default: the company’s')
    .action(
      async (
        projectId: string,
        name: string | undefined,
        { department }: { department?: string },
        self: Command,
      ) => {
        const { client, print } = sessionOf(self);
        const at = department === undefined ? {} : { departmentId: department };
        const made = await client.call('POST', '/projects', {
          body: { projectId, name: name ?? projectId, ...at },
        });
        print(made, `added ${made.name} (${made.projectId})`);
      },
    );
}

function listCommand(): Command {
  return command('list', 'list the projects that you run or are a member of', [
    'npm run cli -- projects list',
  ]).action(async (_options: object, self: Command) => {
    const { client, printRows } = sessionOf(self);
    printRows(await client.list('/projects'), COLUMNS);
  });
}

function showCommand(): Command {
  return command('show', 'show one project', ['npm run cli -- projects show web'])
    .argument('<id>')
    .action(async (project: string, _options: object, self: Command) => {
      const { client, printRows } = sessionOf(self);
      printRows([await client.call('GET', PROJECT, { path: { project } })], COLUMNS);
    });
}

function renameCommand(): Command {
  return command('rename', 'give a project another name', ['npm run cli -- projects rename web "The store"'])
    .argument('<id>')
    .argument('<name>')
    .action(async (project: string, name: string, _options: object, self: Command) => {
      const { client, print } = sessionOf(self);
      const renamed = await client.call('PATCH', PROJECT, { path: { project }, body: { name } });
      print(renamed, `${project} is ${renamed.name} now`);
    });
}

function removeCommand(): Command {
  return command('remove', 'remove a project and revoke the keys that are bound to it', [
    'npm run cli -- projects remove web',
  ])
    .argument('<id>')
    .action(async (project: string, _options: object, self: Command) => {
      const { client, print } = sessionOf(self);
      const gone = await client.call('DELETE', PROJECT, { path: { project } });
      print(gone, `removed ${project}; keys revoked: ${gone.keysRevoked}`);
    });
}

function membersCommand(): Command {
  return command('members', 'list the members of a project', ['npm run cli -- projects members web'])
    .argument('<id>')
    .action(async (project: string, _options: object, self: Command) => {
      const { client, printRows } = sessionOf(self);
      printRows(await client.list('/projects/{project}/members', { path: { project } }), MEMBER_COLUMNS);
    });
}

function joinCommand(): Command {
  return command('join', 'add users to a project', ['npm run cli -- projects join web alice bob'])
    .argument('<id>')
    .argument('<user...>', 'names or ids')
    .action(async (project: string, users: readonly string[], _options: object, self: Command) => {
      const { client, print } = sessionOf(self);
      for (const user of users) {
        const member = await client.call('PUT', MEMBER, { path: { project, user } });
        print(member, `${member.userName} is a member of ${project}`);
      }
    });
}

function leaveCommand(): Command {
  return command('leave', 'take a user out of a project and revoke his keys that are bound to it', [
    'npm run cli -- projects leave web alice',
  ])
    .argument('<id>')
    .argument('<user>', 'name or id')
    .action(async (project: string, user: string, _options: object, self: Command) => {
      const { client, print } = sessionOf(self);
      const gone = await client.call('DELETE', MEMBER, { path: { project, user } });
      print(gone, `${gone.userName} left ${project}; keys revoked: ${gone.keysRevoked}`);
    });
}
