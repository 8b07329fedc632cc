import type { Attributes } from '@opentelemetry/api';

/** Tokens as the conventions count them: what was read from a cache or written to it is part of the input. */
export function usageAttributes(usage: {
  readonly input: number | bigint;
  readonly output: number | bigint;
  readonly cacheRead: number | bigint;
  readonly cacheWrite: number | bigint;
}): Attributes {
  const [cacheRead, cacheWrite] = [Number(usage.cacheRead), Number(usage.cacheWrite)];
  return {
    'gen_ai.usage.input_tokens': Number(usage.input) + cacheRead + cacheWrite,
    'gen_ai.usage.output_tokens': Number(usage.output),
    'gen_ai.usage.cache_read.input_tokens': cacheRead,
    'gen_ai.usage.cache_creation.input_tokens': cacheWrite,
  };
}
