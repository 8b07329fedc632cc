// A receipt in words and tables, for whoever wonders where his quota went.

import { METERED_TYPES } from '../../quota/metered-types.ts';
import type { Row } from '../client.ts';
import { onOneLine, table } from '../output.ts';
import { amountText, TYPE_WORDS } from './limits.ts';
import { roleOf } from './show.ts';
import { changesOf, signed } from './statement.ts';
import type { Zone } from './times.ts';

/** What a state means to whoever asked. */
const STATES: Readonly<Record<string, string>> = {
  held: 'open: what it may need is held',
  rejected: 'refused: nothing was held and nothing is charged',
  settled: 'charged with what was used',
  voided: 'given back: nothing was sent to a provider',
  expired: 'nobody reported on it in time: charged with the last that was known',
  reconciled: 'reported late, after its hold had expired: charged with what was used',
  orphanSettled: 'charged with what was used, though no hold of it was on record',
  reversed: 'the charge was taken back',
};

const OUTCOMES: Readonly<Record<string, string>> = {
  completed: 'the answer was complete',
  clientGone: 'the client left before the answer ended',
  upstreamFailed: 'the provider failed',
  cut: 'the answer was cut off',
  quotaCut: 'the answer ended because the quota was spent',
  intercepted: 'a rule ended the answer',
};

export function receiptText(receipt: Row, zone: Zone, hasEntries: boolean): string {
  const { reservationId, state } = receipt;
  const sections = [
    [`${reservationId}: ${STATES[String(state)] ?? state}`, ...factsOf(receipt, zone)]
      .map(onOneLine)
      .join('\n'),
    amountsTable(receipt),
    linesTable(receipt),
    hasEntries ? entriesTable(receipt, zone) : '',
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

function factsOf(receipt: Row, { show }: Zone): readonly string[] {
  const { state, createdAt, expiresAt, resolvedAt, outcome, reversalReason, blocked, isEstimated } = receipt;
  const facts: readonly (readonly [string, string])[] = [
    ['asked', `${show(createdAt)} by ${subjectText(receipt)}`],
    ['blocked', blockedText(blocked as Row | undefined, show)],
    ['held until', state === 'held' ? `${show(expiresAt)}, and longer while somebody works on it` : ''],
    ['ended', show(resolvedAt) && `${show(resolvedAt)}${outcomeText(outcome)}`],
    ['reversed', reversalReason === undefined ? '' : `${reversalReason}`],
    ['price', receipt.priceVersion ? `version ${receipt.priceVersion} of the price book` : ''],
    ['counts', isEstimated === true ? 'estimated, for the provider gave none' : ''],
    ['extended', Number(receipt.extensions) > 0 ? `${receipt.extensions} times` : ''],
  ];
  return facts.filter(([, text]) => text !== '').map(([name, text]) => `${name.padEnd(12)}${text}`);
}

function subjectText({ userName, userId, projectId, departmentIds, model }: Row): string {
  const departments = Array.isArray(departmentIds) ? departmentIds.join(' > ') : '';
  return [
    userName === undefined ? userId : `${userName} (${userId})`,
    projectId ? `for project ${projectId}` : '',
    departments === '' ? '' : `of ${departments}`,
    model ? `to model ${model}` : '',
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function blockedText(blocked: Row | undefined, show: Zone['show']): string {
  if (blocked === undefined) return '';
  const { bucket, tokenType, remaining, resetsAt } = blocked;
  const type = TYPE_WORDS[tokenType as keyof typeof TYPE_WORDS] ?? tokenType;
  const reset = resetsAt === undefined ? '; it does not begin anew' : `; it begins anew ${show(resetsAt)}`;
  return `${bucket} has ${amountText(remaining)} ${type} left${reset}`;
}

function outcomeText(outcome: unknown): string {
  return outcome ? `: ${OUTCOMES[String(outcome)] ?? outcome}` : '';
}

function amountsTable({ held, charged, refunded, reversed }: Row): string {
  const rows = METERED_TYPES.map((type) => ({
    type: TYPE_WORDS[type],
    held: at(held, type),
    charged: at(reversed ?? charged, type),
    refunded: at(refunded, type),
  })).filter((row) => isSome(row.held) || isSome(row.charged));
  if (rows.length === 0) return '';
  return table(rows, {
    TYPE: ({ type }) => type,
    HELD: (row) => amountText(row.held),
    CHARGED: (row) => amountText(row.charged),
    'GIVEN BACK': (row) => amountText(row.refunded),
    ...(reversed !== undefined && { 'TAKEN BACK': (row: Row) => amountText(row.charged) }),
  });
}

/** Where it was drawn from, in the order in which the buckets pay, and what bounded it. */
function linesTable({ lines, ...receipt }: Row): string {
  const rows = (Array.isArray(lines) ? (lines as readonly Row[]) : []).flatMap((line) =>
    METERED_TYPES.map(
      (type): Row => ({
        ...line,
        bucket: bucketText(line.bucket, receipt),
        type: TYPE_WORDS[type],
        held: at(line.held, type),
        used: at(line.used, type),
        overrun: at(line.overrun, type),
      }),
    ).filter(({ held, used }) => isSome(held) || isSome(used)),
  );
  if (rows.length === 0) return '';
  return table(rows, {
    BUCKET: ({ bucket }) => bucket,
    ROLE: ({ tier }) => roleOf(tier),
    PERIOD: ({ period }) => period,
    TYPE: ({ type }) => type,
    HELD: (row) => amountText(row.held),
    CHARGED: (row) => amountText(row.used),
    OVERRUN: (row) => (isSome(row.overrun) ? amountText(row.overrun) : ''),
  });
}

function entriesTable({ entries, ...receipt }: Row, { show }: Zone): string {
  if (!Array.isArray(entries) || entries.length === 0) return '';
  return table((entries as readonly Row[]).flatMap(changesOf), {
    TIME: ({ at: time }) => show(time),
    OPERATION: ({ operation, extension }) =>
      extension === undefined ? operation : `${operation} ${extension}`,
    BUCKET: ({ bucket }) => bucketText(bucket, receipt),
    PERIOD: ({ period }) => period,
    TYPE: ({ type }) => type,
    HELD: (row) => signed(row.held),
    USED: (row) => signed(row.used),
    OVERRUN: (row) => signed(row.overrun),
  });
}

/** People know a user by his name. */
function bucketText(bucket: unknown, { userId, userName }: Row): unknown {
  return userName !== undefined && bucket === `personal:${userId}` ? `personal:${userName}` : bucket;
}

function at(amounts: unknown, type: string): unknown {
  return (amounts as Row | undefined)?.[type];
}

function isSome(amount: unknown): boolean {
  return Number(amount ?? 0) !== 0;
}
