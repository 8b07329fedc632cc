import type { QuotaLedger, TokenCounts } from '@ai-switch/contracts';
import {
  GetBalanceRequest,
  ReserveRequest,
  SetLimitsRequest,
  SettleRequest,
  VoidRequest,
} from '@ai-switch/contracts';
import type { Clock } from '@ai-switch/kernel';
import { createLogger } from '@ai-switch/telemetry';

export const TENANT = 'acme';
export const USER = 'user_ann';
export const BUCKET = `personal:${USER}`;

/** A sweep that only the test starts, by turning the clock and waiting for the interval. */
export const SWEEP_INTERVAL_MS = 20;

export const silentLogger = createLogger({ service: 'quota-ledger', level: 'silent' });

export class TurnableClock implements Clock {
  #nowMs = Date.UTC(2026, 10, 15, 12);

  nowMs(): number {
    return this.#nowMs;
  }

  turn(ms: number): void {
    this.#nowMs += ms;
  }
}

export function counts(input: number, output = 0, cacheRead = 0, cacheWrite = 0): TokenCounts {
  return {
    input: BigInt(input),
    output: BigInt(output),
    cacheRead: BigInt(cacheRead),
    cacheWrite: BigInt(cacheWrite),
  };
}

type Shape<Message> = { readonly [Field in keyof Message]?: Message[Field] };

export function reserveRequest(reservationId: string, rest: Shape<ReserveRequest> = {}): ReserveRequest {
  return ReserveRequest.create({
    tenant: TENANT,
    reservationId,
    userId: USER,
    amounts: counts(100),
    ttlMs: 60_000n,
    ownerToken: `owner of ${reservationId}`,
    ...rest,
  });
}

export function settleRequest(reservationId: string, rest: Shape<SettleRequest> = {}): SettleRequest {
  return SettleRequest.create({
    tenant: TENANT,
    reservationId,
    userId: USER,
    actual: counts(100),
    outcome: 'completed',
    ...rest,
  });
}

export function voidRequest(reservationId: string, rest: Shape<VoidRequest> = {}): VoidRequest {
  return VoidRequest.create({
    tenant: TENANT,
    reservationId,
    ownerToken: `owner of ${reservationId}`,
    ...rest,
  });
}

export async function setLimits(ledger: QuotaLedger, limits: Partial<TokenCounts>, userId = USER) {
  return await ledger.setLimits(SetLimitsRequest.create({ tenant: TENANT, userId, limits }));
}

export async function balanceOf(ledger: QuotaLedger, userId = USER) {
  const { balance } = await ledger.getBalance(GetBalanceRequest.create({ tenant: TENANT, userId }));
  if (balance === undefined) throw new Error('a balance is always answered');
  return balance;
}
