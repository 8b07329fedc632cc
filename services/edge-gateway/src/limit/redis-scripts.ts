// The counts of `SlidingMinute`, kept in Redis: a hash a scope, with `r<piece>` and `t<piece>` for the requests and tokens of each
// piece of five seconds, and a sorted set of the requests under way with the time until which each is believed.

import { script } from '@ai-switch/redis';

const SHARED = `
local PIECE_MS, PIECES, KEPT_MS = 5000, 13, 130000

local function now(given)
  if given ~= '' then return tonumber(given) end
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- A clock that is turned back stands still.
local function read(key, nowMs)
  local newest = math.floor(nowMs / PIECE_MS)
  local counts = { r = {}, t = {} }
  local all = redis.call('HGETALL', key)
  for at = 1, #all, 2 do
    local piece = tonumber(string.sub(all[at], 2))
    if piece > newest then newest = piece end
    counts[string.sub(all[at], 1, 1)][piece] = tonumber(all[at + 1])
  end
  local minute = { newest = newest, r = 0, t = 0, counts = counts }
  for _, kind in ipairs({ 'r', 't' }) do
    for piece, count in pairs(counts[kind]) do
      if piece > newest - PIECES then minute[kind] = minute[kind] + count
      else redis.call('HDEL', key, kind .. string.format('%d', piece)) end
    end
  end
  return minute
end

local function wait(minute, kind, max, nowMs)
  local left = minute[kind]
  for piece = minute.newest - PIECES + 1, minute.newest do
    if left <= max then return math.max(0, (piece - 1 + PIECES) * PIECE_MS - nowMs) end
    left = left - (minute.counts[kind][piece] or 0)
  end
  return (minute.newest + PIECES) * PIECE_MS - nowMs
end

local function add(key, kind, piece, count, nowMs)
  redis.call('HINCRBYFLOAT', key, kind .. string.format('%d', piece), count)
  redis.call('PEXPIRE', key, math.max(KEPT_MS, (piece + PIECES + 1) * PIECE_MS - nowMs))
end
`;

/**
 * KEYS: of each scope its hash, then of each its set. ARGV: time or '', name and life in ms of the place, tokens, number of
 * scopes, then of each bound its scope (from 1), requests, tokens, and requests at a time.
 * Answers the newest piece of each scope, or -1, the bound (from 1), what of it (1 requests, 2 tokens, 3 at a time), and the wait in ms
 * (-1: for ever).
 */
export const ADMIT = script(`${SHARED}
local nowMs, place, lifeMs, tokens, scopes = now(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local minutes, underWay = {}, {}
for scope = 1, scopes do
  minutes[scope] = read(KEYS[scope], nowMs)
  redis.call('ZREMRANGEBYSCORE', KEYS[scopes + scope], '-inf', nowMs)
  underWay[scope] = redis.call('ZCARD', KEYS[scopes + scope])
end
local worst
local function refuse(bound, kind, waitMs)
  local isLonger = worst == nil or (worst[3] >= 0 and (waitMs < 0 or waitMs > worst[3]))
  if isLonger then worst = { bound, kind, waitMs } end
end
local bound = 0
for at = 6, #ARGV, 4 do
  bound = bound + 1
  local scope, requestsMax, tokensMax, atATimeMax =
    tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local minute = minutes[scope]
  if tokensMax > 0 and tokens > tokensMax then refuse(bound, 2, -1)
  elseif tokensMax > 0 and minute.t + tokens > tokensMax then refuse(bound, 2, wait(minute, 't', tokensMax - tokens, nowMs))
  elseif requestsMax > 0 and minute.r >= requestsMax then refuse(bound, 1, wait(minute, 'r', requestsMax - 1, nowMs))
  elseif atATimeMax > 0 and underWay[scope] >= atATimeMax then refuse(bound, 3, 1000) end
end
if worst then return { -1, worst[1], worst[2], string.format('%d', worst[3]) } end
local pieces = {}
for scope = 1, scopes do
  local piece = minutes[scope].newest
  add(KEYS[scope], 'r', piece, 1, nowMs)
  if tokens > 0 then add(KEYS[scope], 't', piece, tokens, nowMs) end
  redis.call('ZADD', KEYS[scopes + scope], nowMs + lifeMs, place)
  redis.call('PEXPIRE', KEYS[scopes + scope], lifeMs)
  pieces[scope] = piece
end
return pieces
`);

/** KEYS as above. ARGV: time or '', name of the place, tokens over what was asked for (negative: under), then the piece of each scope. */
export const END = script(`${SHARED}
local nowMs, place, difference, scopes = now(ARGV[1]), ARGV[2], tonumber(ARGV[3]), #ARGV - 3
for scope = 1, scopes do
  redis.call('ZREM', KEYS[scopes + scope], place)
  if difference ~= 0 then
    local newest = read(KEYS[scope], nowMs).newest
    local piece = difference > 0 and newest or tonumber(ARGV[3 + scope])
    if piece > newest - PIECES then add(KEYS[scope], 't', piece, difference, nowMs) end
  end
end
return 0
`);

/** KEYS: the sets of the scopes. ARGV: time or '', life in ms, names of places. What is not there any more stays away. */
export const KEEP = script(`${SHARED}
local untilMs, lifeMs = now(ARGV[1]) + tonumber(ARGV[2]), tonumber(ARGV[2])
for _, key in ipairs(KEYS) do
  for at = 3, #ARGV do redis.call('ZADD', key, 'XX', untilMs, ARGV[at]) end
  redis.call('PEXPIRE', key, lifeMs)
end
return 0
`);
