import { type Balance, type Reservation, ReservationState, TokenType } from '@ai-switch/contracts';
import type { CountedType, StoredBalance, StoredReservation } from './ledger-rules.ts';
import { periodEndsAtMs } from './period.ts';

const TOKEN_TYPES: Readonly<Record<CountedType, TokenType>> = {
  input: TokenType.INPUT,
  output: TokenType.OUTPUT,
  cacheRead: TokenType.CACHE_READ,
  cacheWrite: TokenType.CACHE_WRITE,
};

/** A copy for the caller, who may change it. */
export function reservationMessage(stored: StoredReservation): Reservation {
  const { blocked } = stored;
  return {
    tenant: stored.tenant,
    reservationId: stored.reservationId,
    state: ReservationState[stored.state],
    userId: stored.userId,
    bucket: stored.bucket,
    period: stored.period,
    // What was asked for stays on record to recognise a repeated call, but a refusal held none of it.
    amounts:
      stored.state === 'REJECTED'
        ? { input: 0n, output: 0n, cacheRead: 0n, cacheWrite: 0n }
        : { ...stored.amounts },
    charged: { ...stored.charged },
    createdAtMs: stored.createdAtMs,
    expiresAtMs: stored.expiresAtMs,
    resolvedAtMs: stored.resolvedAtMs ?? undefined,
    outcome: stored.outcome,
    blocked:
      blocked === null
        ? undefined
        : {
            bucket: stored.bucket,
            tokenType: TOKEN_TYPES[blocked.type],
            remaining: blocked.remaining,
            resetsAtMs: periodEndsAtMs(stored.period),
          },
  };
}

export function balanceMessage({ bucket, period, limits, used, held, overrun }: StoredBalance): Balance {
  return {
    bucket,
    period,
    periodEndsAtMs: periodEndsAtMs(period),
    limits: {
      input: limits.input ?? undefined,
      output: limits.output ?? undefined,
      cacheRead: limits.cacheRead ?? undefined,
      cacheWrite: limits.cacheWrite ?? undefined,
    },
    used: { ...used },
    held: { ...held },
    overrun: { ...overrun },
  };
}
