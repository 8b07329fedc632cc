import { type Enrolled, Roster } from './roster.ts';

/** Something that wants to look at the time now and then. */
export interface Ticking extends Enrolled {
  tick(nowMs: number): void;
}

/** One interval timer for every upload and stream of the process, so that none needs a timer of its own. */
export class Ticker {
  readonly #members = new Roster<Ticking>();
  readonly #timer: NodeJS.Timeout;

  constructor(tickMs: number) {
    this.#timer = setInterval(() => this.#tick(), tickMs);
    this.#timer.unref();
  }

  add(member: Ticking): void {
    this.#members.add(member);
  }

  delete(member: Ticking): void {
    this.#members.delete(member);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const nowMs = performance.now();
    for (const member of this.#members.all()) member.tick(nowMs);
  }
}
