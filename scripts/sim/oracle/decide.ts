// What each operation should answer and change, worked out a second time from the contract and not from the ledger's code.

import type * as contracts from '@ai-switch/contracts';
import type { FaultCode } from '@ai-switch/kernel';
import type { Company, OracleBlocked, OracleReservation, OracleSubject } from './company.ts';
import { addTo, charge, hold, unwind } from './fill.ts';
import { linesFor, orphanLinesFor, platformLine } from './plan.ts';
import { isSame, isZero, minus, most, plus, type Vector, vectorOf, ZERO } from './vector.ts';

export type Operation =
  | { readonly kind: 'reserve'; readonly request: contracts.ReserveRequest }
  | { readonly kind: 'extend'; readonly request: contracts.ExtendRequest }
  | { readonly kind: 'beat'; readonly request: contracts.Beat }
  | { readonly kind: 'settle'; readonly request: contracts.SettleRequest }
  | { readonly kind: 'void'; readonly request: contracts.VoidRequest }
  | { readonly kind: 'reverse'; readonly request: contracts.ReverseRequest }
  | {
      readonly kind: 'expire';
      readonly request: { readonly tenant: string; readonly reservationId: string };
    };

export interface Expected {
  /** The operation changed nothing and is answered by this fault. */
  readonly fault?: FaultCode;
  readonly reservation?: OracleReservation;
  readonly created?: boolean;
  readonly isOwned?: boolean;
  readonly granted?: boolean;
  readonly blocked?: OracleBlocked | undefined;
  /** What became of it, for the figures at the end. */
  readonly outcome: string;
}

export function expect(company: Company, { kind, request }: Operation, nowMs: number): Expected {
  const known = company.reservations.get(request.reservationId);
  switch (kind) {
    case 'reserve':
      return reserve(company, known, request, nowMs);
    case 'settle':
      return settle(company, known, request, nowMs);
    case 'extend':
    case 'beat':
    case 'void':
      if (known === undefined) {
        return kind === 'void' ? bury(company, request, nowMs) : refused('notFound', 'unknown');
      }
      if (known.ownerToken !== request.ownerToken) return refused('forbidden', 'stranger');
      if (kind === 'extend') return extend(company, known, request, nowMs);
      return kind === 'beat' ? beat(known, request, nowMs) : release(company, known, nowMs);
    case 'expire':
      return expire(company, known, nowMs);
    case 'reverse':
      return reverse(company, known, request);
  }
}

function reserve(
  company: Company,
  known: OracleReservation | undefined,
  request: contracts.ReserveRequest,
  nowMs: number,
): Expected {
  const amounts = vectorOf(request.amounts);
  const subject = subjectOf(request.subject);
  if (known !== undefined) {
    const isOwn = known.ownerToken === request.ownerToken;
    if (known.state === 'VOIDED' && known.fingerprint === '')
      return stored(known, 'came after its void', { created: false, isOwned: isOwn });
    const isOther =
      known.fingerprint !== request.fingerprint ||
      known.subject.userId !== subject.userId ||
      (isOwn && known.extensions === 0 && !isSame(known.amounts, amounts));
    if (isOther) return refused('conflict', 'other parameters');
    return stored(known, isOwn ? 'repeated' : 'anothers', {
      created: isOwn && known.state === 'HELD',
      isOwned: isOwn,
    });
  }
  const lines = linesFor(company, subject, nowMs);
  if (lines.length === 0) return refused('quotaExhausted', 'no buckets');
  const { policy } = company;
  const made: OracleReservation = {
    ...newReservation(request.reservationId, subject, nowMs),
    lines,
    amounts,
    expiresAtMs: nowMs + Number(request.ttlMs),
    ownerToken: request.ownerToken,
    fingerprint: request.fingerprint,
    promptCost: request.promptCost,
    policyVersion: policy.version,
    expiryCharge: policy.expiryCharge,
  };
  company.reservations.set(request.reservationId, made);
  const blocked = hold(company, made, amounts, nowMs);
  if (blocked === undefined) return stored(made, 'held', { created: true, isOwned: true });
  made.state = 'REJECTED';
  made.blocked = blocked;
  const outcome = `rejected by ${tierOf(made, blocked)} ${blocked.type}`;
  return stored(made, outcome, { created: false, isOwned: true });
}

