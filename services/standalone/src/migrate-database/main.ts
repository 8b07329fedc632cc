// Copies the SQLite databases of a data folder into PostgreSQL: `npm run cli -- migrate-database`. The folder is locked meanwhile, so that
// nothing is written there that the copy has not.

import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { moveToPostgres } from '@ai-switch/db';
import { ConfigError, readSettings } from '@ai-switch/kernel';
import { settings } from '../config.ts';
import { openDataFolder } from '../data-folder.ts';
import { movedDatabases } from './moved-databases.ts';
import { reportJson, reportText } from './report-text.ts';

/** A table that takes long says how far it is. */
const ROWS_BETWEEN_LINES = 50_000n;

try {
  await migrateDatabase();
} catch (error) {
  process.stderr.write(`error: ${describe(error)}\n`);
  process.exitCode = 1;
}

async function migrateDatabase(): Promise<void> {
  const { values: options } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
  const { AISWITCH_DATA: path, AISWITCH_DATABASE_URL: to } = readSettings({
    AISWITCH_DATA: settings.AISWITCH_DATA,
    AISWITCH_DATABASE_URL: settings.AISWITCH_DATABASE_URL,
  });
  if (to === '')
    throw new ConfigError('AISWITCH_DATABASE_URL is required: the PostgreSQL database to copy into');
  if (!existsSync(path)) throw new ConfigError(`there is no folder ${path}`);
  const folder = openDataFolder(path);
  try {
    const databases = movedDatabases(folder);
    const report = await moveToPostgres({
      databases,
      to,
      onProgress: ({ schema, table }, rows) => {
        if (rows % ROWS_BETWEEN_LINES === 0n) process.stderr.write(`${schema}.${table}: ${rows} rows …\n`);
      },
    });
    process.stdout.write(options.json ? `${reportJson(report)}\n` : reportText(report));
  } finally {
    folder.close();
  }
}

/** One line for what the operator has to mend; the stack for our mistakes. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isOperators = error instanceof ConfigError || error.name === 'DatabaseError' || 'errno' in error;
  return isOperators ? error.message : (error.stack ?? error.message);
}
