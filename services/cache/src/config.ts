import { choiceSetting, integerSetting, textSetting } from '@ai-switch/kernel';
import { tlsSettings } from '@ai-switch/rpc';
import { LOG_LEVELS } from '@ai-switch/telemetry';
import { EXACT_BYTES, MEMORY_BYTES } from './open-cache.ts';

const MEBIBYTE = 1024 * 1024;

export const settings = {
  AISWITCH_CACHE_LISTEN: textSetting({
    describe: 'Where the cache serves its port over gRPC.',
    fallback: '127.0.0.1:7105',
    pattern: /^\S+:[0-9]{1,5}$/,
    accepts: 'host:port; port 0 takes a free one',
  }),
  AISWITCH_CACHE_STORE_URL: textSetting({
    describe: 'Where answers are kept besides in memory. Losing it loses nothing but time.',
    pattern: /^(rediss?:\/\/.|sqlite:.|postgres(ql)?:\/\/.)/,
    accepts: 'redis://…, sqlite:<file> or postgres://…',
  }),
  AISWITCH_CACHE_MEMORY_BYTES: integerSetting({
    describe: 'How much memory the answers that were used last may take, in bytes.',
    fallback: MEMORY_BYTES,
    min: MEBIBYTE,
    max: 1024 * 1024 * MEBIBYTE,
  }),
  AISWITCH_CACHE_STORE_BYTES: integerSetting({
    describe: 'How much a database may take, in bytes. Redis is bounded by its own maxmemory.',
    fallback: EXACT_BYTES,
    min: MEBIBYTE,
    max: 1024 * 1024 * MEBIBYTE,
  }),
  ...tlsSettings,
  AISWITCH_CACHE_LOG_LEVEL: choiceSetting({
    describe: 'The least severe log lines that are written.',
    fallback: 'info',
    choices: LOG_LEVELS,
  }),
};
