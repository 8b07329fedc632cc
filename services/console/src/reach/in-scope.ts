// Names that were looked up on behalf of a caller. A service that does not know organisations is asked by these names only:
// without the look-up there is no name of the type that it takes.

import type { Role, Tier } from '@ai-switch/contracts';

declare const seen: unique symbol;
declare const run: unique symbol;

/** Of what the caller sees. */
export type Seen = { readonly [seen]: true };
/** Of what the caller may change. */
export type Run = Seen & { readonly [run]: true };

/** `company`, `department:<id>`, `project:<id>`, `user:<id>` or `model:<name>`, and whom it concerns. */
export interface ScopeName {
  readonly scope: string;
  readonly departmentPath: string;
  /** Empty for what is not a user's, and for a user who is gone. */
  readonly userId: string;
}

/** As the ledger names it. */
export interface BucketName extends ScopeName {
  readonly bucket: string;
  readonly tier: Tier;
}

export interface UserName {
  readonly userId: string;
  readonly name: string;
  readonly departmentIds: readonly string[];
  readonly departmentPath: string;
  /** The highest that he holds. */
  readonly role: Role;
}

export interface ProjectName {
  readonly projectId: string;
}

export type Right = 'sees' | 'runs';
export type Of<Wanted extends Right> = Wanted extends 'runs' ? Run : Seen;
