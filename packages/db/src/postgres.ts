// PostgreSQL through pg, each service in a schema of its own. A commit is durable when it returns. When the server is
// down, each query fails after the connect timeout; connections come back by themselves.

import { CompiledQuery, Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { DatabaseError } from './database-error.ts';
import type { Engine } from './engine.ts';
import { arraysForm } from './prepare-rows.ts';
import { enterScope, isWallOpen, leaveScope, raiseWall } from './row-level-security.ts';

/** Connections of one process to its database. */
const CONNECTIONS_MAX = 10;
const CONNECT_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 30_000;
const STATEMENT_TIMEOUT_MS = 30_000;
/** A transaction whose process hangs frees its locks after this. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 30_000;

export function openPostgres<Schema>(url: string, schema: string): Engine<Schema> {
  const place = placeOf(url);
  const statements = new StatementNames();
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    types: { getTypeParser },
    Client: clientNaming(statements),
    // Not Kysely's hook for it: a connection that breaks there is never given back, and the pool runs empty.
    onConnect: async (client) => {
      await client.query(`set search_path to ${pg.escapeIdentifier(schema)}`);
      // A plan that was made for an empty table would be kept long after it has filled.
      await client.query('set plan_cache_mode to force_custom_plan');
      // A session is the service's own until a transaction enters a scope (row-level-security.ts).
      await client.query("set aiswitch.system to 'on'");
    },
  });
  // A connection that breaks is replaced at its next use, and fails the transaction that it breaks in; without a listener it
  // would end the process, while it is idle and also between two statements of a transaction.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  const kysely = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  return {
    kysely,
    rowsForm: arraysForm((text) => statements.add(text)),
    wall: {
      raise: async (tables) => {
        await raiseWall(kysely as unknown as Kysely<never>, tables);
        return !(await isWallOpen(kysely as unknown as Kysely<never>));
      },
      enter: enterScope,
      leave: leaveScope,
    },
    flush: () => Promise.resolve(),
    close: async () => {
      await kysely.destroy();
      // Kysely ends the pool only if it was used.
      if (!pool.ended) await pool.end();
    },
    lockSchema: async (trx) => {
      // A starter waits for another one's migration however long that takes.
      await sql`set local statement_timeout = 0`.execute(trx);
      await sql`select pg_advisory_xact_lock(hashtextextended(${`migrations of ${schema}`}, 0))`.execute(trx);
      await sql`create schema if not exists ${sql.id(schema)}`.execute(trx);
    },
    nowMs: async (executor) => {
      const { rows } = await executor.executeQuery<{ now_ms: bigint }>(CLOCK);
      return rows[0]?.now_ms ?? 0n;
    },
    explain: (error) => explainPostgres(error, place),
  };
}

// Not `now()`, which stands still while a transaction waits for its locks.
const CLOCK = CompiledQuery.raw('select (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms');

/** Names for the texts that are executed again and again: under a name the server parses a text once for each connection. */
class StatementNames {
  readonly #names = new Map<string, string>();

  add(text: string): void {
    if (!this.#names.has(text)) this.#names.set(text, `rows_${this.#names.size + 1}`);
  }

  nameOf(text: string): string | undefined {
    return this.#names.get(text);
  }
}

function clientNaming(statements: StatementNames): typeof pg.Client {
  return class extends pg.Client {
    // Why: pg's overloads cannot be said in one signature; what is not a text with its values goes through as it came.
    override query(...parameters: never[]): never {
      const [text, values, ...rest] = parameters as unknown[];
      const name = typeof text === 'string' ? statements.nameOf(text) : undefined;
      const query = super.query as (...all: unknown[]) => never;
      if (name === undefined) return query.apply(this, parameters);
      return query.call(this, { name, text, values }, ...rest);
    }
  };
}

/** `host:port/database`, without who and with what password. */
function placeOf(url: string): string {
  if (!URL.canParse(url)) {
    throw new DatabaseError(
      'the database URL cannot be read: write postgres://user:password@host:port/database',
    );
  }
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}

const { INT2, INT4, INT8, NUMERIC } = pg.types.builtins;

/** Integers of every width are bigints, as on SQLite; so is a sum of them, which PostgreSQL calls numeric. */
function getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (format !== 'binary') {
    if (oid === INT2 || oid === INT4 || oid === INT8) return BigInt;
    if (oid === NUMERIC) return (text) => (/^-?[0-9]+$/.test(text) ? BigInt(text) : text);
  }
  return format === 'binary' ? pg.types.getTypeParser(oid, format) : pg.types.getTypeParser(oid);
}

// Classes of https://www.postgresql.org/docs/current/errcodes-appendix.html
function explainPostgres(error: unknown, place: string): string | undefined {
  if (error instanceof DatabaseError) return error.message;
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error ? String(error.code) : '';
  if (code.startsWith('28')) return `PostgreSQL at ${place} refuses the user or password of the database URL`;
  if (code === '3D000') return `PostgreSQL at ${place} has no such database: create it first`;
  if (code === '42501') {
    return `PostgreSQL at ${place} does not let this user create its schema: grant CREATE on the database`;
  }
  if (code === '53300') return `PostgreSQL at ${place} has no connection left: raise max_connections`;
  if (/^E[A-Z_]+$/.test(code) || code.startsWith('57P') || /timeout|terminated/.test(error.message)) {
    return `PostgreSQL at ${place} does not answer${code === '' ? '' : ` (${code})`}: check that it runs and can be reached`;
  }
  return undefined;
}
