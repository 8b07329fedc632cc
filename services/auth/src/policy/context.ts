import type { Clock } from '@ai-switch/kernel';
import type { AuthDatabase } from '../authority.ts';

/** What the calls of the AccessPolicies port share. */
export interface PolicyContext {
  readonly database: AuthDatabase;
  readonly clock: Clock;
  /** What was known of the company's callers is known no more. */
  readonly onChange: (tenant: string) => void;
}
