// A settlement posts tokens that are spent, so it is tried again while the ledger does not answer. What stays unposted is
// logged with everything that is needed to post it by hand; the ledger itself charges the prompt estimate at expiry.

import { setTimeout as sleep } from 'node:timers/promises';
import type { SettleRequest } from '@ai-switch/contracts';
import { asFault } from '@ai-switch/kernel';
import type { EdgeParts } from './edge-parts.ts';

const RETRY_DELAYS_MS = [50, 250, 1_000, 4_000];
const PASSING = new Set(['unavailable', 'deadline', 'overloaded', 'internal']);

/** Never rejects. Repeating a settlement is safe: the ledger answers the second with the result of the first. */
export async function settle(edge: EdgeParts, request: SettleRequest): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await edge.ports.quotaLedger.settle(request);
      return;
    } catch (error) {
      const delayMs = RETRY_DELAYS_MS[attempt];
      if (delayMs === undefined || !PASSING.has(asFault(error).code)) {
        edge.logger.error({ err: error, ...settlementFields(request) }, 'a settlement could not be posted');
        return;
      }
      await sleep(delayMs * (0.75 + Math.random() / 2));
    }
  }
}

function settlementFields({ tenant, reservationId, subject, outcome, actual }: SettleRequest) {
  return {
    tenant,
    reservationId,
    userId: subject?.userId,
    outcome,
    inputTokens: String(actual?.input),
    outputTokens: String(actual?.output),
    cacheReadTokens: String(actual?.cacheRead),
    cacheWriteTokens: String(actual?.cacheWrite),
  };
}
