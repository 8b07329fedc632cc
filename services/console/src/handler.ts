import type { Caller, Ports } from '@ai-switch/contracts';
import type { z } from 'zod';
import type { RouteName } from './permissions.ts';

/** One authorised request to the admin API. */
export interface AdminRequest {
  readonly requestId: string;
  readonly caller: Caller;
  /** A part of the path, decoded. */
  param(name: string): string;
  /** @throws Fault `invalid` naming the parameter that is unknown or wrong */
  query<Schema extends z.ZodType>(schema: Schema): z.infer<Schema>;
  /** @throws Fault `invalid` naming the field that is unknown or wrong */
  body<Schema extends z.ZodType>(schema: Schema): Promise<z.infer<Schema>>;
  /**
   * Writes the audit event of a change that was made.
   * @param action `<noun>.<verb>`
   * @param subject the id of what was changed
   * @param details facts about it; never a secret
   */
  audit(action: string, subject: string, details?: Readonly<Record<string, string>>): Promise<void>;
}

export interface AdminReply {
  /** 200 unless told otherwise. */
  readonly status?: 200 | 201;
  readonly body: object;
}

export type Handler = (request: AdminRequest) => Promise<AdminReply>;

/** The handlers of one resource: exactly those routes of the table that begin with its path. */
export type HandlersOf<Path extends string> = {
  readonly [Name in RouteName as Name extends `${string} /${Path}` | `${string} /${Path}/${string}`
    ? Name
    : never]: Handler;
};

export type Resource<Path extends string> = (ports: Ports) => HandlersOf<Path>;
