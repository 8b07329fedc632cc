/**
 * The database cannot be used as it is: the folder cannot be written, nobody answers, the schema is newer. Its message
 * is one line for whoever started the process; it says what to do and holds no password.
 */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
}
