import type { Command } from 'commander';
import { CliError } from './cli-error.ts';
import type { Row } from './client.ts';
import { command, sessionOf } from './command-line.ts';
import { list, moment } from './output.ts';

const COLUMNS = {
  ID: (key: Row) => key.keyId,
  USER: (key: Row) => key.userId,
  LABEL: (key: Row) => key.label,
  FOR: (key: Row) => list(key.scopes),
  MODELS: (key: Row) => list(key.models) || 'all',
  FROM: (key: Row) => list(key.networks) || 'anywhere',
  PROJECT: (key: Row) => key.projectId,
  STATE: stateOf,
  'LAST USED': (key: Row) => moment(key.lastUsedAtMs),
  CREATED: (key: Row) => moment(key.createdAtMs),
};

const KEY = '/keys/{keyId}';
const SCOPES = { inference: 'inference', 'admin-read': 'adminRead', admin: 'admin' } as const;
type ScopeWord = keyof typeof SCOPES;

export function keysCommand(): Command {
  const keys = command('keys', 'the API keys of users', [
    'npm run cli -- keys add alice --label laptop',
    'npm run cli -- keys rotate <key id> --overlap 24h',
    'npm run cli -- keys list --user alice',
    'npm run cli -- keys remove <key id>',
  ]);
  for (const verb of [
    addCommand(),
    listCommand(),
    showCommand(),
    setCommand(),
    rotateCommand(),
    removeCommand(),
  ]) {
    keys.addCommand(verb);
  }
  return keys;
}

interface KeyOptions {
  readonly label: string;
  readonly expires?: string;
  readonly model?: readonly string[];
  readonly project?: string;
  readonly scope?: readonly string[];
  readonly network?: readonly string[];
}

function addCommand(): Command {
  return command('add', 'make a key for a user; the whole key is shown this once', [
    'npm run cli -- keys add alice',
    'npm run cli -- keys add alice --label ci --expires 30d --model fast --model gpt-5.5',
    'npm run cli -- keys add alice --label shop --project web --network 10.0.0.0/8',
    'npm run cli -- keys add alice --label reports --scope admin-read',
  ])
    .argument('<user>', 'name or id')
    .option('--label <text>', 'to know the key by', '')
    .option('--expires <span>', 'when it ends: 12h, 30d, or a date like 2027-01-31')
    .option('--model <alias...>', 'only these models; default: all that the policies allow')
    .option('--network <cidr...>', 'only from these addresses and networks; default: from anywhere')
    .option('--scope <scope...>', 'inference, admin-read or admin; default: inference')
    .option('--project <id>', 'its requests draw on the quota of this project, too')
    .action(async (user: string, options: KeyOptions, self: Command) => {
      const { client, print } = sessionOf(self);
      const { label, model = [], network = [], scope = [], project, expires } = options;
      const key = await client.call('POST', '/keys', {
        body: {
          user,
          label,
          models: model,
          networks: network,
          scopes: scope.map(scopeIn),
          ...(project === undefined ? {} : { projectId: project }),
          ...(expires === undefined ? {} : { expiresAtMs: expiryMs(expires, Date.now()) }),
        },
      });
      print(key, `${key.plaintext}\nThis key is shown this once. Its id is ${key.keyId}.`);
    });
}

function listCommand(): Command {
  return command('list', 'list keys, without their secrets', ['npm run cli -- keys list --user alice'])
    .option('--user <user>', 'only the keys of this user: name or id')
    .action(async ({ user }: { user?: string }, self: Command) => {
      const { client, printRows } = sessionOf(self);
      printRows(await client.list('/keys', { query: user === undefined ? {} : { user } }), COLUMNS);
    });
}

function showCommand(): Command {
  return command('show', 'show one key, without its secret', ['npm run cli -- keys show <key id>'])
    .argument('<key id>')
    .action(async (keyId: string, _options: object, self: Command) => {
      const { client, printRows } = sessionOf(self);
      printRows([await client.call('GET', KEY, { path: { keyId } })], COLUMNS);
    });
}

