import { CacheEntry } from '@ai-switch/contracts';
import type { Clock } from '@ai-switch/kernel';
import type { Redis } from '@ai-switch/redis';
import type { Tier } from './tier.ts';

/** Entries in Redis, which forgets them by itself at their time, and earlier by its `maxmemory-policy`. */
export function redisTier(redis: Redis, clock: Clock): Tier {
  const keyOf = (name: string) => `answer ${name}`;
  return {
    get: async (name) => {
      const bytes = await redis.get(keyOf(name));
      return bytes === undefined ? undefined : CacheEntry.decode(bytes);
    },
    set: (name, entry) => {
      const bytes = Buffer.from(CacheEntry.encode(entry).finish());
      return redis.set(keyOf(name), bytes, Number(entry.expiresAtMs) - clock.nowMs());
    },
    delete: (name) => redis.delete([keyOf(name)]),
    close: async () => redis.close(),
  };
}