function extend(
  company: Company,
  known: OracleReservation,
  request: contracts.ExtendRequest,
  nowMs: number,
): Expected {
  const amounts = vectorOf(request.amounts);
  const last = known.lastExtension;
  if (last !== null && request.opSeq === known.extensions) {
    if (!isSame(last.amounts, amounts)) return refused('conflict', 'other amounts');
    return stored(known, 'repeated', { granted: last.blocked === null, blocked: last.blocked ?? undefined });
  }
  if (known.state !== 'HELD') return refused('conflict', 'over');
  if (request.opSeq !== known.extensions + 1) return refused('conflict', 'out of order');
  const blocked = hold(company, known, amounts, nowMs);
  known.extensions = request.opSeq;
  known.lastExtension = { amounts, blocked: blocked ?? null };
  if (blocked === undefined) known.amounts = plus(known.amounts, amounts);
  const outcome = blocked === undefined ? 'granted' : `refused by ${tierOf(known, blocked)}`;
  return stored(known, outcome, { granted: blocked === undefined, blocked });
}

function beat(known: OracleReservation, { used, ttlMs }: contracts.Beat, nowMs: number): Expected {
  if (known.state !== 'HELD') return stored(known, 'over');
  if (used !== undefined) known.checkpoint = most(known.checkpoint ?? ZERO, vectorOf(used));
  known.expiresAtMs = Math.max(known.expiresAtMs, nowMs + Number(ttlMs));
  return stored(known, used === undefined ? 'kept' : 'kept with usage');
}

function release(company: Company, known: OracleReservation, nowMs: number): Expected {
  if (known.state === 'VOIDED') return stored(known, 'repeated');
  if (known.state !== 'HELD') return refused('conflict', 'over');
  if (known.checkpoint !== null) return refused('conflict', 'dispatched');
  known.state = 'VOIDED';
  charge(company, known, ZERO, nowMs);
  return stored(known, 'voided');
}

/** What is voided before it is reserved can never be held. */
function bury(
  company: Company,
  { reservationId, ownerToken }: contracts.VoidRequest,
  nowMs: number,
): Expected {
  const nobody = { userId: '', projectId: '', departmentIds: [], model: '' };
  const voided = { ...newReservation(reservationId, nobody, nowMs), state: 'VOIDED', ownerToken };
  company.reservations.set(reservationId, voided);
  return stored(voided, 'voided before it was reserved');
}

function expire(company: Company, known: OracleReservation | undefined, nowMs: number): Expected {
  if (known === undefined) return refused('notFound', 'unknown');
  if (known.state !== 'HELD' || known.expiresAtMs > nowMs) return stored(known, 'not due');
  const estimate: Record<string, Vector> = {
    ZERO: ZERO,
    FULL_HOLD: known.amounts,
    PROMPT_ESTIMATE: [known.amounts[0] ?? 0n, 0n, 0n, 0n, known.promptCost],
  };
  const actual = known.checkpoint ?? estimate[known.expiryCharge] ?? ZERO;
  const outcome = known.checkpoint === null ? known.expiryCharge : 'checkpoint';
  known.state = 'EXPIRED';
  known.charged = actual;
  known.isEstimated = true;
  charge(company, known, actual, nowMs);
  return stored(known, `charged ${outcome}`);
}