interface SetOptions {
  readonly label?: string;
  readonly expires?: string;
  readonly model?: readonly string[] | true;
  readonly network?: readonly string[] | true;
}

function setCommand(): Command {
  return command('set', 'change what a key is called, may be used for, and until when', [
    'npm run cli -- keys set <key id> --label "build server"',
    'npm run cli -- keys set <key id> --model fast --network 10.0.0.0/8 --expires 90d',
    'npm run cli -- keys set <key id> --model --expires never',
  ])
    .argument('<key id>')
    .option('--label <text>', 'to know the key by')
    .option('--expires <span>', 'when it ends: 12h, 30d, a date like 2027-01-31, or never')
    .option('--model [alias...]', 'only these models; none named: all')
    .option('--network [cidr...]', 'only from these; none named: from anywhere')
    .action(async (keyId: string, options: SetOptions, self: Command) => {
      const { client, print } = sessionOf(self);
      const { label, expires, model, network } = options;
      if (Object.keys(options).length === 0) throw new CliError('say what is to change', 2);
      const key = await client.call('PATCH', KEY, {
        path: { keyId },
        body: {
          ...(label !== undefined && { label }),
          ...(model !== undefined && { models: model === true ? [] : model }),
          ...(network !== undefined && { networks: network === true ? [] : network }),
          ...(expires !== undefined && {
            expiresAtMs: expires === 'never' ? null : expiryMs(expires, Date.now()),
          }),
        },
      });
      print(key, `changed ${key.keyId}`);
    });
}

function rotateCommand(): Command {
  return command('rotate', 'give a key a new secret; the old one goes on for a while', [
    'npm run cli -- keys rotate <key id> --overlap 24h',
    'npm run cli -- keys rotate <key id> --overlap 0h',
  ])
    .argument('<key id>')
    .requiredOption('--overlap <span>', 'how long the old secret goes on: 24h, 7d, 0h for not at all')
    .action(async (keyId: string, { overlap }: { overlap: string }, self: Command) => {
      const { client, print } = sessionOf(self);
      const path = '/keys/{keyId}/rotate';
      const key = await client.call('POST', path, {
        path: { keyId },
        body: { overlapMs: overlapMs(overlap) },
      });
      const until = key.olderSecretUntilMs;
      const old = until === undefined ? 'The old secret has ended.' : `The old secret ends ${moment(until)}.`;
      print(key, `${key.plaintext}\nThis key is shown this once. ${old}`);
    });
}

function removeCommand(): Command {
  return command('remove', 'revoke a key for good', ['npm run cli -- keys remove <key id>'])
    .argument('<key id>')
    .action(async (keyId: string, _options: object, self: Command) => {
      const { client, print } = sessionOf(self);
      const key = await client.call('DELETE', KEY, { path: { keyId } });
      print(key, `revoked ${key.keyId}`);
    });
}

function stateOf({ revokedAtMs, expiresAtMs }: Row): string {
  if (typeof revokedAtMs === 'number') return 'revoked';
  if (typeof expiresAtMs !== 'number') return 'in force';
  return expiresAtMs <= Date.now() ? 'expired' : `until ${moment(expiresAtMs)}`;
}

function scopeIn(word: string) {
  if (!(word in SCOPES)) throw new CliError('--scope takes inference, admin-read or admin', 2);
  return SCOPES[word as ScopeWord];
}

const HOUR_MS = 3_600_000;
const SPAN = /^([1-9][0-9]{0,4})([hd])$/;

function expiryMs(text: string, nowMs: number): number {
  const span = SPAN.exec(text);
  if (span !== null) return nowMs + Number(span[1]) * (span[2] === 'h' ? HOUR_MS : 24 * HOUR_MS);
  const date = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(date)) throw new CliError('--expires takes 12h, 30d or a date like 2027-01-31', 2);
  return date;
}

function overlapMs(text: string): number {
  const [, count, unit] = /^([0-9]{1,4})([hd])$/.exec(text) ?? [];
  if (count === undefined) throw new CliError('--overlap takes a span like 24h or 7d', 2);
  return Number(count) * (unit === 'h' ? HOUR_MS : 24 * HOUR_MS);
}
