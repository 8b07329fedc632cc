import type { CacheEntry } from '@ai-switch/contracts';

/** Where entries lie under a name. What does not answer, or not in time, has nothing: its faults are the caller's to count. */
export interface Tier {
  get(name: string): Promise<CacheEntry | undefined>;
  set(name: string, entry: CacheEntry): Promise<void>;
  delete(name: string): Promise<void>;
  close(): Promise<void>;
}
