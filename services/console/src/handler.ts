import type { Actor, Caller } from '@ai-switch/contracts';
import type { Reach } from './reach/reach.ts';
import type { ScopedLedger } from './reach/scoped-ledger.ts';
import type { ScopedRecords } from './reach/scoped-records.ts';
import type { Input, Reply, Route } from './routes/route.ts';

/** What is known of every request, whoever sends it. */
export interface PublicRequest {
  readonly requestId: string;
  readonly clientAddress: string;
  readonly userAgent: string;
  /** Where the browser sees this API: `https://gateway.example.com`. */
  readonly origin: string;
  /** Below which path the routes stand. */
  readonly mountPath: string;
  /** A company that the request names. */
  readonly company: string | undefined;
  cookie(name: string): string | undefined;
}

/** One authorised request to the admin API. */
export interface AdminRequest extends PublicRequest {
  readonly caller: Caller;
  /** Of a session: nothing but changing it is permitted. */
  readonly isPasswordChangeDue: boolean;
  /** The company that the request is about: the caller's, or the one that root names. */
  readonly tenant: string;
  /** On whose behalf the ports that decide for themselves are asked. */
  readonly actor: Actor;
  /** What the caller may see and run; the only way to the names that the ledger is asked by. */
  readonly reach: Reach;
  readonly ledger: ScopedLedger;
  readonly records: ScopedRecords;
  /** Of `If-Match`; undefined: whatever is there. */
  readonly expectedRevision: bigint | undefined;
  /** An id that the same `Idempotency-Key` of the same user gives again; '' without one. */
  idempotentId(prefix: string): string;
}

export type Handler<Of extends Route> = (
  request: (Of extends { readonly permission: 'anyone' } ? PublicRequest : AdminRequest) & Input<Of>,
) => Promise<Reply<Of>>;

/** A handler for each route of a table, and none for anything else. */
export type Handlers<Table extends Readonly<Record<string, Route>>> = {
  readonly [Name in keyof Table]: Handler<Table[Name]>;
};
