export { type CacheOptions, type OpenCache, openCache } from './open-cache.ts';
