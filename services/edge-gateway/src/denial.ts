// What a caller reads whose quota does not allow the request: which bucket, what of, how much is left, until when, and
// where the receipt is. A refusal for lack of quota is final until then, so that clients are told not to ask again.

import { type Blocked, type Reservation, TokenType } from '@ai-switch/contracts';
import { Fault, unitsOf } from '@ai-switch/kernel';

const WORDS: Readonly<Record<string, string>> = {
  [TokenType.INPUT]: 'input',
  [TokenType.OUTPUT]: 'output',
  [TokenType.CACHE_READ]: 'cacheRead',
  [TokenType.CACHE_WRITE]: 'cacheWrite',
  [TokenType.COST]: 'cost',
};

/** For a bucket that never begins anew: Codex gives up on a 429 without a time. */
const WITHOUT_RESET_MS = 3_600_000;

export function receiptPath(reservationId: string): string {
  return `/v1/receipts/${reservationId}`;
}

export function quotaExhausted({ reservationId, blocked }: Reservation, nowMs: number): Fault {
  if (blocked === undefined) return new Fault('internal', 'The ledger refused and did not say why.');
  const receipt = receiptPath(reservationId);
  const type = wordOf(blocked.tokenType);
  const resetsAt = blocked.resetsAtMs === undefined ? undefined : new Date(Number(blocked.resetsAtMs));
  const untilReset = resetsAt === undefined ? WITHOUT_RESET_MS : Math.max(1_000, resetsAt.getTime() - nowMs);
  const when =
    resetsAt === undefined ? 'It does not begin anew by itself.' : `It resets at ${resetsAt.toISOString()}.`;
  return new Fault(
    'quotaExhausted',
    `The quota is used up: bucket "${blocked.bucket}" has ${leftOf(blocked)} left, less than this request may need. ` +
      `${when} Ask for a shorter answer or for more quota. Receipt: ${receipt}`,
    {
      retryAfterMs: untilReset,
      details: {
        bucket: blocked.bucket,
        tokenType: type,
        remaining: String(blocked.remaining),
        ...(resetsAt === undefined ? {} : { resetsAt: resetsAt.toISOString() }),
        reservation: reservationId,
        receipt,
      },
    },
  );
}

export function wordOf(tokenType: TokenType): string {
  return WORDS[tokenType] ?? 'unknown';
}

export function isoOf(timeMs: bigint): string {
  return new Date(Number(timeMs)).toISOString();
}

function leftOf({ tokenType, remaining }: Blocked): string {
  return tokenType === TokenType.COST
    ? `a cost of ${unitsOf(remaining)}`
    : `${remaining} ${wordOf(tokenType)} tokens`;
}
