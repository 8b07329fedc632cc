import { changeFeedMigration, type Migration } from '@ai-switch/db';
import { outboxMigration } from '@ai-switch/event-log';
import type { Kysely } from 'kysely';

/** Numbers are int8 and come back as bigint; lists are JSON text. */
export interface RouterSchema {
  providers: ProviderRow;
  aliases: AliasRow;
  data_keys: DataKeyRow;
  revisions: RevisionRow;
  price_books: PriceBookRow;
}

export interface ProviderRow {
  tenant: string;
  name: string;
  kind: string;
  dialect: string;
  base_url: string;
  /** Sealed; empty for a provider that wants none. */
  credential: string;
  origin: string;
  /** A list of names. */
  models: string;
  /** What somebody set of its capabilities, as an object. */
  capabilities: string;
  /** The same by model. */
  model_capabilities: string;
  updated_at_ms: bigint;
}

export interface AliasRow {
  tenant: string;
  name: string;
  /** A list of `{provider, model, weight, priority}`. */
  resources: string;
  updated_at_ms: bigint;
}

export interface DataKeyRow {
  tenant: string;
  version: bigint;
  sealed: string;
}

/** Goes up with every change of a tenant, so that one row tells whether a snapshot is still true. */
export interface RevisionRow {
  tenant: string;
  revision: bigint;
}

/** One version of a company's price book. It is written once and never changed. */
export interface PriceBookRow {
  tenant: string;
  number: bigint;
  /** Of what it says, without its date. */
  digest: string;
  effective_at_ms: bigint;
  created_at_ms: bigint;
  currency: string;
  unpriced: string;
  row_count: bigint;
  /** Its rows and the rates of unpriced models, with every amount as text. */
  content: string;
}

export const migrations: readonly Migration[] = [
  {
    name: '001-providers-and-aliases',
    up: async ({ schema }: Kysely<never>) => {
      await schema
        .createTable('providers')
        .addColumn('tenant', 'text', (column) => column.notNull())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('kind', 'text', (column) => column.notNull())
        .addColumn('dialect', 'text', (column) => column.notNull())
        .addColumn('base_url', 'text', (column) => column.notNull())
        .addColumn('credential', 'text', (column) => column.notNull())
        .addColumn('origin', 'text', (column) => column.notNull())
        .addColumn('models', 'text', (column) => column.notNull())
        .addColumn('updated_at_ms', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('providers_key', ['tenant', 'name'])
        .execute();
      await schema
        .createTable('aliases')
        .addColumn('tenant', 'text', (column) => column.notNull())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('resources', 'text', (column) => column.notNull())
        .addColumn('updated_at_ms', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('aliases_key', ['tenant', 'name'])
        .execute();
      await schema
        .createTable('data_keys')
        .addColumn('tenant', 'text', (column) => column.notNull())
        .addColumn('version', 'bigint', (column) => column.notNull())
        .addColumn('sealed', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('data_keys_key', ['tenant', 'version'])
        .execute();
      await schema
        .createTable('revisions')
        .addColumn('tenant', 'text', (column) => column.primaryKey())
        .addColumn('revision', 'bigint', (column) => column.notNull())
        .execute();
    },
  },
  {
    name: '002-capabilities',
    up: async ({ schema }: Kysely<never>) => {
      for (const column of ['capabilities', 'model_capabilities']) {
        await schema
          .alterTable('providers')
          .addColumn(column, 'text', (added) => added.notNull().defaultTo('{}'))
          .execute();
      }
    },
  },
  {
    name: '003-price-books',
    up: async ({ schema }: Kysely<never>) => {
      await schema
        .createTable('price_books')
        .addColumn('tenant', 'text', (column) => column.notNull())
        .addColumn('number', 'bigint', (column) => column.notNull())
        .addColumn('digest', 'text', (column) => column.notNull())
        .addColumn('effective_at_ms', 'bigint', (column) => column.notNull())
        .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
        .addColumn('currency', 'text', (column) => column.notNull())
        .addColumn('unpriced', 'text', (column) => column.notNull())
        .addColumn('row_count', 'bigint', (column) => column.notNull())
        .addColumn('content', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('price_books_key', ['tenant', 'number'])
        .execute();
      await schema
        .createIndex('price_books_by_date')
        .on('price_books')
        .columns(['tenant', 'effective_at_ms', 'number'])
        .execute();
    },
  },
  changeFeedMigration('004-changes'),
  outboxMigration('005-outbox'),
];
