// Wrong keys that several processes count together, on Redis. What one process counts for itself holds besides: without Redis a
// source is judged by that alone, and never let through for it.

import { randomBytes } from 'node:crypto';
import { type Redis, script } from '@ai-switch/redis';

export interface SharedFailures {
  /** @returns how long the source has to wait, in ms; 0 when it does not, or nobody can be asked */
  waitMs(source: string): Promise<number>;
  note(source: string): void;
}

export interface SharedFailuresOptions {
  readonly redis: Redis;
  readonly failuresMax: number;
  readonly windowMs: number;
}

/** KEYS: the failures of a source by time. ARGV: how many are too many, the window in ms. */
const WAIT = script(`
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', nowMs - ARGV[2])
local failures = redis.call('ZCARD', KEYS[1])
if failures < tonumber(ARGV[1]) then return 0 end
local oldest = redis.call('ZRANGE', KEYS[1], -ARGV[1], -ARGV[1], 'WITHSCORES')
return math.max(1, tonumber(oldest[2]) + ARGV[2] - nowMs)
`);

/** KEYS: as above. ARGV: a name for the failure, how many are kept, the window in ms. */
const NOTE = script(`
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], time[1] * 1000 + math.floor(time[2] / 1000), ARGV[1])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 0
`);

export function failuresOnRedis({ redis, failuresMax, windowMs }: SharedFailuresOptions): SharedFailures {
  const keyOf = (source: string) => `wrong keys ${source}`;
  return {
    waitMs: async (source) => {
      if (!redis.isUp) return 0;
      return redis.run(WAIT, [keyOf(source)], [failuresMax, windowMs]).then(Number, () => 0);
    },
    note: (source) => {
      const name = randomBytes(9).toString('base64url');
      redis.run(NOTE, [keyOf(source)], [name, failuresMax, windowMs]).catch(() => {});
    },
  };
}
