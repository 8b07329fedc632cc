import type { Clock } from '@ai-switch/kernel';
import type { AuthDatabase } from '../authority.ts';
import type { Callers } from '../callers.ts';
import type { AttemptCounter } from './attempts.ts';
import type { SecretBox } from './secret-box.ts';

/** What the calls of the SignIn port share. */
export interface SignInContext {
  readonly database: AuthDatabase;
  readonly callers: Callers;
  readonly clock: Clock;
  readonly attempts: AttemptCounter;
  readonly secrets: SecretBox;
  /** Asks an identity provider, whose address an admin gave: guarded, bounded, without redirects. */
  readonly fetch: (
    address: string,
    init?: {
      readonly method?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    },
  ) => Promise<Response>;
}
