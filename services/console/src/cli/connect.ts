import { homedir } from 'node:os';
import { Argument, type Command } from 'commander';
import { CliError } from './cli-error.ts';
import { command } from './command-line.ts';
import { clientFoldersFromEnvironment, settingsFromEnvironment } from './config.ts';
import { changeOf, type FileChange, writeChange } from './connect/change-files.ts';
import type { Client, Connection, Places } from './connect/client-setup.ts';
import { CLIENTS, findClient } from './connect/clients.ts';
import { isConfirmed } from './connect/confirm.ts';
import { checkedUrl, checkedWord } from './connect/connection.ts';
import { listModels, modelForChats } from './connect/list-models.ts';
import { changeText, type FileOutcome, outcomeText, setupRow, setupText } from './connect/setup-text.ts';

const LIST = CLIENTS.map(({ name, title }) => `  ${name.padEnd(12)} ${title}`).join('\n');

interface ConnectOptions {
  readonly url?: string;
  readonly key?: string;
  readonly model?: string;
  readonly smallModel?: string;
  readonly home?: string;
  readonly write?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function connectCommand(): Command {
  return command('connect', 'print the settings that point a client at this gateway, or write them', [
    'npm run cli -- connect codex',
    'npm run cli -- connect claude-code --model claude-sonnet-5-5 --small-model claude-haiku-4-5 --write',
    'npm run -s cli -- connect opencode --write --yes',
  ])
    .addHelpText(
      'after',
      `
Clients:
${LIST}

The settings hold the key, and so does what is printed. AISWITCH_KEY is the root key for most of the other commands: a
client does better with one of its own, as \`npm run cli -- keys add <user> --label codex\` makes it.
With --write the files are merged, not replaced: you see what changes and are asked, and the file as it was stays beside
it. The files are then readable by you alone.`,
    )
    .addArgument(new Argument('<client>', 'one of the clients below'))
    .option('--model <alias>', 'what it asks for (default: a model for chats of those that the key may use)')
    .option('--small-model <alias>', 'what it asks for titles and summaries (default: the same)')
    .option('--write', 'write the settings, after showing what changes')
    .option('--yes', 'do not ask before writing')
    .option('--home <folder>', 'the home folder in which the client looks (default: yours)')
    .action(async (name: string, options: ConnectOptions) => {
      const client = findClient(name);
      const connection = await connectionFor(options);
      if (options.write === true) await write(client, connection, options);
      else print(client, connection, options);
    });
}

async function connectionFor(options: ConnectOptions): Promise<Connection> {
  const settings = settingsFromEnvironment();
  const url = checkedUrl(options.url ?? settings.url);
  const given = options.key ?? settings.key;
  if (given === undefined) {
    throw new CliError(
      'no key: set AISWITCH_KEY or give --key. `npm run cli -- keys add <user>` makes one for a client.',
    );
  }
  const key = checkedWord('key', given);
  // A model that is named needs no gateway that runs.
  const model = options.model ?? modelForChats(await listModels(url, key));
  if (model === undefined) {
    throw new CliError('the key may use no model: add a provider first, or name a model with --model');
  }
  return {
    url,
    key,
    model: checkedWord('model', model),
    smallModel: checkedWord('small-model', options.smallModel ?? model),
  };
}

function placesFor({ home }: ConnectOptions): Places {
  return home === undefined ? { home: homedir(), ...clientFoldersFromEnvironment() } : { home };
}

function print(client: Client, connection: Connection, options: ConnectOptions): void {
  const setup = client.setup(connection, placesFor(options));
  const text =
    options.json === true
      ? JSON.stringify(setupRow(client, connection, setup), undefined, 2)
      : setupText(client, setup);
  process.stdout.write(`${text}\n`);
}

async function write(client: Client, connection: Connection, options: ConnectOptions): Promise<void> {
  const setup = client.setup(connection, placesFor(options));
  if (setup.files.length === 0) {
    throw new CliError(
      `${client.title} has no file of settings to write: without --write this command prints what to put where`,
      2,
    );
  }
  const isJson = options.json === true;
  const files: FileChange[] = [];
  for (const file of setup.files) files.push(await changeOf(file));
  const changes = files.filter(({ before, after }) => before !== after);
  // Programs read stdout; a person who watches sees the change all the same.
  const show = (text: string) => (isJson ? process.stderr : process.stdout).write(`${text}\n`);
  if (changes.length > 0) {
    show(changes.map(changeText).join('\n\n'));
    if (options.yes !== true) await assertConfirmed();
  }
  const now = new Date();
  const rows: FileOutcome[] = [];
  for (const change of files) {
    const isChanged = change.before !== change.after;
    const backup = isChanged ? await writeChange(change, now) : undefined;
    const row = { path: change.path, isChanged, ...(backup === undefined ? {} : { backup }) };
    // One by one: should the next fail, this much is done and told.
    if (!isJson) show(outcomeText(row));
    rows.push(row);
  }
  if (isJson) process.stdout.write(`${JSON.stringify({ client: client.name, files: rows }, undefined, 2)}\n`);
}

/** @throws CliError when the answer is not yes, or nobody is there to give one */
async function assertConfirmed(): Promise<void> {
  if (process.stdin.isTTY !== true) {
    throw new CliError(
      'nothing is written: no terminal is there to ask. Give --yes to write without being asked.',
    );
  }
  if (!(await isConfirmed('Write this?', process.stdin, process.stderr)))
    throw new CliError('nothing is written');
}
