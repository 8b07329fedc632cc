// Compares what the ledger stored and answered with what the oracle says it should have: I5, I7, I11, I13 and, by that,
// everything else a second time.

import type * as contracts from '@ai-switch/contracts';
import type { Company, OracleBlocked, OracleReservation } from '../oracle/company.ts';
import type { Expected } from '../oracle/decide.ts';
import { amountsOf, type Vector, vectorOf, ZERO } from '../oracle/vector.ts';
import { textOf, Violation } from '../violation.ts';
import { listOf, type StoredBalance, type StoredReservation } from './stored.ts';

export function checkStoredReservation(
  company: Company,
  id: string,
  stored: StoredReservation | undefined,
): void {
  const expected = company.reservations.get(id);
  const wanted = expected === undefined ? 'nothing' : reservationText(viewOf(expected, true));
  const found = stored === undefined ? 'nothing' : reservationText(viewOfStored(stored));
  if (found === wanted) return;
  throw new Violation('I7', `the reservation ${company.tenant} ${id} is not stored as it should be`, [
    { wanted },
    { found },
  ]);
}

export function checkStoredBalance(company: Company, key: string, stored: StoredBalance | undefined): void {
  const expected = company.balances.get(key);
  const wanted = expected === undefined ? 'nothing' : balanceText(expected);
  const found = stored === undefined ? 'nothing' : balanceText(stored);
  if (found === wanted) return;
  throw new Violation(
    'I7',
    `the balance ${company.tenant} ${key.replace('\0', ' ')} is not as it should be`,
    [{ wanted }, { found }],
  );
}

/** What a call answered, as far as the oracle knows what it should be. */
export interface Answer {
  readonly reservation?: contracts.Reservation | undefined;
  readonly created?: boolean;
  readonly isOwned?: boolean;
  readonly granted?: boolean;
  readonly blocked?: contracts.Blocked | undefined;
}

export function checkAnswer(operation: string, expected: Expected, answer: Answer): void {
  const wanted = expected.reservation && reservationText(viewOf(expected.reservation, false));
  const found = answer.reservation && reservationText(viewOfMessage(answer.reservation));
  const fail = (message: string) => {
    throw new Violation('I5', `${operation} ${message}`, [{ wanted }, { found }, answer]);
  };
  if (wanted !== found) fail('answered another reservation than the one on record');
  if (expected.created !== undefined && expected.created !== answer.created)
    fail('told the wrong one to dispatch');
  if (expected.isOwned !== undefined && expected.isOwned !== answer.isOwned)
    fail('told the wrong one that it is his');
  if (expected.granted !== undefined && expected.granted !== answer.granted)
    fail('was granted wrongly or refused');
  if (
    expected.granted !== undefined &&
    blockedText(expected.blocked) !== blockedMessageText(answer.blocked)
  ) {
    fail('said that something else blocked');
  }
}

/** A reservation that was read is the one that is stored. */
export function checkStoredAs(
  message: contracts.Reservation | undefined,
  stored: StoredReservation | undefined,
): void {
  const found = message && reservationText(viewOfMessage(message));
  const view = stored && viewOfStored(stored);
  const wanted = view && reservationText(view.state === 'REJECTED' ? { ...view, amounts: ZERO } : view);
  if (found !== wanted) throw new Violation('I5', 'a receipt is not what is stored', [{ wanted }, { found }]);
}

interface View {
  readonly state: string;
  readonly lines: readonly (readonly [string, string, string, Vector, Vector, Vector])[];
  readonly amounts: Vector;
  readonly charged: Vector;
  readonly checkpoint: Vector | null;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly outcome: string;
  readonly isEstimated: boolean;
  readonly blocked: string;
  readonly policyVersion: number;
  readonly extensions: number;
  readonly reason: string;
}

function reservationText(view: View): string {
  return textOf(view);
}

function viewOf(expected: OracleReservation, isStored: boolean): View {
  return {
    state: expected.state,
    lines: expected.lines.map((line) => [
      line.bucket,
      line.tier,
      line.period,
      line.held,
      line.used,
      line.overrun,
    ]),
    // What was asked for in vain stays on record, but an answer never says that it is held.
    amounts: expected.state === 'REJECTED' && !isStored ? ZERO : expected.amounts,
    charged: expected.charged,
    checkpoint: expected.checkpoint,
    createdAtMs: expected.createdAtMs,
    expiresAtMs: expected.expiresAtMs,
    outcome: expected.outcome,
    isEstimated: expected.isEstimated,
    blocked: blockedText(expected.blocked ?? undefined),
    policyVersion: expected.policyVersion,
    extensions: expected.extensions,
    reason: expected.reason,
  };
}

function viewOfMessage(message: contracts.Reservation): View {
  return {
    state: message.state.replace('RESERVATION_STATE_', ''),
    lines: message.lines.map((line) => [
      line.bucket,
      line.tier.replace('TIER_', ''),
      line.period,
      vectorOf(line.held),
      vectorOf(line.used),
      vectorOf(line.overrun),
    ]),
    amounts: vectorOf(message.amounts),
    charged: vectorOf(message.charged),
    checkpoint: message.checkpoint === undefined ? null : vectorOf(message.checkpoint),
    createdAtMs: Number(message.createdAtMs),
    expiresAtMs: Number(message.expiresAtMs),
    outcome: message.outcome,
    isEstimated: message.isEstimated,
    blocked: blockedMessageText(message.blocked),
    policyVersion: Number(message.policyVersion),
    extensions: message.extensions,
    reason: message.reversalReason,
  };
}

function viewOfStored({ row, state, lines, amounts, charged }: StoredReservation): View {
  const blocked = row.blocked === '' ? undefined : (JSON.parse(String(row.blocked)) as string[]);
  return {
    state,
    lines: lines.map((line) => [line.bucket, line.tier, line.period, line.held, line.used, line.overrun]),
    amounts,
    charged,
    checkpoint: row.checkpoint === '' ? null : listOf(String(row.checkpoint)),
    createdAtMs: Number(row.created_at_ms),
    expiresAtMs: Number(row.expires_at_ms),
    outcome: String(row.outcome),
    isEstimated: row.is_estimated === 1n,
    blocked: blocked === undefined ? '' : blocked.join(' '),
    policyVersion: Number(row.policy_version),
    extensions: Number(row.extensions),
    reason: String(row.reversal_reason),
  };
}

function blockedText(blocked: OracleBlocked | undefined): string {
  if (blocked === undefined) return '';
  return `${blocked.bucket} ${blocked.type} ${blocked.remaining} ${blocked.resetsAtMs ?? ''}`;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  TOKEN_TYPE_INPUT: 'input',
  TOKEN_TYPE_OUTPUT: 'output',
  TOKEN_TYPE_CACHE_READ: 'cacheRead',
  TOKEN_TYPE_CACHE_WRITE: 'cacheWrite',
  TOKEN_TYPE_COST: 'cost',
};

function blockedMessageText(blocked: contracts.Blocked | undefined): string {
  if (blocked === undefined) return '';
  const { bucket, tokenType, remaining, resetsAtMs } = blocked;
  return `${bucket} ${TYPE_NAMES[tokenType]} ${remaining} ${resetsAtMs ?? ''}`;
}

function balanceText(balance: Omit<StoredBalance, 'tenant' | 'bucket' | 'period'>): string {
  const { limits, openFromMs, openUntilMs, held, used, overrun } = balance;
  return textOf([limits, openFromMs, openUntilMs, amountsOf(held), amountsOf(used), amountsOf(overrun)]);
}
