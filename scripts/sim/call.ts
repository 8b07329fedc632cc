import type { Fault, FaultCode } from '@ai-switch/kernel';
import type { Ledger } from '@ai-switch/quota-ledger';
import type { Company } from './oracle/company.ts';
import type { Operation } from './oracle/decide.ts';

/** Something that a ledger is asked. */
export interface Call {
  readonly replica: number;
  /** For the trace. */
  readonly name: string;
  readonly tenants: readonly string[];
  readonly run: (ledger: Ledger) => Promise<unknown>;
  /** What it asks of reservations, in order; undefined for a sweep, which finds that out itself. */
  readonly operations?: readonly Operation[];
  /** The fault that must answer it, whatever is on record. */
  readonly refusal?: FaultCode;
  /** The fault that must answer it as things stand. */
  readonly refusalFor?: (company: Company) => FaultCode | undefined;
  /** Repeats a change of settings in the oracle, once it is committed. */
  readonly apply?: (company: Company, nowMs: number) => void;
  /** Nothing else runs with it. */
  readonly isAlone?: boolean;
  /** Looks at the answer of a query. */
  readonly inspect?: (answer: unknown) => void;
}

export type Outcome = { readonly answer: unknown } | { readonly fault: Fault } | { readonly isLost: true };
