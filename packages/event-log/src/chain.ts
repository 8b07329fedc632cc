// The hash chain of a producer's log: the hash of each record holds the one before, so that none can be changed, taken out, put
// in or moved without all that follow. Pure.

import { createHash } from 'node:crypto';

/** Whose log it is: a service and its instance, like `edge-gateway/3f9c…`, and how often it has begun anew, from 1. */
export interface LogIdentity {
  readonly producer: string;
  readonly epoch: number;
}

/** Before the first record of an epoch. */
export const NO_CHAIN: Uint8Array = new Uint8Array(32);

/** @param previous the hash of the record before, `NO_CHAIN` for the first @returns 32 bytes */
export function chainOf(
  previous: Uint8Array,
  { producer, epoch }: LogIdentity,
  { sequence, type, data }: { readonly sequence: number; readonly type: string; readonly data: string },
): Buffer {
  return createHash('sha256')
    .update(previous)
    .update(`${producer}\n${epoch}\n${sequence}\n${type}\n${data}`)
    .digest();
}
