// What a route of the admin API states about itself. Its checks, its permission, its place in the OpenAPI document and the
// types of its handler all come from here, so that none of them can say something else.

import type { z } from 'zod';
import type { ParameterOf, PathParameter } from './path-parameters.ts';

/** The least role that may call; what it may touch is for the scope to say. `anyone` needs no credential at all. */
export type Permission = 'anyone' | 'member' | 'departmentAdmin' | 'companyAdmin' | 'root';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

export interface Route {
  readonly method: Method;
  readonly path: `/${string}`;
  readonly tag: Tag;
  readonly summary: string;
  /** What the summary leaves open. */
  readonly description?: string;
  readonly permission: Permission;
  readonly query?: z.ZodObject;
  /** JSON, unless `mediaTypes` says more. */
  readonly body?: z.ZodType;
  /** Media types besides JSON that the body may have; the handler gets their text. */
  readonly textBody?: 'text/csv';
  /** What is not in it is not answered. */
  readonly reply: z.ZodType;
  /** Statuses of success besides 200. */
  readonly creates?: true;
  /** The browser is sent elsewhere. */
  readonly redirects?: true;
  /** The reply has a `revision`, which is its ETag; a write takes `If-Match`. */
  readonly hasRevision?: true;
  /** The `Idempotency-Key` of a creation becomes what it makes: the same again makes nothing more. */
  readonly takesIdempotencyKey?: true;
  /** A read that is sent as POST, because what it asks about is too long for a query. */
  readonly isRead?: true;
  /** Permitted to a session that has to change its password first. */
  readonly isForEverySession?: true;
}

export const TAGS = {
  companies: 'Tenants of the installation.',
  departments: 'The tree below a company: divisions, departments, teams.',
  users: 'People and programs that use models.',
  roles: 'Who runs what.',
  projects: 'Cost centres across departments.',
  keys: 'API keys.',
  import: 'A whole tree with its users at once.',
  sessions: 'Signing in and out.',
  'identity providers': 'Signing in by OpenID Connect.',
  providers: 'Who answers, and with which credential.',
  aliases: 'The model names that clients ask for.',
  prices: 'What a token costs.',
  quota: 'What may be spent, and what was.',
  'quota requests': 'What members ask for.',
  policies: 'What callers may use, and how fast.',
  'rule sets': 'What is intercepted.',
  records: 'Who did what, and what it took.',
  document: 'This document.',
} as const;

export type Tag = keyof typeof TAGS;

/** The parameters of a path by name; `never` for one with a name that path-parameters.ts does not know. */
type ParametersIn<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Known<Name> & ParametersIn<`/${Rest}`>
  : Path extends `${string}:${infer Name}`
    ? Known<Name>
    : unknown;
type Known<Name extends string> = Name extends PathParameter
  ? { readonly [Key in Name]: ParameterOf<Name> }
  : never;

/** What a handler gets of a request, validated. */
export interface Input<Of extends Route> {
  readonly params: ParametersIn<Of['path']>;
  readonly query: Of extends { readonly query: infer Query extends z.ZodObject } ? z.output<Query> : unknown;
  readonly body:
    | (Of extends { readonly body: infer Body extends z.ZodType } ? z.output<Body> : undefined)
    | (Of extends { readonly textBody: string } ? string : never);
}

export interface Reply<Of extends Route> {
  /** 200 unless told otherwise. */
  readonly status?: 201 | 303;
  readonly body: z.input<Of['reply']>;
  readonly headers?: Headers;
}

/** Whether a route changes something. */
export function isWrite({ method, isRead }: Route): boolean {
  return method !== 'get' && isRead !== true;
}
