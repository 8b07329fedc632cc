import type { Command } from 'commander';
import { CliError } from './cli-error.ts';
import { type Row, segment } from './client.ts';
import { command, sessionOf } from './command-line.ts';
import { list, moment } from './output.ts';

const COLUMNS = {
  ID: (key: Row) => key.keyId,
  USER: (key: Row) => key.userId,
  LABEL: (key: Row) => key.label,
  MODELS: (key: Row) => list(key.models) || 'all',
  PROJECT: (key: Row) => key.projectId,
  STATE: stateOf,
  'LAST USED': (key: Row) => moment(key.lastUsedAtMs),
  CREATED: (key: Row) => moment(key.createdAtMs),
};

export function keysCommand(): Command {
  const keys = command('keys', 'the API keys of users', [
    'npm run cli -- keys add alice --label laptop',
    'npm run cli -- keys list --user alice',
    'npm run cli -- keys remove <key id>',
  ]);

  keys
    .addCommand(
      command('add', 'make a key for a user; the whole key is shown this once', [
        'npm run cli -- keys add alice',
        'npm run cli -- keys add alice --label ci --expires 30d --model fast --model gpt-5.5',
        'npm run cli -- keys add alice --label shop --project web',
      ])
        .argument('<user>', 'name or id')
        .option('--label <text>', 'to know the key by', '')
        .option('--expires <span>', 'when it ends: 12h, 30d, or a date like 2027-01-31')
        .option('--model <alias...>', 'only these models; default: all')
        .option('--project <id>', 'its requests draw on the quota of this project, too')
        .action(async (user: string, options: KeyOptions, self: Command) => {
          const session = sessionOf(self);
          const key = await session.client.call('POST', '/keys', {
            user,
            label: options.label,
            models: options.model ?? [],
            ...(options.project === undefined ? {} : { projectId: options.project }),
            ...(options.expires === undefined ? {} : { expiresAtMs: expiryMs(options.expires, Date.now()) }),
          });
          session.print(key, `${key.plaintext}\nThis key is shown this once. Its id is ${key.keyId}.`);
        }),
    )
    .addCommand(
      command('list', 'list keys, without their secrets', ['npm run cli -- keys list --user alice'])
        .option('--user <user>', 'only the keys of this user: name or id')
        .action(async ({ user }: { user?: string }, self: Command) => {
          const session = sessionOf(self);
          session.printRows(await session.client.list('/keys', user === undefined ? {} : { user }), COLUMNS);
        }),
    )
    .addCommand(
      command('show', 'show one key, without its secret', ['npm run cli -- keys show <key id>'])
        .argument('<key id>')
        .action(async (keyId: string, _options: object, self: Command) => {
          const session = sessionOf(self);
          session.printRows([await session.client.call('GET', `/keys/${segment(keyId)}`)], COLUMNS);
        }),
    )
    .addCommand(
      command('remove', 'revoke a key for good', ['npm run cli -- keys remove <key id>'])
        .argument('<key id>')
        .action(async (keyId: string, _options: object, self: Command) => {
          const session = sessionOf(self);
          const key = await session.client.call('DELETE', `/keys/${segment(keyId)}`);
          session.print(key, `revoked ${key.keyId}`);
        }),
    );
  return keys;
}

interface KeyOptions {
  readonly label: string;
  readonly expires?: string;
  readonly model?: readonly string[];
  readonly project?: string;
}

function stateOf({ revokedAtMs, expiresAtMs }: Row): string {
  if (typeof revokedAtMs === 'number') return 'revoked';
  if (typeof expiresAtMs !== 'number') return 'in force';
  return expiresAtMs <= Date.now() ? 'expired' : `until ${moment(expiresAtMs)}`;
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
