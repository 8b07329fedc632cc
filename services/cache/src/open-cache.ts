import type { ResponseCache } from '@ai-switch/contracts';
import { type Clock, systemClock } from '@ai-switch/kernel';
import { openRedis } from '@ai-switch/redis';
import type { Logger } from '@ai-switch/telemetry';
import { openDatabaseTier } from './database-tier.ts';
import { MemoryTier } from './memory-tier.ts';
import { redisTier } from './redis-tier.ts';
import { ResponseCacheService } from './response-cache.ts';
import type { Tier } from './tier.ts';

export const MEMORY_BYTES = 256 * 1024 * 1024;
export const EXACT_BYTES = 4 * 1024 * 1024 * 1024;

export interface CacheOptions {
  /** Of the exact tier: `redis://…`, `sqlite:<file>`, or `postgres://…`. */
  readonly storeUrl: string;
  readonly memoryBytesMax?: number;
  /** Of a database; Redis is bounded by its own `maxmemory`. */
  readonly exactBytesMax?: number;
  readonly clock?: Clock;
  readonly logger: Logger;
}

export interface OpenCache {
  readonly cache: ResponseCache;
  close(): Promise<void>;
}

/** @throws DatabaseError for a database that cannot be used, ConfigError for an address that is none */
export async function openCache(options: CacheOptions): Promise<OpenCache> {
  const { clock = systemClock, logger, memoryBytesMax = MEMORY_BYTES } = options;
  const exact = await openExactTier(options, clock);
  const memory = new MemoryTier(memoryBytesMax, clock);
  return {
    cache: new ResponseCacheService({ memory, exact, clock, logger }),
    close: () => exact.close(),
  };
}

async function openExactTier(options: CacheOptions, clock: Clock): Promise<Tier> {
  const { storeUrl, logger, exactBytesMax = EXACT_BYTES } = options;
  if (/^rediss?:/.test(storeUrl)) return redisTier(openRedis({ url: storeUrl, logger }), clock);
  return openDatabaseTier({
    databaseUrl: storeUrl,
    bytesMax: exactBytesMax,
    clock,
    onError: (err) => logger.warn({ err }, 'old answers were not taken away'),
  });
}
