// Requests are checked and copied here: nothing that a caller holds is kept, and nothing passes that a database could
// refuse in the middle of a batch of strangers.

import { hash } from 'node:crypto';
import type * as contracts from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { isNothing } from './amounts.ts';
import type { ReservationKey } from './keys.ts';
import { type Amounts, type MeteredType, NOTHING, type Subject } from './model.ts';
import type { Beat, Extend, Reserve, Reverse, Settle, Void } from './operation.ts';

/** The most of one type in one request: what every language's number holds exactly. */
const AMOUNT_MAX = 2n ** 53n - 1n;
const TTL_MIN_MS = 1_000n;
const TTL_MAX_MS = 86_400_000n;
const DEPARTMENTS_MAX = 4;
const REASON_CHARACTERS_MAX = 200;
/** Extensions of one hold. */
const EXTENSIONS_MAX = 1_000_000;

// No control character (PostgreSQL refuses NUL) and no half of a surrogate pair.
const PRINTABLE = /^[^\p{Cc}\p{Cs}]*$/u;
const ID_CHARACTERS_MAX = 64;
const MODEL_CHARACTERS_MAX = 128;

export function readReserve(request: contracts.ReserveRequest): Reserve {
  const key = readKey(request);
  const subject = readSubject(request.subject);
  const amounts = readAmounts(request.amounts, 'amounts');
  if (isNothing(amounts)) {
    throw invalid('amounts', 'At least one type must have an amount above zero.');
  }
  const promptCost = readAmount(request.promptCost, 'promptCost');
  if (promptCost > amounts.cost) throw invalid('promptCost', 'promptCost must not be above amounts.cost.');
  return {
    kind: 'reserve',
    ...key,
    subject,
    amounts,
    ttlMs: readTtl(request.ttlMs),
    ownerDigest: readOwner(request),
    fingerprint: readId(request.fingerprint, 'fingerprint'),
    priceVersion: readPriceVersion(request),
    promptCost,
  };
}

export function readExtend(request: contracts.ExtendRequest): Extend {
  const { opSeq } = request;
  const amounts = readAmounts(request.amounts, 'amounts');
  if (isNothing(amounts)) {
    throw invalid('amounts', 'At least one type must have an amount above zero.');
  }
  if (!Number.isSafeInteger(opSeq) || opSeq < 1 || opSeq > EXTENSIONS_MAX) {
    throw invalid('opSeq', `opSeq must be 1 to ${EXTENSIONS_MAX}.`);
  }
  return { kind: 'extend', ...readKey(request), ownerDigest: readOwner(request), opSeq, amounts };
}

export function readBeat(beat: contracts.Beat): Beat {
  return {
    kind: 'beat',
    ...readKey(beat),
    ownerDigest: readOwner(beat),
    ttlMs: readTtl(beat.ttlMs),
    used: beat.used === undefined ? null : readAmounts(beat.used, 'used'),
  };
}

export function readSettle(request: contracts.SettleRequest): Settle {
  return {
    kind: 'settle',
    ...readKey(request),
    subject: readSubject(request.subject),
    actual: readAmounts(request.actual, 'actual'),
    outcome: readId(request.outcome, 'outcome'),
    isEstimated: request.isEstimated,
    platform: readAmounts(request.platform, 'platform'),
    priceVersion: readPriceVersion(request),
  };
}

export function readVoid(request: contracts.VoidRequest): Void {
  return { kind: 'void', ...readKey(request), ownerDigest: readOwner(request) };
}

export function readReverse(request: contracts.ReverseRequest): Reverse {
  const reason = readText(request.reason, 'reason', REASON_CHARACTERS_MAX);
  return { kind: 'reverse', ...readKey(request), reason, event: request.event };
}

export function readKey(request: ReservationKey): ReservationKey {
  return {
    tenant: readId(request.tenant, 'tenant'),
    reservationId: readId(request.reservationId, 'reservationId'),
  };
}

export function readSubject(subject: contracts.Subject | undefined): Subject {
  if (subject === undefined) throw invalid('subject', 'subject must be present.');
  const { userId, projectId, departmentIds, model } = subject;
  if (departmentIds.length > DEPARTMENTS_MAX) {
    throw invalid('subject.departmentIds', `There are at most ${DEPARTMENTS_MAX} departments on a path.`);
  }
  if (new Set(departmentIds).size < departmentIds.length) {
    throw invalid('subject.departmentIds', 'A department stands on a path once.');
  }
  return {
    userId: readId(userId, 'subject.userId'),
    projectId: projectId === '' ? '' : readId(projectId, 'subject.projectId'),
    departmentIds: departmentIds.map((id) => readId(id, 'subject.departmentIds')),
    model: model === '' ? '' : readText(model, 'subject.model', MODEL_CHARACTERS_MAX),
  };
}

/** One to 64 characters. */
export function readId(text: string, field: string): string {
  return readText(text, field, ID_CHARACTERS_MAX);
}

export function readText(text: string, field: string, charactersMax: number): string {
  if (text.length < 1 || text.length > charactersMax || !PRINTABLE.test(text)) {
    throw invalid(field, `${field} must be 1 to ${charactersMax} characters, none of them a control one.`);
  }
  return text;
}

function readAmounts(amounts: contracts.Amounts | undefined, field: string): Amounts {
  if (amounts === undefined) return NOTHING;
  const of = (type: MeteredType) => readAmount(amounts[type], `${field}.${type}`);
  return {
    input: of('input'),
    output: of('output'),
    cacheRead: of('cacheRead'),
    cacheWrite: of('cacheWrite'),
    cost: of('cost'),
  };
}

export function readAmount(amount: bigint, field: string): bigint {
  if (amount < 0n || amount > AMOUNT_MAX) throw invalid(field, `${field} must be 0 to ${AMOUNT_MAX}.`);
  return amount;
}

export function invalid(field: string, message: string): Fault {
  return new Fault('invalid', message, { details: { field } });
}

function readTtl(ttlMs: bigint): bigint {
  if (ttlMs >= TTL_MIN_MS && ttlMs <= TTL_MAX_MS) return ttlMs;
  throw invalid('ttlMs', `The time to live must be ${TTL_MIN_MS} to ${TTL_MAX_MS} ms.`);
}

/** The token itself is not stored: who reads the database may not void. */
function readOwner({ ownerToken }: { readonly ownerToken: string }): string {
  return hash('sha256', readId(ownerToken, 'ownerToken'), 'base64url');
}

function readPriceVersion({ priceVersion }: { readonly priceVersion: string }): string {
  return priceVersion === '' ? '' : readId(priceVersion, 'priceVersion');
}
