// SQLite through Node's own node:sqlite, synchronous, on one connection. A commit returns once the operating system has
// the bytes (`synchronous=NORMAL`); `flush` then makes them durable without blocking the event loop. When the disk
// fails, the statement or the flush fails, and so does everything that waits for it.

import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeFolder } from '@ai-switch/kernel';
import { type Dialect, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, sql } from 'kysely';
import { AUTOMATIC_CHECKPOINT_FRAMES, startCheckpointer } from './checkpointer.ts';
import { DatabaseError } from './database-error.ts';
import type { Engine } from './engine.ts';
import { LogFlusher } from './log-flusher.ts';
import { valuesForm } from './prepare-rows.ts';
import type { Wall } from './scoped-database.ts';
import { SqliteDriver } from './sqlite-driver.ts';

/** How long a statement waits for another process that writes the same file. */
const BUSY_TIMEOUT_MS = 5_000;

const IN_MEMORY = ':memory:';

/** Whoever opens the file has all of it. */
const NO_WALL: Wall = { raise: async () => false, enter: async () => {}, leave: async () => {} };

/** Opens the file at `path`, creating it and its folder when missing. */
export function openSqlite<Schema>(path: string): Engine<Schema> {
  const explain = (error: unknown) => explainSqlite(error, path);
  let connection: DatabaseSync;
  try {
    connection = openConnection(path);
  } catch (error) {
    throw new DatabaseError(explain(error) ?? String(error), { cause: error });
  }
  const flusher = path === IN_MEMORY ? undefined : new LogFlusher(`${resolve(path)}-wal`);
  const kysely = new Kysely<Schema>({ dialect: dialectOf(connection) });
  const checkpointer =
    path === IN_MEMORY
      ? undefined
      : startCheckpointer(connection, resolve(path), () =>
          sql`pragma wal_checkpoint(passive)`.execute(kysely),
        );
  return {
    kysely,
    rowsForm: valuesForm,
    wall: NO_WALL,
    flush: () => flusher?.flush() ?? Promise.resolve(),
    close: async () => {
      await checkpointer?.close();
      await flusher?.close();
      await kysely.destroy();
      // Kysely destroys the driver only if it was used.
      if (connection.isOpen) connection.close();
    },
    // Every transaction here begins with the write lock in hand.
    lockSchema: async () => {},
    // The file is on this machine.
    nowMs: () => Promise.resolve(BigInt(Date.now())),
    explain,
  };
}

function openConnection(path: string): DatabaseSync {
  if (path === '')
    throw new DatabaseError(
      'the database URL names no file: write sqlite:<path>, like sqlite:./data/ledger.sqlite',
    );
  if (path !== IN_MEMORY) makeFolder(dirname(resolve(path)));
  const connection = new DatabaseSync(path === IN_MEMORY ? path : resolve(path), {
    readBigInts: true,
    enableForeignKeyConstraints: true,
    timeout: BUSY_TIMEOUT_MS,
  });
  try {
    connection.exec('pragma journal_mode = wal; pragma synchronous = normal;');
    connection.exec(`pragma wal_autocheckpoint = ${AUTOMATIC_CHECKPOINT_FRAMES}`);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

function dialectOf(connection: DatabaseSync): Dialect {
  return {
    createAdapter: () => new SharedConnectionAdapter(),
    createDriver: () => new SqliteDriver(connection),
    createIntrospector: (kysely) => new SqliteIntrospector(kysely),
    createQueryCompiler: () => new SingleWriterCompiler(),
  };
}

/** The driver queues the users of the one connection itself, in order of arrival. */
class SharedConnectionAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

type SelectModifier = Parameters<SqliteQueryCompiler['visitSelectModifier']>[0];

/** Leaves out `for update`, which SQLite neither knows nor needs: a transaction holds the only write lock. */
class SingleWriterCompiler extends SqliteQueryCompiler {
  protected override visitSelectModifier(node: SelectModifier): void {
    const isLock = node.modifier !== undefined && node.modifier !== 'Distinct';
    if (!isLock) super.visitSelectModifier(node);
  }
}

const SQLITE_READONLY = 8;
const SQLITE_CANTOPEN = 14;
const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

// https://www.sqlite.org/rescode.html: the low eight bits are the primary code.
function explainSqlite(error: unknown, path: string): string | undefined {
  if (error instanceof DatabaseError) return error.message;
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  if ('syscall' in error)
    return `the folder ${dirname(resolve(path))} cannot be created (${error.code}): give a path that this user may write`;
  const code = 'errcode' in error ? Number(error.errcode) & 0xff : 0;
  switch (code) {
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
      return `the database ${path} cannot be opened for writing: check who owns the file and its folder`;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return `${path} is not a database or is damaged: give another path, or restore a backup`;
    case SQLITE_BUSY:
      return `the database ${path} is in use by another process: stop that one first`;
    case SQLITE_FULL:
      return `the disk that holds ${path} is full: make room, then start again`;
    default:
      return undefined;
  }
}
