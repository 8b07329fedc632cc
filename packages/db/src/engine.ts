import type { Kysely, Transaction } from 'kysely';
import type { RowsForm } from './prepare-rows.ts';
import type { Wall } from './scoped-database.ts';

export interface Migration {
  /** Sorts after the one before: `001-users`. */
  readonly name: string;
  /** Runs in a transaction together with the note that it ran. */
  up(database: Kysely<never>): Promise<void>;
}

/** What the two kinds of database differ in, besides their dialect. */
export interface Engine<Schema> {
  readonly kysely: Kysely<Schema>;
  readonly rowsForm: RowsForm;
  readonly wall: Wall;
  flush(): Promise<void>;
  close(): Promise<void>;
  /** Makes other starters wait until the transaction ends, and creates the service's schema where there are schemas. */
  lockSchema<Any>(trx: Transaction<Any>): Promise<void>;
  /** The clock of the machine that the database is on, in milliseconds since the epoch. */
  nowMs<Any>(executor: Kysely<Any>): Promise<bigint>;
  /** The error in one line for the operator; undefined for one that is not his to mend. */
  explain(error: unknown): string | undefined;
}
