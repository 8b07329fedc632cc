// What tests of the ledger ask with. Whatever a test does not name has a plain value, so that it shows what matters.

import {
  Amounts,
  Beat,
  Bucket,
  ExtendRequest,
  ReserveRequest,
  ReverseRequest,
  SettleRequest,
  Subject,
  Tier,
  VoidRequest,
} from '@ai-switch/contracts';
import type { Clock } from '@ai-switch/kernel';
import { createLogger } from '@ai-switch/telemetry';

export const TENANT = 'acme';
export const USER = 'user_ann';
export const PERSONAL = `personal:${USER}`;

export const silentLogger = createLogger({ service: 'quota-ledger', level: 'silent' });

/** Noon of Sunday, 15 November 2026, until it is turned. */
export class TurnableClock implements Clock {
  #nowMs = Date.UTC(2026, 10, 15, 12);

  nowMs(): number {
    return this.#nowMs;
  }

  turn(ms: number): void {
    this.#nowMs += ms;
  }
}

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

export function amounts(input: number, output = 0, cacheRead = 0, cacheWrite = 0, cost = 0): Amounts {
  return Amounts.create({
    input: BigInt(input),
    output: BigInt(output),
    cacheRead: BigInt(cacheRead),
    cacheWrite: BigInt(cacheWrite),
    cost: BigInt(cost),
  });
}

export type Shape<Message> = { readonly [Field in keyof Message]?: Message[Field] };

export function subject(rest: Shape<Subject> = {}): Subject {
  return Subject.create({ userId: USER, ...rest });
}

function ownerOf(reservationId: string): string {
  return `owner of ${reservationId}`;
}

export function reserveRequest(reservationId: string, rest: Shape<ReserveRequest> = {}): ReserveRequest {
  return ReserveRequest.create({
    tenant: TENANT,
    reservationId,
    subject: subject(),
    amounts: amounts(100),
    ttlMs: 60_000n,
    ownerToken: ownerOf(reservationId),
    fingerprint: `digest of ${reservationId}`,
    ...rest,
  });
}

export function extendRequest(reservationId: string, rest: Shape<ExtendRequest> = {}): ExtendRequest {
  return ExtendRequest.create({
    tenant: TENANT,
    reservationId,
    ownerToken: ownerOf(reservationId),
    opSeq: 1,
    amounts: amounts(10),
    ...rest,
  });
}

export function beatRequest(reservationId: string, rest: Shape<Beat> = {}): Beat {
  return Beat.create({
    tenant: TENANT,
    reservationId,
    ownerToken: ownerOf(reservationId),
    ttlMs: 60_000n,
    ...rest,
  });
}

export function settleRequest(reservationId: string, rest: Shape<SettleRequest> = {}): SettleRequest {
  return SettleRequest.create({
    tenant: TENANT,
    reservationId,
    subject: subject(),
    actual: amounts(100),
    outcome: 'completed',
    ...rest,
  });
}

export function voidRequest(reservationId: string, rest: Shape<VoidRequest> = {}): VoidRequest {
  return VoidRequest.create({ tenant: TENANT, reservationId, ownerToken: ownerOf(reservationId), ...rest });
}

export function reverseRequest(reservationId: string, rest: Shape<ReverseRequest> = {}): ReverseRequest {
  return ReverseRequest.create({ tenant: TENANT, reservationId, reason: 'a mistake', ...rest });
}

/** A user's own bucket, unlimited unless told otherwise. */
export function personalBucket(rest: Shape<Bucket> = {}): Bucket {
  return Bucket.create({ tenant: TENANT, tier: Tier.PERSONAL, scope: `user:${USER}`, ...rest });
}
