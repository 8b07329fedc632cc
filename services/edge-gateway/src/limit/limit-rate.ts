import type { Caller, CallerPolicy, TokenCounts } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import type { EdgeParts } from '../edge-parts.ts';
import type { Exchange } from '../exchange.ts';
import type { RateBound, RateRefusal, RateVerdict } from './rate-limiter.ts';

export function hasRates({ policy }: Caller): boolean {
  return policy !== undefined && policy.rateLimits.length > 0;
}

/**
 * Admits the request within all rates of its caller; `endRate` gives its place back.
 * @param tokens of the prompt, as far as they are known
 * @throws Fault `rateLimited`; `tooLarge` for a prompt that no minute has room for
 */
export async function limitRate(
  { rateLimiter }: EdgeParts,
  exchange: Exchange,
  { tenant, policy }: Caller,
  tokens: number,
): Promise<void> {
  if (policy === undefined) return;
  const asked = rateLimiter.admit(boundsOf(tenant, policy.rateLimits), tokens);
  const verdict: RateVerdict = asked instanceof Promise ? await asked : asked;
  if ('refusal' in verdict) throw faultOf(verdict.refusal);
  exchange.rateLease = verdict.lease;
}

/** Books what was used; nothing for an exchange that nothing bounds. */
export function endRate({ rateLease, record }: Exchange): void {
  rateLease?.end(sum(record.usage));
}

function sum(usage: TokenCounts | undefined): number {
  if (usage === undefined) return 0;
  return Number(usage.input + usage.output + usage.cacheRead + usage.cacheWrite);
}

const compiled = new WeakMap<CallerPolicy['rateLimits'], readonly RateBound[]>();

/** The same list for every request of a key in use, so that it is read once. */
function boundsOf(tenant: string, rateLimits: CallerPolicy['rateLimits']): readonly RateBound[] {
  let bounds = compiled.get(rateLimits);
  if (bounds === undefined) {
    bounds = rateLimits.map(({ scope, limit }) => ({
      key: `${tenant} ${scope}`,
      requestsPerMinute: Number(limit?.requestsPerMinute ?? 0),
      tokensPerMinute: Number(limit?.tokensPerMinute ?? 0),
      concurrentRequests: Number(limit?.concurrentRequests ?? 0),
    }));
    compiled.set(rateLimits, bounds);
  }
  return bounds;
}

const WORDS = {
  requestsPerMinute: 'requests a minute',
  tokensPerMinute: 'tokens a minute',
  concurrentRequests: 'requests at the same time',
} as const;

function faultOf({ bound, kind, retryAfterMs }: RateRefusal): Fault {
  const scope = bound.key.slice(bound.key.indexOf(' ') + 1);
  const details = { scope, rate: kind };
  if (retryAfterMs === undefined) {
    const message = `The prompt alone has more than the ${bound[kind]} ${WORDS[kind]} of ${scope}. Please send a shorter one.`;
    return new Fault('tooLarge', message, { details });
  }
  const message = `The limit of ${bound[kind]} ${WORDS[kind]} of ${scope} is reached. Please try again later.`;
  return new Fault('rateLimited', message, { details, retryAfterMs });
}
