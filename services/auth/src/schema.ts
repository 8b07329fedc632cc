// The tables of services/auth. Times are milliseconds since the epoch; lists are JSON texts; yes and no are 1 and 0. Every row
// of a company says whose it is, so that a scope can be put on it: `department_path` follows its department when that moves.

import type { Migration } from '@ai-switch/db';
import {
  type OrganisationSchema,
  organisationMigrations,
  organisationTables,
} from './organisation/schema.ts';

export type AuthSchema = OrganisationSchema;

/** Where each table says whose its rows are. */
export const scopedTables = { ...organisationTables } as const;

export const migrations: readonly Migration[] = [...organisationMigrations];
