// The ResponseCache port over a memory and an exact tier. Whose an entry is stands in its name and in itself, and is compared on
// each read: an entry under a wrong name is nobody's.
//
// A tier that fails, or takes over TIER_TIMEOUT_MS, has nothing: a look-up is a miss then, and a store stays in memory. It is told
// in the log once until the tier is back.
//
// What was evicted here is not given again here. Another replica may give it from memory for MEMORY_LIFE_MS more.

import { createHash } from 'node:crypto';
import {
  type CacheEntry,
  type CacheScope,
  CacheTier,
  EvictResponse,
  LookUpResponse,
  type ResponseCache,
  StoreResponse,
} from '@ai-switch/contracts';
import { type Clock, Fault } from '@ai-switch/kernel';
import { counter, type Logger } from '@ai-switch/telemetry';
import type { MemoryTier } from './memory-tier.ts';
import type { Tier } from './tier.ts';

const lookUps = counter('aiswitch_cache_look_ups_total', 'Look-ups, by the tier that had the answer.', [
  'found',
]);
const failures = counter(
  'aiswitch_cache_failures_total',
  'Questions that the exact tier failed or answered too late: misses and answers that were not kept.',
);

const TIER_TIMEOUT_MS = 50;
/** Nobody's answer waits for it. */
const EVICT_TIMEOUT_MS = 2_000;
const KEY_BYTES = 32;
const EVENTS_BYTES_MAX = 1024 * 1024;
const LIFE_MS_MAX = 30 * 86_400_000;

export interface ResponseCacheParts {
  readonly memory: MemoryTier;
  readonly exact: Tier;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class ResponseCacheService implements ResponseCache {
  readonly #parts: ResponseCacheParts;
  #isExactAway = false;
  /** How often entries were evicted: what was read before may be one of them. */
  #evictions = 0;

  constructor(parts: ResponseCacheParts) {
    this.#parts = parts;
  }

  async lookUp({ scope, key }: { scope: CacheScope | undefined; key: Uint8Array }): Promise<LookUpResponse> {
    const owner = ownerOf(scope);
    const name = nameOf(owner, key);
    const { memory, exact } = this.#parts;
    const remembered = this.#valid(memory.get(name), owner, key);
    if (remembered !== undefined) {
      lookUps.inc({ found: 'memory' });
      return hit(remembered, CacheTier.MEMORY);
    }
    memory.delete(name);
    const evictionsBefore = this.#evictions;
    const found = this.#valid(await this.#ask(exact.get(name)), owner, key);
    lookUps.inc({ found: found === undefined ? 'nothing' : 'exact' });
    if (found === undefined) return LookUpResponse.create({});
    if (this.#evictions === evictionsBefore) memory.set(name, found);
    return hit(found, CacheTier.EXACT);
  }

  async store({ entry }: { entry: CacheEntry | undefined }): Promise<StoreResponse> {
    if (entry === undefined) throw invalid('entry', 'is missing');
    const name = nameOf(ownerOf(entry.scope), entry.key);
    const { memory, exact, clock } = this.#parts;
    if (entry.events.length > EVENTS_BYTES_MAX) {
      throw new Fault('tooLarge', `An answer of over ${EVENTS_BYTES_MAX} bytes is not kept.`);
    }
    const lifeMs = Number(entry.expiresAtMs) - clock.nowMs();
    if (!(lifeMs > 0 && lifeMs <= LIFE_MS_MAX)) {
      throw invalid('expiresAtMs', `must be in the future, by at most ${LIFE_MS_MAX} ms`);
    }
    memory.set(name, entry);
    await this.#ask(exact.set(name, entry));
    return StoreResponse.create({});
  }

  /** @throws Fault `unavailable` when the exact tier does not answer: an entry that is not to be served may come back from there */
  async evict({ scope, key }: { scope: CacheScope | undefined; key: Uint8Array }): Promise<EvictResponse> {
    const name = nameOf(ownerOf(scope), key);
    this.#evictions += 1;
    this.#parts.memory.delete(name);
    await withinTime(this.#parts.exact.delete(name), EVICT_TIMEOUT_MS).catch((cause: unknown) => {
      throw new Fault('unavailable', 'The entry may still be stored. Please try again.', { cause });
    });
    this.#evictions += 1;
    return EvictResponse.create({});
  }

  #valid(entry: CacheEntry | undefined, owner: CacheScope, key: Uint8Array): CacheEntry | undefined {
    if (entry === undefined || entry.expiresAtMs <= BigInt(this.#parts.clock.nowMs())) return undefined;
    const { tenant, owner: whose } = entry.scope ?? {};
    if (tenant === owner.tenant && whose === owner.owner && Buffer.compare(entry.key, key) === 0)
      return entry;
    this.#parts.logger.error(
      { tenant: owner.tenant },
      'a stored answer is not of who asked, and was not given',
    );
    return undefined;
  }

  async #ask<Answer>(asked: Promise<Answer>): Promise<Answer | undefined> {
    try {
      const answer = await withinTime(asked, TIER_TIMEOUT_MS);
      this.#isExactAway = false;
      return answer;
    } catch (err) {
      if (!this.#isExactAway) this.#parts.logger.warn({ err }, 'the exact tier does not answer');
      this.#isExactAway = true;
      failures.inc();
      return undefined;
    }
  }
}

async function withinTime<Answer>(asked: Promise<Answer>, timeoutMs: number): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), timeoutMs);
  });
  try {
    return await Promise.race([asked, patience]);
  } finally {
    clearTimeout(timer);
  }
}

function hit(entry: CacheEntry, tier: CacheTier): LookUpResponse {
  return LookUpResponse.create({ entry, tier, similarity: 1 });
}

function ownerOf(scope: CacheScope | undefined): CacheScope {
  if (!scope?.tenant) throw invalid('scope.tenant', 'is missing');
  if (!scope.owner) throw invalid('scope.owner', 'is missing');
  return scope;
}

function nameOf({ tenant, owner }: CacheScope, key: Uint8Array): string {
  if (key.length !== KEY_BYTES) throw invalid('key', `must be ${KEY_BYTES} bytes`);
  const hash = createHash('sha256')
    .update(JSON.stringify([tenant, owner]))
    .update(key);
  return hash.digest('base64url');
}

function invalid(field: string, problem: string): Fault {
  return new Fault('invalid', `${field} ${problem}.`, { details: { field } });
}
