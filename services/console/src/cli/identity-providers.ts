import type { Command } from 'commander';
import type { Row } from './client.ts';
import { command, sessionOf } from './command-line.ts';
import { credentialFromEnvironment } from './config.ts';
import { moment } from './output.ts';

const COLUMNS = {
  ID: (row: Row) => row.identityProviderId,
  NAME: (row: Row) => row.name,
  ISSUER: (row: Row) => row.issuer,
  CLIENT: (row: Row) => row.clientId,
  SECRET: (row: Row) => (row.hasClientSecret === true ? 'stored' : 'none'),
  'NEW USERS': (row: Row) =>
    row.isCreatingUsers === true ? `made in ${row.departmentId || 'the company'}` : 'refused',
  'REDIRECT TO REGISTER': (row: Row) => row.redirectUri,
  CHANGED: (row: Row) => moment(row.updatedAtMs),
};

const PROVIDER = '/identity-providers/{identityProvider}';

export function identityProvidersCommand(): Command {
  const providers = command('identity-providers', 'how people sign in by OpenID Connect', [
    'npm run cli -- identity-providers add okta --issuer https://acme.okta.com --client-id 0oa… --secret-env OKTA_SECRET',
    'npm run cli -- identity-providers list',
  ]);
  for (const verb of [addCommand(), listCommand(), linkCommand(), removeCommand()])
    providers.addCommand(verb);
  return providers;
}

interface AddOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly name?: string;
  readonly secretEnv?: string;
  readonly scope?: readonly string[];
  readonly createUsers?: true;
  readonly department?: string;
  readonly nameClaim?: string;
}

function addCommand(): Command {
  return command('add', 'add an identity provider, or change one', [
    'npm run cli -- identity-providers add okta --issuer https://acme.okta.com --client-id 0oa… --secret-env OKTA_SECRET',
    'npm run cli -- identity-providers add okta --issuer https://acme.okta.com --client-id 0oa… \\',
    '    --create-users --department staff --name-claim email --scope email profile',
  ])
    .argument('<id>', 'part of the address that the provider sends browsers back to')
    .requiredOption('--issuer <url>', 'as its tokens name it')
    .requiredOption('--client-id <id>', 'as the provider knows this gateway')
    .option('--name <text>', 'what people are shown; default: the id')
    .option('--secret-env <variable>', 'the environment variable that holds the client secret')
    .option('--scope <scope...>', 'besides openid')
    .option('--create-users', 'make users who are not there yet at their first sign-in')
    .option('--department <id>', 'where users are made')
    .option('--name-claim <claim>', 'where the name of a new user stands')
    .action(async (identityProvider: string, options: AddOptions, self: Command) => {
      const { client, printRows } = sessionOf(self);
      const { issuer, clientId, name, secretEnv, scope, createUsers, department, nameClaim } = options;
      const put = await client.call('PUT', PROVIDER, {
        path: { identityProvider },
        body: {
          name: name ?? identityProvider,
          issuer,
          clientId,
          isCreatingUsers: createUsers === true,
          ...(scope !== undefined && { scopes: scope }),
          ...(secretEnv !== undefined && { clientSecret: credentialFromEnvironment(secretEnv) }),
          ...(department !== undefined && { departmentId: department }),
          ...(nameClaim !== undefined && { nameClaim }),
        },
      });
      printRows([put], COLUMNS);
    });
}

function listCommand(): Command {
  return command('list', 'list the identity providers; a secret is never shown', [
    'npm run cli -- identity-providers list',
  ]).action(async (_options: object, self: Command) => {
    const { client, printRows } = sessionOf(self);
    printRows(await client.list('/identity-providers'), COLUMNS);
  });
}

function linkCommand(): Command {
  return command('link', 'tie a user to a subject of an identity provider beforehand', [
    'npm run cli -- identity-providers link okta alice 00u1a2b3',
  ])
    .argument('<id>')
    .argument('<user>', 'name or id')
    .argument('<subject>', 'the `sub` of his tokens')
    .action(
      async (identityProvider: string, user: string, subject: string, _options: object, self: Command) => {
        const { client, print } = sessionOf(self);
        const path = '/users/{user}/identities/{identityProvider}';
        const linked = await client.call('PUT', path, {
          path: { user, identityProvider },
          body: { subject },
        });
        print(linked, `${user} is ${subject} of ${identityProvider}`);
      },
    );
}

function removeCommand(): Command {
  return command('remove', 'remove an identity provider and the links of users to it', [
    'npm run cli -- identity-providers remove okta',
  ])
    .argument('<id>')
    .action(async (identityProvider: string, _options: object, self: Command) => {
      const { client, print } = sessionOf(self);
      const gone = await client.call('DELETE', PROVIDER, { path: { identityProvider } });
      print(gone, `removed ${gone.identityProviderId}`);
    });
}
