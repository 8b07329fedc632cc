/** A minute in pieces, and the one that is going on. */
const PIECE_MS = 5_000;
const PIECES = 60_000 / PIECE_MS + 1;

/** What was counted in the last minute. What is old leaves a piece of five seconds at a time, never early. */
export class SlidingMinute {
  readonly #counts = new Float64Array(PIECES);
  #newest = 0;
  #total = 0;

  /** @returns the piece that it was put into, for `takeBack` */
  add(count: number, nowMs: number): number {
    this.#advance(nowMs);
    this.#put(this.#newest, count);
    return this.#newest;
  }

  /** Does nothing for what is old by now. */
  takeBack(count: number, piece: number, nowMs: number): void {
    this.#advance(nowMs);
    if (piece > this.#newest - PIECES) this.#put(piece, -count);
  }

  total(nowMs: number): number {
    this.#advance(nowMs);
    return this.#total;
  }

  /** How long until no more than `max` is left of what was counted so far. */
  waitMs(max: number, nowMs: number): number {
    let left = this.total(nowMs);
    for (let piece = this.#newest - PIECES + 1; piece <= this.#newest; piece += 1) {
      if (left <= max) return Math.max(0, (piece - 1 + PIECES) * PIECE_MS - nowMs);
      left -= this.#counts[piece % PIECES] ?? 0;
    }
    return (this.#newest + PIECES) * PIECE_MS - nowMs;
  }

  #put(piece: number, count: number): void {
    const at = piece % PIECES;
    this.#counts[at] = (this.#counts[at] ?? 0) + count;
    this.#total += count;
  }

  /** A clock that is turned back stands still. */
  #advance(nowMs: number): void {
    const piece = Math.floor(nowMs / PIECE_MS);
    if (piece <= this.#newest) return;
    if (piece - this.#newest >= PIECES) {
      this.#counts.fill(0);
      this.#total = 0;
    } else {
      for (let old = this.#newest + 1; old <= piece; old += 1) {
        this.#total -= this.#counts[old % PIECES] ?? 0;
        this.#counts[old % PIECES] = 0;
      }
    }
    this.#newest = piece;
  }
}
