// How each operation is called to try whether it is permitted. What is called for removes or changes things that were made for
// the call, so that no call stands in another's way.

import type { CaseName } from './expectations.ts';
import { organisationCalls } from './organisation-calls.ts';
import { policyCalls } from './policy-calls.ts';
import { quotaCalls } from './quota-calls.ts';
import type { Actor, Target, World } from './world.ts';

/** Whatever was answered. */
export type Body = Readonly<Record<string, unknown>>;

export interface Attempt {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Whether what was asked for is in a reply of success; yes unless told otherwise. */
  isDone?(body: Body): boolean;
  /** A refusal that only who is permitted comes to: the status and the field or code that is told. */
  readonly passes?: readonly string[];
}

export interface Call {
  /** True for what spoils who acts: somebody else does it to himself each time. */
  readonly spoilsActor?: true;
  attempt(world: World, target: Target, actor: Actor): Attempt | Promise<Attempt>;
}

export type Calls = Partial<Readonly<Record<CaseName, Call>>>;

export const CALLS: Calls = { ...organisationCalls, ...quotaCalls, ...policyCalls };
