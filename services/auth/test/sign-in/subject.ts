// The SignIn port, with what stands around it in the hands of a test.

import { randomBytes } from 'node:crypto';
import { CreateUserRequest, type SignIn } from '@ai-switch/contracts';
import { openScopedDatabase } from '@ai-switch/db';
import type { databases } from '@ai-switch/testkit';
import { DialGuard, guardedFetch } from '@ai-switch/upstream';
import type { AuthDatabase } from '../../src/authority.ts';
import { Callers } from '../../src/callers.ts';
import { type OpenAuth, openAuth } from '../../src/index.ts';
import { type AuthSchema, migrations, scopedTables } from '../../src/schema.ts';
import { type AttemptCounter, attemptsInMemory } from '../../src/sign-in/attempts.ts';
import type { SignInContext } from '../../src/sign-in/context.ts';
import { secretBox } from '../../src/sign-in/secret-box.ts';
import { signInPort } from '../../src/sign-in/sign-in.ts';

const START_MS = 1_790_000_000_000;

export interface SignInSubject {
  /** On the same database, for everything else. */
  readonly opened: OpenAuth;
  readonly database: AuthDatabase;
  readonly signIn: SignIn;
  readonly clock: { now: number; nowMs(): number };
  readonly hooks: Hooks;
  readonly fetched: string[];
  makeUser(name: string): Promise<{ readonly userId: string; readonly password: string }>;
  close(): Promise<void>;
}

export interface Hooks {
  /** Statements outside transactions that were begun. */
  statements: number;
  /** Comes between a password that was right and what follows from it. */
  onRight: () => Promise<unknown>;
  onAttempt: () => Promise<unknown>;
}

export async function openSubject({ create }: (typeof databases)[number]): Promise<SignInSubject> {
  const fresh = await create();
  const clock = { now: START_MS, nowMs: () => clock.now };
  const opened = await openAuth({ databaseUrl: fresh.url, clock });
  const database = await openScopedDatabase<AuthSchema, typeof scopedTables>({
    url: fresh.url,
    schema: 'auth',
    migrations,
    tables: scopedTables,
  });
  const hooks: Hooks = { statements: 0, onRight: async () => {}, onAttempt: async () => {} };
  const fetched: string[] = [];
  const guard = new DialGuard(['127.0.0.1']);
  const context: SignInContext = {
    database: {
      ...database,
      asSystem: (reason) => {
        hooks.statements += 1;
        return database.asSystem(reason);
      },
    },
    callers: new Callers(database),
    clock,
    attempts: hooked(attemptsInMemory(clock), hooks),
    secrets: secretBox(randomBytes(32)),
    fetch: (address, init) => {
      fetched.push(address);
      return guardedFetch(guard, address, init);
    },
  };
  const signIn = signInPort(context);
  return {
    opened,
    database,
    signIn,
    clock,
    hooks,
    fetched,
    makeUser: async (name) => {
      const { user } = await opened.organisation.createUser(
        CreateUserRequest.create({ actor: opened.root, name }),
      );
      const userId = user?.userId ?? '';
      const { password } = await signIn.resetPassword({ actor: opened.root, userId });
      return { userId, password };
    },
    close: async () => {
      await database.close();
      await opened.close();
      await fresh.drop();
    },
  };
}

function hooked(attempts: AttemptCounter, hooks: Hooks): AttemptCounter {
  return {
    begin: async (attempt) => {
      await hooks.onAttempt();
      return attempts.begin(attempt);
    },
    forgive: async (attempt) => {
      await attempts.forgive(attempt);
      await hooks.onRight();
    },
  };
}
