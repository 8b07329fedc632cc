import type { Migration } from '@ai-switch/db';
import { required } from '../organisation/schema.ts';

export interface PolicySchema {
  access_policies: AccessPolicyRow;
  rule_sets: RuleSetRow;
  quota_requests: QuotaRequestRow;
}

export interface AccessPolicyRow {
  tenant: string;
  /** `company`, `department:<id>`, `project:<id>`, `user:<id>` or `key:<id>`. */
  scope: string;
  /** Of whom it is set for. */
  department_path: string;
  /** With a user's and a key's; '' otherwise. */
  user_id: string;
  /** The highest department that who set it runs; '' for the company. */
  set_from: string;
  /** What is set, as JSON (`policy-terms.ts`). */
  terms: string;
  revision: bigint;
  updated_at_ms: bigint;
}

export interface RuleSetRow {
  rule_set_id: string;
  tenant: string;
  name: string;
  department_path: string;
  /** JSON. */
  rules: string;
  rule_count: bigint;
  revision: bigint;
  updated_at_ms: bigint;
}

export interface QuotaRequestRow {
  quota_request_id: string;
  tenant: string;
  user_id: string;
  user_name: string;
  department_path: string;
  /** JSON: metered types with amounts as texts. */
  amounts: string;
  until_ms: bigint;
  reason: string;
  state: string;
  created_at_ms: bigint;
  decided_at_ms: bigint | null;
  decided_by: string;
  answer: string;
  grant_id: string;
}

export const policyTables = {
  access_policies: { tenant: 'tenant', departmentPath: 'department_path', userId: 'user_id' },
  rule_sets: { tenant: 'tenant', departmentPath: 'department_path' },
  quota_requests: { tenant: 'tenant', departmentPath: 'department_path', userId: 'user_id' },
} as const;

export const policyMigrations: readonly Migration[] = [
  {
    name: '002-policies',
    up: async ({ schema }) => {
      await required(
        schema.createTable('access_policies'),
        ['tenant', 'scope', 'department_path', 'user_id', 'set_from', 'terms'],
        ['revision', 'updated_at_ms'],
      )
        .addPrimaryKeyConstraint('access_policies_key', ['tenant', 'scope'])
        .execute();
      await required(
        schema.createTable('rule_sets'),
        ['rule_set_id', 'tenant', 'name', 'department_path', 'rules'],
        ['rule_count', 'revision', 'updated_at_ms'],
      )
        .addPrimaryKeyConstraint('rule_sets_key', ['tenant', 'rule_set_id'])
        .execute();
      await required(
        schema.createTable('quota_requests'),
        [
          'quota_request_id',
          'tenant',
          'user_id',
          'user_name',
          'department_path',
          'amounts',
          'reason',
          'state',
          'decided_by',
          'answer',
          'grant_id',
        ],
        ['until_ms', 'created_at_ms'],
      )
        .addColumn('decided_at_ms', 'bigint')
        .addPrimaryKeyConstraint('quota_requests_key', ['tenant', 'quota_request_id'])
        .execute();
      await schema
        .createIndex('quota_requests_by_age')
        .on('quota_requests')
        .columns(['tenant', 'created_at_ms', 'quota_request_id'])
        .execute();
    },
  },
];
