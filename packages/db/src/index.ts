export {
  ChangeFeed,
  type ChangeFeedOptions,
  changeFeedMigration,
  type FeedChanges,
  numberChange,
} from './change-feed.ts';
export {
  type Database,
  type DatabaseOptions,
  openDatabase,
} from './database.ts';
export { DatabaseError } from './database-error.ts';
export type { Migration } from './engine.ts';
export {
  type MovedDatabase,
  type MoveReport,
  moveToPostgres,
} from './move/move-to-postgres.ts';
export { type DatabaseCheck, databaseChecks } from './open-databases.ts';
export { type PreparedRows, prepareRows, type RowColumns, type RowValue } from './prepare-rows.ts';
export { isWithin, type RowScope, type ScopeColumns, type ScopedTables } from './scope.ts';
export {
  openScopedDatabase,
  type RowsWithin,
  type ScopedDatabase,
  type SystemReason,
} from './scoped-database.ts';
export { TransactionConflict } from './transaction.ts';
