import { hash } from 'node:crypto';
import type { Limits, ReserveRequest, SettleRequest, TokenCounts, VoidRequest } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import type { ReservationKey } from './keys.ts';
import {
  COUNTED_TYPES,
  NO_TOKENS,
  type Reserve,
  type Settle,
  type StoredLimits,
  type Void,
} from './ledger-rules.ts';

// Requests are checked and copied here: nothing that a caller holds is kept, and nothing passes that a database could
// refuse in the middle of a batch of strangers.

/** The most tokens of one type in one request: what every language's number holds exactly. */
const AMOUNT_MAX = 2n ** 53n - 1n;
const TTL_MIN_MS = 1_000n;
const TTL_MAX_MS = 86_400_000n;

// One to 64 characters, no control character (PostgreSQL refuses NUL) and no half of a surrogate pair.
const ID = /^[^\p{Cc}\p{Cs}]{1,64}$/u;

export function readReserve(request: ReserveRequest): Reserve {
  const key = readKey(request);
  const userId = readId(request.userId, 'userId');
  const amounts = readCounts(request.amounts, 'amounts');
  if (COUNTED_TYPES.every((type) => amounts[type] === 0n)) {
    throw invalid('amounts', 'At least one token type must have an amount above zero.');
  }
  if (request.ttlMs < TTL_MIN_MS || request.ttlMs > TTL_MAX_MS) {
    throw invalid('ttlMs', `The time to live must be ${TTL_MIN_MS} to ${TTL_MAX_MS} ms.`);
  }
  return { kind: 'reserve', ...key, userId, amounts, ttlMs: request.ttlMs, ownerDigest: readOwner(request) };
}

export function readSettle(request: SettleRequest): Settle {
  return {
    kind: 'settle',
    ...readKey(request),
    userId: readId(request.userId, 'userId'),
    actual: readCounts(request.actual, 'actual'),
    outcome: readId(request.outcome, 'outcome'),
  };
}

export function readVoid(request: VoidRequest): Void {
  return { kind: 'void', ...readKey(request), ownerDigest: readOwner(request) };
}

export function readKey(request: ReservationKey): ReservationKey {
  return {
    tenant: readId(request.tenant, 'tenant'),
    reservationId: readId(request.reservationId, 'reservationId'),
  };
}

export function readLimits(limits: Limits | undefined): StoredLimits {
  return {
    input: readLimit(limits?.input, 'limits.input'),
    output: readLimit(limits?.output, 'limits.output'),
    cacheRead: readLimit(limits?.cacheRead, 'limits.cacheRead'),
    cacheWrite: readLimit(limits?.cacheWrite, 'limits.cacheWrite'),
  };
}

export function readId(text: string, field: string): string {
  if (!ID.test(text))
    throw invalid(field, `${field} must be 1 to 64 characters, none of them a control one.`);
  return text;
}

/** The token itself is not stored: who reads the database may not void. */
function readOwner({ ownerToken }: { readonly ownerToken: string }): string {
  return hash('sha256', readId(ownerToken, 'ownerToken'), 'base64url');
}

function readCounts(counts: TokenCounts | undefined, field: string): TokenCounts {
  if (counts === undefined) return NO_TOKENS;
  return {
    input: readAmount(counts.input, `${field}.input`),
    output: readAmount(counts.output, `${field}.output`),
    cacheRead: readAmount(counts.cacheRead, `${field}.cacheRead`),
    cacheWrite: readAmount(counts.cacheWrite, `${field}.cacheWrite`),
  };
}

function readLimit(limit: bigint | undefined, field: string): bigint | null {
  return limit === undefined ? null : readAmount(limit, field);
}

function readAmount(amount: bigint, field: string): bigint {
  if (amount < 0n || amount > AMOUNT_MAX) throw invalid(field, `${field} must be 0 to ${AMOUNT_MAX} tokens.`);
  return amount;
}

function invalid(field: string, message: string): Fault {
  return new Fault('invalid', message, { details: { field } });
}
