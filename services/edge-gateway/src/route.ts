// The router decides, the edge calls. When the router is down the request is refused as `unavailable`.

import type { Caller, Target } from '@ai-switch/contracts';
import { type Dialect, dialectByName } from '@ai-switch/dialects';
import { Fault } from '@ai-switch/kernel';
import type { EdgeParts } from './edge-parts.ts';

/** A place where the request may be answered, and what is spoken there. */
export interface Destination {
  readonly target: Target;
  readonly dialect: Dialect;
}

/** @returns at least one destination, best first. @throws Fault `notFound`, `unavailable` */
export async function route(edge: EdgeParts, caller: Caller, alias: string): Promise<readonly Destination[]> {
  const { targets } = await edge.ports.router.route({ tenant: caller.tenant, alias });
  const destinations: Destination[] = [];
  for (const target of targets) {
    const dialect = dialectByName(target.dialect);
    if (dialect !== undefined) destinations.push({ target, dialect });
  }
  if (destinations.length === 0) {
    throw new Fault('unavailable', `No provider serves the model "${alias.slice(0, 128)}" right now.`, {
      retryAfterMs: 5_000,
    });
  }
  return destinations;
}
