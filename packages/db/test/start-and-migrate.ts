// One of several processes that start on the same database at the same time. A migration that ran twice would fail.

import { sql } from 'kysely';
import { type Migration, openDatabase } from '../src/index.ts';
import { createCounter, type Schema } from './counter-schema.ts';

const firstRow: Migration = {
  name: '002-first-row',
  up: async (database) => {
    await sql`insert into counter (name, value) values ('migrated', 1)`.execute(database);
  },
};

const [, , url = ''] = process.argv;
const database = await openDatabase<Schema>({
  url,
  schema: 'counting',
  migrations: [createCounter, firstRow],
});
await database.close();
