// Attempts that several replicas count together, on Redis. Each counts for itself besides, so that a Redis that is gone leaves what
// this replica saw, and opens nothing. One that either refuses counts at neither: who comes again while he waits waits no longer for it.

import { type Redis, script } from '@ai-switch/redis';
import {
  ADDRESS_FAILURES_MAX,
  ADDRESS_WINDOW_MS,
  type AttemptCounter,
  FREE_FAILURES,
  FREE_FAILURES_FROM_ANYWHERE,
  keysOf,
  MEMORY_MS,
  type OwnAttemptCounter,
  WAIT_MS,
  WAIT_MS_MAX,
} from './attempts.ts';

export interface SharedAttemptsOptions {
  readonly redis: Redis;
  /** Counts on this replica. */
  readonly own: OwnAttemptCounter;
  /** Redis's own time unless told otherwise. */
  readonly nowMs?: () => number;
}

const SHARED = `
local nowMs = tonumber(ARGV[1])
if not nowMs then
  local time = redis.call('TIME')
  nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
end
local function read(key, memoryMs)
  local found = redis.call('HMGET', key, 'failures', 'lastAtMs', 'waitUntilMs')
  local count = { failures = tonumber(found[1] or 0), lastAtMs = tonumber(found[2] or nowMs), waitUntilMs = tonumber(found[3] or 0) }
  if nowMs - count.lastAtMs >= memoryMs then count = { failures = 0, lastAtMs = nowMs, waitUntilMs = 0 } end
  return count
end
local function write(key, count, memoryMs)
  redis.call('HSET', key, 'failures', count.failures, 'lastAtMs', count.lastAtMs, 'waitUntilMs', count.waitUntilMs)
  redis.call('PEXPIRE', key, memoryMs)
end
`;

/** KEYS: of the account from here, of the address, of the account from anywhere unless it is known here. ARGV: time or ''. */
const BEGIN = script(`${SHARED}
local memory = { ${MEMORY_MS}, ${ADDRESS_WINDOW_MS}, ${MEMORY_MS} }
local free = { ${FREE_FAILURES}, 0, ${FREE_FAILURES_FROM_ANYWHERE} }
local counts, waitMs = {}, 0
for at, key in ipairs(KEYS) do
  counts[at] = read(key, memory[at])
  waitMs = math.max(waitMs, counts[at].waitUntilMs - nowMs)
end
if waitMs > 0 then return waitMs end
for at, key in ipairs(KEYS) do
  local count = counts[at]
  if at == 2 then
    if count.failures == 0 then count.lastAtMs = nowMs end
    count.failures = count.failures + 1
    if count.failures >= ${ADDRESS_FAILURES_MAX} then count.waitUntilMs = count.lastAtMs + memory[at] end
  else
    count.failures = count.failures + 1
    count.lastAtMs = nowMs
    if count.failures >= free[at] then
      count.waitUntilMs = nowMs + math.min(${WAIT_MS} * 2 ^ (count.failures - free[at]), ${WAIT_MS_MAX})
    end
  end
  write(key, count, memory[at])
end
return 0
`);

/** KEYS and ARGV as above. */
const FORGIVE = script(`
redis.call('DEL', KEYS[1])
for at = 2, #KEYS do
  if redis.call('EXISTS', KEYS[at]) == 1 then
    local failures = tonumber(redis.call('HGET', KEYS[at], 'failures') or 0)
    redis.call('HSET', KEYS[at], 'failures', math.max(0, failures - 1), 'waitUntilMs', 0)
  end
end
return 0
`);

export function attemptsOnRedis({ redis, own, nowMs }: SharedAttemptsOptions): AttemptCounter {
  const redisKeys = (attempt: Parameters<AttemptCounter['begin']>[0]) => {
    const { here, anywhere, from } = keysOf(attempt);
    const keys = [`attempts here ${here}`, `attempts from ${from}`];
    return anywhere === undefined ? keys : [...keys, `attempts anywhere ${anywhere}`];
  };
  return {
    begin: async (attempt) => {
      const waitMs = own.waitMs(attempt);
      if (waitMs > 0) return waitMs;
      const sharedWaitMs = await redis
        .run(BEGIN, redisKeys(attempt), [nowMs?.() ?? ''])
        .then(Number, () => 0);
      return sharedWaitMs > 0 ? sharedWaitMs : own.begin(attempt);
    },
    forgive: async (attempt) => {
      await own.forgive(attempt);
      await redis.run(FORGIVE, redisKeys(attempt), []).catch(() => {});
    },
  };
}
