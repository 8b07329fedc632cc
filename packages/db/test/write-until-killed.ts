// Commits numbered rows and says so on stdout only after the flush, until it is killed.

import { writeSync } from 'node:fs';
import { openDatabase } from '../src/index.ts';
import { createCounter, type Schema } from './counter-schema.ts';

const [, , url = ''] = process.argv;
const database = await openDatabase<Schema>({ url, schema: 'counting', migrations: [createCounter] });
for (let value = 1n; ; value += 1n) {
  await database.transaction((trx) =>
    trx
      .insertInto('counter')
      .values({ name: `row ${value}`, value })
      .execute(),
  );
  await database.flush();
  writeSync(1, `${value}\n`);
}
