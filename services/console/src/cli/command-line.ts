import { Command } from 'commander';
import { type Client, createClient, type Row } from './client.ts';
import { settingsFromEnvironment } from './config.ts';
import { type Columns, table } from './output.ts';

/** What a command does its work with. */
export interface Session {
  readonly client: Client;
  /** Rows as a table, or as JSON if that was asked for. */
  printRows(rows: readonly Row[], columns: Columns): void;
  /** A line for people, or the reply as JSON. */
  print(reply: Row, line: string): void;
}

interface CommonOptions {
  readonly url?: string;
  readonly key?: string;
  readonly company?: string;
  readonly json?: boolean;
}

/** Runs after every option is known. */
export function sessionOf(command: Command): Session {
  const options = command.optsWithGlobals<CommonOptions>();
  const fromEnvironment = settingsFromEnvironment();
  const client = createClient({
    url: options.url ?? fromEnvironment.url,
    key: options.key ?? fromEnvironment.key,
    company: options.company,
  });
  const isJson = options.json === true;
  return {
    client,
    printRows: (rows, columns) => {
      if (isJson) write(JSON.stringify(rows, undefined, 2));
      else write(rows.length === 0 ? 'none' : table(rows, columns));
    },
    print: (reply, line) => write(isJson ? JSON.stringify(reply, undefined, 2) : line),
  };
}

/** A command with the options that every one has, and with examples under its help. */
export function command(name: string, description: string, examples: readonly string[]): Command {
  const lines = examples.map((example) => `  ${example}`).join('\n');
  return new Command(name)
    .description(description)
    .helpCommand(false)
    .showHelpAfterError('(add --help for examples)')
    .addHelpText('after', `\nExamples:\n${lines}`);
}

/** @param key whose it is */
export function withCommon(each: Command, key = 'a key for the admin API'): Command {
  return each
    .option('--json', 'print JSON for programs')
    .option('--url <url>', 'address of the gateway (default: AISWITCH_URL, or http://127.0.0.1:8787)')
    .option('--company <id>', 'another company than the own one, for root')
    .option('--key <key>', `${key} (default: AISWITCH_KEY; rather than this, which other users can see)`);
}

function write(text: string): void {
  process.stdout.write(`${text}\n`);
}
