// What a run has met. A simulation that does not reach a thing proves nothing of it.

export class Coverage {
  readonly counts = new Map<string, number>();

  hit(name: string, times = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + times);
  }

  add(other: Coverage): void {
    for (const [name, times] of other.counts) this.hit(name, times);
  }
}
