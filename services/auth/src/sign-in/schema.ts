import type { Migration } from '@ai-switch/db';
import { required } from '../organisation/schema.ts';

export interface SignInSchema {
  passwords: PasswordRow;
  sessions: SessionRow;
  sign_in_places: SignInPlaceRow;
  identity_providers: IdentityProviderRow;
  identity_links: IdentityLinkRow;
  oidc_states: OidcStateRow;
}

export interface PasswordRow {
  user_id: string;
  tenant: string;
  department_path: string;
  /** In PHC's form, with its own parameters. */
  hash: string;
  is_change_due: bigint;
  changed_at_ms: bigint;
  /** One more with each other password; the same for another hash of the same one. */
  revision: bigint;
}

export interface SessionRow {
  session_id: string;
  tenant: string;
  user_id: string;
  user_name: string;
  department_path: string;
  /** Of the token's secret, in hex. */
  digest: string;
  created_at_ms: bigint;
  last_used_at_ms: bigint;
  expires_at_ms: bigint;
  client_address: string;
  user_agent: string;
  way: string;
}

/** Where a user signed in from: guesses from elsewhere do not keep him out there. */
export interface SignInPlaceRow {
  user_id: string;
  tenant: string;
  department_path: string;
  /** An address of IPv4, or a /64 of IPv6. */
  address_group: string;
  last_used_at_ms: bigint;
}

export interface IdentityProviderRow {
  tenant: string;
  identity_provider_id: string;
  name: string;
  issuer: string;
  client_id: string;
  /** Sealed; '' for a public client. */
  client_secret: string;
  /** JSON. */
  scopes: string;
  is_creating_users: bigint;
  /** '' for none. */
  department_id: string;
  name_claim: string;
  updated_at_ms: bigint;
}

export interface IdentityLinkRow {
  tenant: string;
  issuer: string;
  subject: string;
  user_id: string;
  department_path: string;
}

/** A sign-in that began and has not come back. */
export interface OidcStateRow {
  /** Of the state, in hex. */
  digest: string;
  tenant: string;
  identity_provider_id: string;
  nonce: string;
  code_verifier: string;
  redirect_uri: string;
  expires_at_ms: bigint;
}

export const signInTables = {
  passwords: { tenant: 'tenant', departmentPath: 'department_path', userId: 'user_id' },
  sessions: { tenant: 'tenant', departmentPath: 'department_path', userId: 'user_id' },
  sign_in_places: { tenant: 'tenant', departmentPath: 'department_path', userId: 'user_id' },
  identity_providers: { tenant: 'tenant' },
  identity_links: { tenant: 'tenant', departmentPath: 'department_path', userId: 'user_id' },
  oidc_states: { tenant: 'tenant' },
} as const;

export const signInMigrations: readonly Migration[] = [
  {
    name: '003-sign-in',
    up: async ({ schema }) => {
      await required(
        schema.createTable('passwords'),
        ['user_id', 'tenant', 'department_path', 'hash'],
        ['is_change_due', 'changed_at_ms', 'revision'],
      )
        .addPrimaryKeyConstraint('passwords_key', ['user_id'])
        .execute();
      await required(
        schema.createTable('sessions'),
        [
          'session_id',
          'tenant',
          'user_id',
          'user_name',
          'department_path',
          'digest',
          'client_address',
          'user_agent',
          'way',
        ],
        ['created_at_ms', 'last_used_at_ms', 'expires_at_ms'],
      )
        .addPrimaryKeyConstraint('sessions_key', ['session_id'])
        .execute();
      await schema
        .createIndex('sessions_by_user')
        .on('sessions')
        .columns(['user_id', 'session_id'])
        .execute();
      await schema.createIndex('sessions_by_end').on('sessions').column('expires_at_ms').execute();
      await required(
        schema.createTable('sign_in_places'),
        ['user_id', 'tenant', 'department_path', 'address_group'],
        ['last_used_at_ms'],
      )
        .addPrimaryKeyConstraint('sign_in_places_key', ['user_id', 'address_group'])
        .execute();
      await required(
        schema.createTable('identity_providers'),
        [
          'tenant',
          'identity_provider_id',
          'name',
          'issuer',
          'client_id',
          'client_secret',
          'scopes',
          'department_id',
          'name_claim',
        ],
        ['is_creating_users', 'updated_at_ms'],
      )
        .addPrimaryKeyConstraint('identity_providers_key', ['tenant', 'identity_provider_id'])
        .execute();
      await required(
        schema.createTable('identity_links'),
        ['tenant', 'issuer', 'subject', 'user_id', 'department_path'],
        [],
      )
        .addPrimaryKeyConstraint('identity_links_key', ['tenant', 'issuer', 'subject'])
        .execute();
      await schema.createIndex('identity_links_by_user').on('identity_links').column('user_id').execute();
      await required(
        schema.createTable('oidc_states'),
        ['digest', 'tenant', 'identity_provider_id', 'nonce', 'code_verifier', 'redirect_uri'],
        ['expires_at_ms'],
      )
        .addPrimaryKeyConstraint('oidc_states_key', ['digest'])
        .execute();
      await schema.createIndex('oidc_states_by_end').on('oidc_states').column('expires_at_ms').execute();
      await schema
        .createIndex('oidc_states_by_provider')
        .on('oidc_states')
        .columns(['tenant', 'identity_provider_id', 'expires_at_ms'])
        .execute();
    },
  },
];
