import type { KeyObject } from 'node:crypto';
import type { Clock } from '@ai-switch/kernel';
import type { AuthDatabase } from '../authority.ts';

/** What the calls of the Organisation port share. */
export interface OrganisationContext {
  readonly database: AuthDatabase;
  readonly clock: Clock;
  readonly pepper: KeyObject | undefined;
  /** What was known of the company's callers is known no more. */
  readonly onChange: (tenant: string) => void;
}
