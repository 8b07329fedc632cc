// The walk of a request, straight down; each word is a function in a file of its own. docs/REQUEST.md says what is true
// if the power fails after each step.
//
// When auth, router or ledger is down, the request is refused as `unavailable` and nothing is dispatched. When the audit
// log is down, records wait in a bounded queue and requests go on.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Dialect } from '@ai-switch/dialects';
import { boundedRequest, wantedFor } from './amounts.ts';
import { authenticate } from './authenticate.ts';
import type { EdgeParts } from './edge-parts.ts';
import type { ClientAddress } from './exchange.ts';
import { forward } from './forward.ts';
import { hasRules, intercept } from './intercept/intercept.ts';
import { endRate, hasRates, limitRate } from './limit/limit-rate.ts';
import { permitModel } from './permit.ts';
import { read } from './read.ts';
import { receive } from './receive.ts';
import { record } from './record.ts';
import { refuse } from './refuse.ts';
import { relay } from './relay.ts';
import { reserve } from './reserve.ts';
import { route } from './route.ts';
import { endAttemptSpan } from './spans/attempt-span.ts';

/** Answers one request, whatever happens. Never rejects. */
export async function handle(
  edge: EdgeParts,
  dialect: Dialect,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  address?: ClientAddress,
): Promise<void> {
  const exchange = receive(edge, dialect, incoming, outgoing, address);
  try {
    edge.admit();
    const caller = await authenticate(edge, exchange);
    const asked = await read(edge, exchange, caller);
    permitModel(caller, asked.request.model);
    if (hasRates(caller)) await limitRate(edge, exchange, caller, asked.inputTokensEstimate);
    if (hasRules(caller)) await intercept(edge, exchange, caller, asked.body);
    const targets = await route(edge, caller, asked.request.model, exchange);
    const policy = await edge.policies.of(caller.tenant);
    const wanted = wantedFor(edge, exchange, asked, targets, policy);
    const hold = await reserve(edge, exchange, caller, wanted, asked.bytes);
    if (hold === undefined) return;
    hold.dryRule = policy.dryRule;
    // `await using` says the same and costs 1 us more.
    try {
      const bounded = boundedRequest(asked, targets, policy, hold.hold);
      const answer = await forward(edge, exchange, bounded, targets, hold);
      const charge = await relay(edge, exchange, bounded, answer, hold);
      endAttemptSpan(exchange, charge);
      // Before the ledger knows of it: from then on a repeat is told that there is an answer.
      if (charge.outcome === 'completed') exchange.keepAnswer?.();
      await hold.settle(charge);
      if (charge.outcome === 'completed' && !charge.isEstimated) {
        edge.outputStatistics.note(exchange.record, charge.usage.output);
      }
    } finally {
      if (!hold.isOver) await hold.end();
    }
  } catch (error) {
    refuse(edge, exchange, error);
  } finally {
    endRate(exchange);
    record(edge, exchange);
  }
}
