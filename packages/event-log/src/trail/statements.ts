// What is signed of a trail, as JSON text: the same text whoever writes it. Hashes are in hex, signatures in base64. Pure.

/** How far the log of a producer is known, as it was when it last changed. */
export interface LogState {
  readonly producer: string;
  readonly epoch: number;
  /** The highest that was announced or has come. */
  readonly lastSequence: number;
  /** Records that ever were stored, and those of them that went because of their age. */
  readonly stored: number;
  readonly deleted: number;
  /** The last of those that went; sequence 0 and an empty hash for none. */
  readonly base: Point;
  readonly announced: Point & { readonly atMs: number; readonly isFinal: boolean; readonly dropped: number };
  /** Whether a root has it as it is. */
  readonly isRooted: boolean;
}

/** A record and its hash in the chain. */
export interface Point {
  readonly sequence: number;
  readonly chain: string;
}

/** @param keyId of who signs; '' for nobody */
export function logStatement(state: LogState, keyId: string): string {
  const { producer, epoch, lastSequence, stored, deleted, base, announced, isRooted } = state;
  return JSON.stringify({
    ...{ kind: 'aiswitch.log.v1', keyId, producer, epoch, lastSequence, stored, deleted },
    base: { sequence: base.sequence, chain: base.chain },
    announced: {
      sequence: announced.sequence,
      chain: announced.chain,
      atMs: announced.atMs,
      isFinal: announced.isFinal,
      dropped: announced.dropped,
    },
    isRooted,
  });
}

/** How much there is. */
export interface TrailHead {
  readonly logs: number;
  readonly roots: number;
  /** Of the newest root; empty for none. */
  readonly rootSignature: string;
}

export function headStatement({ logs, roots, rootSignature }: TrailHead, keyId: string): string {
  return JSON.stringify({ kind: 'aiswitch.head.v1', keyId, logs, roots, rootSignature });
}

/** What a root says of one log. */
export interface RootLeaf {
  readonly producer: string;
  readonly epoch: number;
  /** Up to here every record has come. */
  readonly head: Point;
  readonly lastSequence: number;
  readonly stored: number;
  readonly base: Point;
  readonly islands: readonly Island[];
}

/**
 * A run of records behind a gap. No chain proves the first of them, so its digest stands here, of its type and data; with the hash
 * of the last one nothing between them can be written anew.
 */
export type Island = readonly [first: number, digest: string, last: number, chain: string];

export function leafText({ producer, epoch, head, lastSequence, stored, base, islands }: RootLeaf): string {
  return JSON.stringify({
    ...{ producer, epoch, head: { sequence: head.sequence, chain: head.chain }, lastSequence, stored },
    ...{ base: { sequence: base.sequence, chain: base.chain }, islands },
  });
}

export interface Root {
  /** From 1. */
  readonly number: number;
  readonly atMs: number;
  /** The signature of the root before; empty for the first. */
  readonly previous: string;
  /** Over its leaves, in hex. */
  readonly tree: string;
  readonly leafCount: number;
}

export function rootStatement({ number, atMs, previous, tree, leafCount }: Root, keyId: string): string {
  return JSON.stringify({ kind: 'aiswitch.root.v1', keyId, number, atMs, previous, tree, leafCount });
}
