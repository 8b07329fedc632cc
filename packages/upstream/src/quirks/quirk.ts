import type { DialectName, JsonObject } from '@ai-switch/dialects';
import type { UpstreamTarget } from '../request-headers.ts';

/** What the edge knows of the request whose body is to be made fit. */
export interface QuirkContext {
  /** The model's name at the provider. */
  readonly model: string;
  readonly isStreaming: boolean;
  readonly clientDialect: DialectName;
  /** What the requests of one conversation share; '' when nothing is known. */
  readonly affinityKey: string;
  /** What the provider is spoken to in, where it is not the target's own dialect. */
  readonly dialect?: DialectName;
  /** Takes the names of what had to be left out. */
  readonly dropped?: Set<string>;
}

export interface QuirkCall {
  readonly target: UpstreamTarget;
  readonly model: string;
  readonly isStreaming: boolean;
  readonly clientDialect: DialectName;
  readonly affinityKey: string;
  /** What the body is of. */
  readonly dialect: string;
  /** Reports what had to be left out, as a dotted name. */
  drop(name: string): void;
}

/**
 * One thing in which a provider differs from its dialect. Pure: gives the same object when there is nothing to change, and
 * never changes the one that it got.
 */
export type Quirk = (body: JsonObject, call: QuirkCall) => JsonObject;
