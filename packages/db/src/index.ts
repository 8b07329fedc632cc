export {
  type Database,
  type DatabaseOptions,
  type Migration,
  openDatabase,
} from './database.ts';
export { DatabaseError } from './database-error.ts';
export { type PreparedRows, prepareRows, type RowValue } from './prepare-rows.ts';
export { TransactionConflict } from './transaction.ts';
