import type { RequestAddress } from '../dialect.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import type { DialectName, Request } from '../model/request.ts';

/** How a dialect asks what a prompt costs before it is sent. Pure, like a `Dialect`. */
export interface CountingDialect {
  readonly name: DialectName;
  /**
   * A prompt to be counted, which may lack what a prompt to be answered needs.
   * @throws InvalidRequest naming the field
   */
  readRequest(body: JsonObject, address?: RequestAddress): Request;
  writeReply(tokens: number): JsonObject;

  // For providers that count for themselves.

  /** Put after a provider's base URL. */
  path(model: string): string;
  /** The fields to set in the client's own bytes for a provider of the same dialect. */
  passThroughEdits(body: JsonObject, model: string): Readonly<Record<string, JsonValue>>;
  writeRequest(request: Request, model: string): JsonObject;
  /** Undefined for what is no count. */
  readReply(body: JsonValue): number | undefined;
}
