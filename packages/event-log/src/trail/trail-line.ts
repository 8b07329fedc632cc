// A trail as lines, each a JSON object: what is exported is what is verified. First the head and the roots, then each log: how
// it begins, its records by ascending sequence, how it ends; at last the head once more, for a trail grows while it is read.

/** What is signed and by what signature, in base64; '' for none. */
export interface Signed {
  readonly statement: string;
  readonly signature: string;
}

export type TrailLine =
  | { readonly kind: 'trail'; readonly version: 1; readonly exportedAtMs: number; readonly publicKey: string }
  | ({ readonly kind: 'head' } & Signed)
  | RootLine
  | ({ readonly kind: 'log'; readonly producer: string; readonly epoch: number } & Signed)
  /** The hash of the last record that went because of its age. It may move while a log is read. */
  | { readonly kind: 'base'; readonly sequence: number; readonly chain: string }
  | RecordLine
  | ({ readonly kind: 'end' } & Signed);

export interface RootLine extends Signed {
  readonly kind: 'root';
  readonly number: number;
  readonly atMs: number;
  readonly leaves: readonly string[];
}

export interface RecordLine {
  readonly kind: 'record';
  readonly sequence: number;
  readonly type: string;
  readonly data: string;
  /** In hex. */
  readonly chain: string;
}

/** Something in a trail that is not as it was written. */
export interface TrailFault {
  /** Empty for what is of no log. */
  readonly producer: string;
  readonly epoch: number;
  /** 0 for what is of no record. */
  readonly sequence: number;
  readonly what: string;
}
