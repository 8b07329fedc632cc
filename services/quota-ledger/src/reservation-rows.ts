// A stored reservation and what the rules know it as. Spelled out, column by column: this runs for every operation.

import type { RowColumns } from '@ai-switch/db';
import type { Amounts, Blocked, ExpiryCharge, Extension, Line, Reservation } from './model.ts';
import type { ReservationRow } from './schema.ts';

/** What a change of a reservation may change. */
export const MUTABLE_RESERVATION_COLUMNS = {
  version: 'bigint',
  state: 'text',
  lines: 'text',
  checkpoint: 'text',
  expires_at_ms: 'bigint',
  resolved_at_ms: 'bigint',
  outcome: 'text',
  is_estimated: 'bigint',
  price_version: 'text',
  extensions: 'bigint',
  last_extension: 'text',
  reversal_reason: 'text',
  amount_input: 'bigint',
  amount_output: 'bigint',
  amount_cache_read: 'bigint',
  amount_cache_write: 'bigint',
  amount_cost: 'bigint',
  charged_input: 'bigint',
  charged_output: 'bigint',
  charged_cache_read: 'bigint',
  charged_cache_write: 'bigint',
  charged_cost: 'bigint',
} as const;

export const RESERVATION_COLUMNS: RowColumns<keyof ReservationRow> = {
  tenant: 'text',
  reservation_id: 'text',
  user_id: 'text',
  project_id: 'text',
  department_ids: 'text',
  model: 'text',
  created_at_ms: 'bigint',
  owner_digest: 'text',
  fingerprint: 'text',
  blocked: 'text',
  prompt_cost: 'bigint',
  policy_version: 'bigint',
  expiry_charge: 'text',
  ...MUTABLE_RESERVATION_COLUMNS,
};

export function reservationOf(row: ReservationRow): Reservation {
  return {
    tenant: row.tenant,
    reservationId: row.reservation_id,
    state: row.state,
    subject: {
      userId: row.user_id,
      projectId: row.project_id,
      departmentIds: JSON.parse(row.department_ids),
      model: row.model,
    },
    lines: (JSON.parse(row.lines) as readonly LineText[]).map(lineOf),
    amounts: {
      input: row.amount_input,
      output: row.amount_output,
      cacheRead: row.amount_cache_read,
      cacheWrite: row.amount_cache_write,
      cost: row.amount_cost,
    },
    charged: {
      input: row.charged_input,
      output: row.charged_output,
      cacheRead: row.charged_cache_read,
      cacheWrite: row.charged_cache_write,
      cost: row.charged_cost,
    },
    checkpoint: row.checkpoint === '' ? null : amountsOf(row.checkpoint),
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    resolvedAtMs: row.resolved_at_ms,
    outcome: row.outcome,
    isEstimated: row.is_estimated === 1n,
    ownerDigest: row.owner_digest,
    fingerprint: row.fingerprint,
    blocked: row.blocked === '' ? null : blockedOf(JSON.parse(row.blocked)),
    priceVersion: row.price_version,
    promptCost: row.prompt_cost,
    policyVersion: row.policy_version,
    expiryCharge: row.expiry_charge as ExpiryCharge,
    extensions: Number(row.extensions),
    lastExtension: row.last_extension === '' ? null : extensionOf(JSON.parse(row.last_extension)),
    reversalReason: row.reversal_reason,
  };
}

export function reservationRow(reservation: Reservation, version: bigint): ReservationRow {
  const { subject, amounts, charged, checkpoint, blocked, lastExtension } = reservation;
  return {
    tenant: reservation.tenant,
    reservation_id: reservation.reservationId,
    version,
    state: reservation.state,
    user_id: subject.userId,
    project_id: subject.projectId,
    department_ids: JSON.stringify(subject.departmentIds),
    model: subject.model,
    lines: JSON.stringify(reservation.lines.map(lineText)),
    checkpoint: checkpoint === null ? '' : amountsText(checkpoint),
    created_at_ms: reservation.createdAtMs,
    expires_at_ms: reservation.expiresAtMs,
    resolved_at_ms: reservation.resolvedAtMs,
    outcome: reservation.outcome,
    is_estimated: reservation.isEstimated ? 1n : 0n,
    owner_digest: reservation.ownerDigest,
    fingerprint: reservation.fingerprint,
    blocked: blocked === null ? '' : JSON.stringify(blockedText(blocked)),
    price_version: reservation.priceVersion,
    prompt_cost: reservation.promptCost,
    policy_version: reservation.policyVersion,
    expiry_charge: reservation.expiryCharge,
    extensions: BigInt(reservation.extensions),
    last_extension: lastExtension === null ? '' : JSON.stringify(extensionText(lastExtension)),
    reversal_reason: reservation.reversalReason,
    amount_input: amounts.input,
    amount_output: amounts.output,
    amount_cache_read: amounts.cacheRead,
    amount_cache_write: amounts.cacheWrite,
    amount_cost: amounts.cost,
    charged_input: charged.input,
    charged_output: charged.output,
    charged_cache_read: charged.cacheRead,
    charged_cache_write: charged.cacheWrite,
    charged_cost: charged.cost,
  };
}

// Text columns. Amounts are five numbers with commas between, for JSON has no integers of 64 bits.

type LineText = readonly [
  bucket: string,
  tier: Line['tier'],
  period: string,
  periodEndsAtMs: string,
  held: string,
  used: string,
  overrun: string,
];

function lineText({ bucket, tier, period, periodEndsAtMs, held, used, overrun }: Line): LineText {
  const ends = timeText(periodEndsAtMs);
  return [bucket, tier, period, ends, amountsText(held), amountsText(used), amountsText(overrun)];
}

function lineOf([bucket, tier, period, ends, held, used, overrun]: LineText): Line {
  return {
    bucket,
    tier,
    period,
    periodEndsAtMs: timeOf(ends),
    held: amountsOf(held),
    used: amountsOf(used),
    overrun: amountsOf(overrun),
  };
}

type BlockedText = readonly [bucket: string, type: Blocked['type'], remaining: string, resetsAtMs: string];

function blockedText({ bucket, type, remaining, resetsAtMs }: Blocked): BlockedText {
  return [bucket, type, String(remaining), timeText(resetsAtMs)];
}

function blockedOf([bucket, type, remaining, resetsAt]: BlockedText): Blocked {
  return { bucket, type, remaining: BigInt(remaining), resetsAtMs: timeOf(resetsAt) };
}

type ExtensionText = readonly [amounts: string, blocked: BlockedText | null];

function extensionText({ amounts, blocked }: Extension): ExtensionText {
  return [amountsText(amounts), blocked === null ? null : blockedText(blocked)];
}

function extensionOf([amounts, blocked]: ExtensionText): Extension {
  return { amounts: amountsOf(amounts), blocked: blocked === null ? null : blockedOf(blocked) };
}

function amountsText({ input, output, cacheRead, cacheWrite, cost }: Amounts): string {
  return `${input},${output},${cacheRead},${cacheWrite},${cost}`;
}

function amountsOf(text: string): Amounts {
  const [input = '', output = '', cacheRead = '', cacheWrite = '', cost = ''] = text.split(',');
  return {
    input: BigInt(input),
    output: BigInt(output),
    cacheRead: BigInt(cacheRead),
    cacheWrite: BigInt(cacheWrite),
    cost: BigInt(cost),
  };
}

function timeText(timeMs: bigint | null): string {
  return timeMs === null ? '' : String(timeMs);
}

function timeOf(text: string): bigint | null {
  return text === '' ? null : BigInt(text);
}