function settle(
  company: Company,
  known: OracleReservation | undefined,
  request: contracts.SettleRequest,
  nowMs: number,
): Expected {
  const actual = vectorOf(request.actual);
  const platform = vectorOf(request.platform);
  const subject = subjectOf(request.subject);
  if (known !== undefined && known.subject.userId !== subject.userId)
    return refused('conflict', 'another user');
  let settled = known;
  if (settled === undefined) {
    settled = {
      ...newReservation(request.reservationId, subject, nowMs),
      lines: orphanLinesFor(company, subject, nowMs),
      expiresAtMs: nowMs,
      policyVersion: company.policy.version,
      expiryCharge: company.policy.expiryCharge,
    };
    company.reservations.set(request.reservationId, settled);
  } else if (['SETTLED', 'RECONCILED', 'ORPHAN_SETTLED'].includes(settled.state)) {
    const isRepeated =
      isSame(settled.charged, actual) &&
      settled.outcome === request.outcome &&
      isSame(settled.platform, platform);
    return isRepeated ? stored(settled, 'repeated') : refused('conflict', 'other numbers');
  } else if (settled.state === 'EXPIRED') unwind(company, settled);
  else if (settled.state !== 'HELD') return refused('conflict', settled.state.toLowerCase());
  const before = known?.state;
  const isBeyond = !isZero(most(ZERO, minus(actual, settled.amounts)));
  settled.state = before === 'HELD' ? 'SETTLED' : before === 'EXPIRED' ? 'RECONCILED' : 'ORPHAN_SETTLED';
  settled.charged = actual;
  settled.outcome = request.outcome;
  settled.isEstimated = request.isEstimated;
  settled.platform = platform;
  charge(company, settled, actual, nowMs);
  if (!isZero(platform)) {
    const line = platformLine(company, nowMs);
    settled.lines.push(line);
    addTo(company, line, { used: platform });
  }
  return stored(settled, settled.state.toLowerCase() + (isBeyond ? ' beyond its hold' : ''));
}

function reverse(
  company: Company,
  known: OracleReservation | undefined,
  { reason }: contracts.ReverseRequest,
): Expected {
  if (known === undefined) return refused('notFound', 'unknown');
  if (known.state === 'REVERSED') {
    return known.reason === reason ? stored(known, 'repeated') : refused('conflict', 'another reason');
  }
  if (!['SETTLED', 'RECONCILED', 'ORPHAN_SETTLED'].includes(known.state))
    return refused('conflict', 'not settled');
  known.state = 'REVERSED';
  known.charged = ZERO;
  known.reason = reason;
  unwind(company, known);
  return stored(known, 'reversed');
}

function newReservation(reservationId: string, subject: OracleSubject, nowMs: number): OracleReservation {
  return {
    reservationId,
    state: 'HELD',
    subject,
    lines: [],
    amounts: ZERO,
    charged: ZERO,
    checkpoint: null,
    createdAtMs: nowMs,
    expiresAtMs: nowMs,
    outcome: '',
    isEstimated: false,
    // Nobody owns what was never reserved: no token is empty.
    ownerToken: '',
    fingerprint: '',
    blocked: null,
    promptCost: 0n,
    policyVersion: 0,
    expiryCharge: 'PROMPT_ESTIMATE',
    extensions: 0,
    lastExtension: null,
    platform: ZERO,
    reason: '',
  };
}

function subjectOf(subject: contracts.Subject | undefined): OracleSubject {
  return subject ?? { userId: '', projectId: '', departmentIds: [], model: '' };
}

function tierOf({ lines }: OracleReservation, { bucket }: OracleBlocked): string {
  const tier = lines.find((line) => line.bucket === bucket)?.tier ?? '';
  return tier === 'CAP' ? `cap ${bucket.replace(/:.*/, '')}` : 'funding';
}

function refused(fault: FaultCode, outcome: string): Expected {
  return { fault, outcome: `${fault}: ${outcome}` };
}

/** A copy, for later operations go on changing the reservation. */
function stored(reservation: OracleReservation, outcome: string, more: Partial<Expected> = {}): Expected {
  const lines = reservation.lines.map((line) => ({ ...line }));
  return { reservation: { ...reservation, lines }, outcome, ...more };
}
