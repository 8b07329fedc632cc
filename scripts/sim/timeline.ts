// Virtual time. Nothing here waits: the next event is taken, and it is that late.

import type { Clock } from '@ai-switch/kernel';

export interface TimelineEvent {
  readonly atMs: number;
  readonly sequence: number;
  /** What happens, for the trace. */
  readonly name: string;
  /** Those of one kind that lie close together may be taken together. */
  readonly group: string;
  readonly run: () => void | Promise<void>;
  isCancelled: boolean;
}

export class Timeline implements Clock {
  #nowMs: number;
  #sequence = 0;
  readonly #heap: TimelineEvent[] = [];

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** Runs `run` after that long. @returns what takes it back */
  after(delayMs: number, name: string, run: TimelineEvent['run'], group = ''): () => void {
    const event: TimelineEvent = {
      atMs: this.#nowMs + Math.max(0, Math.ceil(delayMs)),
      sequence: this.#sequence,
      name,
      group,
      run,
      isCancelled: false,
    };
    this.#sequence += 1;
    this.#push(event);
    return () => {
      event.isCancelled = true;
    };
  }

  /** Lets time pass up to that moment, and what was to happen meanwhile happen late. */
  skipTo(atMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, atMs);
  }

  /** The next event; time moves on to it. */
  take(): TimelineEvent | undefined {
    this.#dropCancelled();
    const event = this.#pop();
    if (event !== undefined) this.skipTo(event.atMs);
    return event;
  }

  /** The next event when it is of this group and not later than that. */
  takeOf(group: string, untilMs: number): TimelineEvent | undefined {
    this.#dropCancelled();
    const next = this.#heap[0];
    if (next === undefined || next.group !== group || next.atMs > untilMs) return undefined;
    return this.take();
  }

  #dropCancelled(): void {
    while (this.#heap[0]?.isCancelled === true) this.#pop();
  }

  #push(event: TimelineEvent): void {
    const heap = this.#heap;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || isBefore(above, event)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = event;
  }

  #pop(): TimelineEvent | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      const left = heap[child];
      if (left === undefined) break;
      const right = heap[child + 1];
      const smaller = right !== undefined && isBefore(right, left) ? right : left;
      if (smaller === right) child += 1;
      if (isBefore(last, smaller)) break;
      heap[index] = smaller;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

function isBefore(one: TimelineEvent, other: TimelineEvent): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.sequence < other.sequence);
}
