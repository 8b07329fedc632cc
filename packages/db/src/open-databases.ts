import { type Kysely, sql } from 'kysely';

/** The databases that this process has open, by their schema. */
const open = new Map<string, Set<Kysely<never>>>();

/** @returns how to take it away again */
export function noteOpen(schema: string, kysely: Kysely<never>): () => void {
  const ofSchema = open.get(schema) ?? new Set();
  open.set(schema, ofSchema.add(kysely));
  return () => {
    ofSchema.delete(kysely);
    if (ofSchema.size === 0) open.delete(schema);
  };
}

export interface DatabaseCheck {
  readonly isNeeded: true;
  /** Rejects when the database does not answer. */
  ask(): Promise<void>;
}

/** Of each database that this process has open, whether it answers: for a service's readiness. */
export function databaseChecks(): Readonly<Record<string, DatabaseCheck>> {
  const checks = [...open].map(([schema, ofSchema]) => {
    const ask = async () => {
      for (const kysely of ofSchema) await sql`select 1`.execute(kysely);
    };
    return [`database ${schema}`, { isNeeded: true, ask }] as const;
  });
  return Object.fromEntries(checks);
}
