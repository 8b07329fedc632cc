// The tables of services/auth. Times are milliseconds since the epoch; lists are JSON texts; yes and no are 1 and 0. Every row
// of a company says whose it is, so that a scope can be put on it: `department_path` follows its department when that moves.

import { changeFeedMigration, type Migration } from '@ai-switch/db';
import { outboxMigration } from '@ai-switch/event-log';
import {
  type OrganisationSchema,
  organisationMigrations,
  organisationTables,
} from './organisation/schema.ts';
import { type PolicySchema, policyMigrations, policyTables } from './policy/schema.ts';
import { type SignInSchema, signInMigrations, signInTables } from './sign-in/schema.ts';

export type AuthSchema = OrganisationSchema & PolicySchema & SignInSchema;

/** Where each table says whose its rows are. */
export const scopedTables = { ...organisationTables, ...policyTables, ...signInTables } as const;

/** Their rows are where their user is, and move with him. */
export const tablesOfUsers = [
  'api_keys',
  'access_policies',
  'quota_requests',
  'passwords',
  'sessions',
  'sign_in_places',
  'identity_links',
] as const;

/** Their rows say how their user is called. */
export const tablesWithNames = ['role_grants', 'project_members', 'quota_requests', 'sessions'] as const;

/** Their rows go with their user. */
export const tablesEndingWithUsers = [
  'role_grants',
  'project_members',
  'access_policies',
  'passwords',
  'sessions',
  'sign_in_places',
  'identity_links',
] as const;

export const migrations: readonly Migration[] = [
  ...organisationMigrations,
  ...policyMigrations,
  ...signInMigrations,
  changeFeedMigration('004-changes'),
  outboxMigration('005-outbox'),
];
