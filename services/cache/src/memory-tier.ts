import { CacheEntry } from '@ai-switch/contracts';

/** What an entry costs besides its events: names, numbers and the map. */
const ENTRY_BYTES = 512;

/** The entries that were used last, up to so many bytes. Answers without waiting. */
export class MemoryTier {
  readonly #bytesMax: number;
  /** The one that was used the longest ago stands first. */
  readonly #entries = new Map<string, CacheEntry>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(name: string): CacheEntry | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    return entry;
  }

  /** One that is larger than the whole tier is not kept. */
  set(name: string, entry: CacheEntry): void {
    this.delete(name);
    const bytes = sizeOf(entry);
    if (bytes > this.#bytesMax) return;
    this.#entries.set(name, CacheEntry.create(entry));
    this.#bytes += bytes;
    for (const [oldest] of this.#entries) {
      if (this.#bytes <= this.#bytesMax) return;
      this.delete(oldest);
    }
  }

  delete(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    this.#entries.delete(name);
    this.#bytes -= sizeOf(entry);
  }
}

function sizeOf({ events }: CacheEntry): number {
  return events.length + ENTRY_BYTES;
}
