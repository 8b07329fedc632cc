import { CacheEntry } from '@ai-switch/contracts';
import type { Clock } from '@ai-switch/kernel';

/** What an entry costs besides its events: names, numbers and the map. */
const ENTRY_BYTES = 512;

/** Another process may have evicted or replaced an entry: what is here is believed for so long. */
const MEMORY_LIFE_MS = 30_000;

interface Kept {
  readonly entry: CacheEntry;
  readonly untilMs: number;
}

/** The entries that were used last, up to so many bytes. Answers without waiting. */
export class MemoryTier {
  readonly #bytesMax: number;
  readonly #clock: Clock;
  /** The one that was used the longest ago stands first. */
  readonly #entries = new Map<string, Kept>();
  #bytes = 0;

  constructor(bytesMax: number, clock: Clock) {
    this.#bytesMax = bytesMax;
    this.#clock = clock;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(name: string): CacheEntry | undefined {
    const kept = this.#entries.get(name);
    if (kept === undefined || kept.untilMs <= this.#clock.nowMs()) return undefined;
    this.#entries.delete(name);
    this.#entries.set(name, kept);
    return CacheEntry.create(kept.entry);
  }

  /** One that is larger than the whole tier is not kept. */
  set(name: string, entry: CacheEntry): void {
    this.delete(name);
    const bytes = sizeOf(entry);
    if (bytes > this.#bytesMax) return;
    this.#entries.set(name, { entry: copyOf(entry), untilMs: this.#clock.nowMs() + MEMORY_LIFE_MS });
    this.#bytes += bytes;
    for (const [oldest] of this.#entries) {
      if (this.#bytes <= this.#bytesMax) return;
      this.delete(oldest);
    }
  }

  delete(name: string): void {
    const kept = this.#entries.get(name);
    if (kept === undefined) return;
    this.#entries.delete(name);
    this.#bytes -= sizeOf(kept.entry);
  }
}

/** Bytes of its own: those of a call are a piece of all that came with it, which would stay, too. */
function copyOf(entry: CacheEntry): CacheEntry {
  return CacheEntry.create({
    ...entry,
    key: Uint8Array.from(entry.key),
    events: Uint8Array.from(entry.events),
  });
}

function sizeOf({ events }: CacheEntry): number {
  return events.length + ENTRY_BYTES;
}
