// The hub of embeddings: texts become vectors. OpenAI's form, which every compatible server has, and Gemini's are read into
// it and written from it.

import type { JsonObject, JsonValue } from '../json/value.ts';
import type { DialectName } from '../model/request.ts';

export interface EmbeddingRequest {
  /** The model alias as the client named it. */
  readonly model: string;
  /** At least one; each becomes one vector. */
  readonly inputs: readonly EmbeddingInput[];
  /** How long each vector shall be. Absent: as long as the model makes it. */
  readonly dimensions?: number;
  /** How the client wants numbers: as JSON, or as base64 of 32-bit floats, little-endian. */
  readonly encoding: VectorEncoding;
  /** Gemini's `taskType`: what the vectors are for. */
  readonly task?: string;
  /** The client's own opaque name of its user. */
  readonly user?: string;
  /** Asked by Gemini's embedContent, whose answer is one vector and no list. */
  readonly isSingle: boolean;
}

export type VectorEncoding = 'float' | 'base64';

export type EmbeddingInput =
  | {
      readonly kind: 'text';
      readonly text: string;
      readonly title?: string;
      /** The whole entry as it came, by its dialect; replayed only to the same one. */
      readonly source?: EmbeddingSource;
    }
  /** A text that the client cut into tokens itself, of whichever tokenizer. */
  | { readonly kind: 'tokens'; readonly tokens: readonly number[] }
  /** What only its own dialect can embed, like a picture. */
  | { readonly kind: 'foreign'; readonly source: EmbeddingSource };

export interface EmbeddingSource {
  readonly dialect: DialectName;
  readonly value: JsonObject;
}

export interface EmbeddingReply {
  /** One for each input, in order. */
  readonly vectors: readonly Float32Array[];
  /** How the provider wrote them; `mixed` when it could not decide. */
  readonly encoding: VectorEncoding | 'mixed';
  /** Absent when the provider sent no count. */
  readonly inputTokens?: number;
}

/** How one family of providers and clients asks for embeddings. Pure, like a `Dialect`. */
export interface EmbeddingDialect {
  readonly name: DialectName;
  /** Put after a provider's base URL. */
  path(model: string): string;
  /** @throws InvalidRequest naming the field */
  readRequest(body: JsonObject, address: EmbeddingAddress): EmbeddingRequest;
  /**
   * The request for a target, in as many bodies as the target's bound on one call makes needful.
   * @throws InvalidRequest for an input that this dialect cannot say at all
   */
  writeRequest(request: EmbeddingRequest, model: string): WrittenEmbeddings;
  /** The fields to set in the client's own bytes for a target of the same dialect; undefined to write it anew. */
  passThroughEdits(model: string): Readonly<Record<string, JsonValue>> | undefined;
  /** @throws InvalidReply for a body that is not one */
  readReply(body: JsonValue): EmbeddingReply;
  /** @param inputTokens the provider's count, or ours */
  writeReply(reply: EmbeddingReply, request: EmbeddingRequest, inputTokens: number): JsonObject;
}

/** Gemini's requests name the model in the path, and whether they ask for one vector. */
export interface EmbeddingAddress {
  readonly model: string;
  readonly isSingle: boolean;
}

export interface WrittenEmbeddings {
  readonly bodies: readonly JsonObject[];
  /** What this dialect cannot carry. Sorted, without repeats. */
  readonly dropped: readonly string[];
}

/** As many as OpenAI takes in one call; each costs work in every later stage. */
export const EMBEDDING_INPUTS_MAX = 2_048;
