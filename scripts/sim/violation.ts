/** Thrown where an invariant is broken. The run that throws it adds the seed, the step and the trace. */
export class Violation extends Error {
  override readonly name = 'Violation';
  /** Like `I3`. */
  readonly invariant: string;
  readonly rows: readonly unknown[];

  constructor(invariant: string, message: string, rows: readonly unknown[] = []) {
    super(message);
    this.invariant = invariant;
    this.rows = rows;
  }
}

/** Values with bigints, as one line of text. */
export function textOf(value: unknown): string {
  return JSON.stringify(value, (_, each) => {
    if (typeof each === 'bigint') return Number.isSafeInteger(Number(each)) ? Number(each) : String(each);
    return each instanceof Map ? [...each] : each;
  });
}
