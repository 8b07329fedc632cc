export { openRedis, type Redis, RedisAway, type RedisOptions, type Script, script } from './redis.ts';
export { redisUrlSetting } from './settings.ts';
