import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { CliError } from './cli-error.ts';
import { command } from './command-line.ts';
import { environmentWith } from './config.ts';

/** It knows every service's tables, which the console does not. */
const PROGRAM = join(import.meta.dirname, '../../../standalone/src/migrate-database/main.ts');

interface Options {
  readonly from?: string;
  readonly to?: string;
  readonly json?: true;
}

export function migrateDatabaseCommand(): Command {
  return command(
    'migrate-database',
    'copy the SQLite databases of a data folder into PostgreSQL, and prove that both hold the same',
    [
      'npm run cli -- migrate-database --from ./data --to postgres://user@host:5432/aiswitch',
      'AISWITCH_DATABASE_URL=postgres://… npm run cli -- migrate-database',
    ],
  )
    .addHelpText(
      'after',
      `
Stop AI-Switch first: a folder in use is refused, and so is a database that is not empty. What was copied is read back and compared
with the files, and taken over only when everything is equal; a run that was broken off is begun anew by the next.`,
    )
    .option('--from <folder>', 'the data folder (default: AISWITCH_DATA, or ./data)')
    .option(
      '--to <url>',
      'the database (default: AISWITCH_DATABASE_URL; rather than this, which other users can see)',
    )
    .option('--json', 'print JSON for programs')
    .action(async ({ from, to, json }: Options) => {
      if (!existsSync(PROGRAM)) {
        throw new CliError(
          'the standalone is not part of this installation: run it where the data folder is',
        );
      }
      const child = spawn(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', PROGRAM, ...(json ? ['--json'] : [])],
        {
          env: environmentWith({
            ...(from !== undefined && { AISWITCH_DATA: from }),
            ...(to !== undefined && { AISWITCH_DATABASE_URL: to }),
          }),
          stdio: 'inherit',
        },
      );
      const [status] = await once(child, 'exit');
      process.exitCode = status ?? 1;
    });
}
