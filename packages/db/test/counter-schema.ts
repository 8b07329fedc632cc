import type { Migration } from '../src/index.ts';

export interface Schema {
  readonly counter: { readonly name: string; readonly value: bigint };
}

export const createCounter: Migration = {
  name: '001-counter',
  up: async (database) => {
    await database.schema
      .createTable('counter')
      .addColumn('name', 'text', (column) => column.primaryKey().notNull())
      .addColumn('value', 'bigint', (column) => column.notNull())
      .execute();
  },
};
