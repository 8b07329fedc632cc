// The router decides, the edge calls. When the router is down the request is refused as `unavailable`.

import type { Caller, Target } from '@ai-switch/contracts';
import { type Capabilities, type Dialect, dialectByName } from '@ai-switch/dialects';
import { Fault } from '@ai-switch/kernel';
import { capabilitiesOf, originOf, spokenDialect } from '@ai-switch/upstream';
import type { EdgeParts } from './edge-parts.ts';
import type { Exchange } from './exchange.ts';

/** A place where the request may be answered, and what is spoken and can be done there. */
export interface Destination {
  readonly target: Target;
  readonly dialect: Dialect;
  readonly capabilities: Capabilities;
  /** Names who makes reasoning here: what it hides is of use to nobody else. */
  readonly origin: string;
}

/**
 * Requests of one affinity key go to one place while it is well, and a provider of several dialects is spoken to in the
 * client's own.
 * @returns at least one destination, best first. @throws Fault `notFound`, `unavailable`
 */
export async function route(
  edge: EdgeParts,
  caller: Caller,
  alias: string,
  { dialect: client, affinityKey }: Exchange,
): Promise<readonly Destination[]> {
  const found = edge.routes.targetsFor(caller.tenant, alias, affinityKey);
  const targets = found instanceof Promise ? await found : found;
  const destinations: Destination[] = [];
  for (const target of targets) {
    const dialect = dialectByName(spokenDialect(target, client.name));
    if (dialect === undefined) continue;
    destinations.push({ target, dialect, capabilities: capabilitiesOf(target), origin: originOf(target) });
  }
  if (destinations.length === 0) {
    throw new Fault('unavailable', `No provider serves the model "${alias.slice(0, 128)}" right now.`, {
      retryAfterMs: 5_000,
    });
  }
  return edge.detours.order(affinityKey, destinations);
}
