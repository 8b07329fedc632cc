// What members ask for. A request is open until it is approved, refused or withdrawn, and then stays so. Who approves grants
// first, under an id that follows from the request's, and then decides: a decision is never without its grant, and granting
// again changes nothing.

import { type AccessPolicies, type QuotaRequest, QuotaRequestState } from '@ai-switch/contracts';
import { Fault, newId } from '@ai-switch/kernel';
import { type AuthRows, authorityOf } from '../authority.ts';
import { record } from '../changes.ts';
import { lockTree } from '../organisation/tree.ts';
import { findUserById } from '../organisation/users.ts';
import { checkId, checkUnitId, hasControlCharacter, invalid, pageOf, readPage } from '../request-rules.ts';
import type { PolicyContext } from './context.ts';
import type { QuotaRequestRow } from './schema.ts';

type Calls = Pick<
  AccessPolicies,
  'createQuotaRequest' | 'getQuotaRequest' | 'listQuotaRequests' | 'decideQuotaRequest'
>;

const TYPES = ['input', 'output', 'cacheRead', 'cacheWrite', 'cost'];
const TEXT_CHARACTERS_MAX = 500;
/** Of one user. */
const OPEN_MAX = 10;
const AMOUNT_MAX = 1_000_000_000_000_000n;
/** A year and a day. */
const SPAN_MS_MAX = 366n * 86_400_000n;

export function quotaRequestCalls({ database, clock }: Omit<PolicyContext, 'onChange'>): Calls {
  return {
    createQuotaRequest: async ({ actor, quotaRequestId, amounts, untilMs, reason }) => {
      if (quotaRequestId !== '') checkUnitId('quotaRequestId', quotaRequestId);
      checkAmounts(amounts);
      checkText('reason', reason);
      const nowMs = BigInt(clock.nowMs());
      if (untilMs <= nowMs || untilMs > nowMs + SPAN_MS_MAX) {
        throw invalid('untilMs', 'A grant ends in the future, and within a year.');
      }
      const authority = await authorityOf(database, actor);
      const row = await database.within(authority.scope, async (rows) => {
        await lockTree(rows, 'share');
        const user = await findUserById(rows, authority.userId);
        const before = quotaRequestId === '' ? undefined : await findAnywhere(rows, quotaRequestId);
        const wanted = { amounts: storedAmounts(amounts), until_ms: untilMs, reason };
        if (before !== undefined) return sameOr(before, { ...wanted, user_id: user.user_id });
        await checkOpen(rows, user.user_id);
        const made: QuotaRequestRow = {
          quota_request_id: quotaRequestId === '' ? newId('qrq', Number(nowMs)) : quotaRequestId,
          tenant: authority.tenant,
          user_id: user.user_id,
          user_name: user.name,
          department_path: user.department_path,
          ...wanted,
          state: QuotaRequestState.OPEN,
          created_at_ms: nowMs,
          decided_at_ms: null,
          decided_by: '',
          answer: '',
          grant_id: '',
        };
        await rows.insert('quota_requests', made);
        await record(rows, authority, {
          action: 'quotaRequest.create',
          ...concerning(made),
          details: { reason },
        });
        return made;
      });
      return { quotaRequest: requestOf(row) };
    },

    getQuotaRequest: async ({ actor, quotaRequestId }) => {
      checkId('quotaRequestId', quotaRequestId);
      const { scope } = await authorityOf(database, actor);
      return { quotaRequest: requestOf(await database.within(scope, (rows) => find(rows, quotaRequestId))) };
    },

    listQuotaRequests: async ({ actor, state, page }) => {
      const wanted = readPage(page);
      const before = wanted.after === '' ? undefined : readPlaceInList(wanted.after);
      const { scope } = await authorityOf(database, actor);
      const found = await database.within(scope, (rows) =>
        rows
          .selectFrom('quota_requests')
          .selectAll()
          .$if(before !== undefined, (all) =>
            all.where(({ eb, refTuple, tuple }) =>
              eb(
                refTuple('created_at_ms', 'quota_request_id'),
                '<',
                tuple(before?.createdAtMs ?? 0n, before?.quotaRequestId ?? ''),
              ),
            ),
          )
          .$if(state !== QuotaRequestState.UNSPECIFIED, (all) => all.where('state', '=', state))
          .orderBy('created_at_ms', 'desc')
          .orderBy('quota_request_id', 'desc')
          .limit(wanted.rowsMax + 1)
          .execute(),
      );
      const { items, nextAfter } = pageOf(found, wanted, requestOf, placeInList);
      return { quotaRequests: items, nextAfter };
    },

    decideQuotaRequest: async ({ actor, quotaRequestId, state, answer, grantId }) => {
      checkId('quotaRequestId', quotaRequestId);
      checkText('answer', answer);
      checkDecision(state, grantId);
      const authority = await authorityOf(database, actor);
      const row = await database.within(authority.scope, async (rows) => {
        const before = await find(rows, quotaRequestId);
        const isOwn = before.user_id === authority.userId;
        if (isOwn !== (state === QuotaRequestState.WITHDRAWN)) {
          throw new Fault(
            'forbidden',
            isOwn ? 'Nobody decides on what he asks for himself.' : 'Only who asked withdraws.',
          );
        }
        if (!isOwn) authority.mustRun(before.department_path);
        if (before.state !== QuotaRequestState.OPEN) return decidedOr(before, state);
        const after: QuotaRequestRow = {
          ...before,
          state,
          decided_at_ms: BigInt(clock.nowMs()),
          decided_by: authority.userId,
          answer,
          grant_id: grantId,
        };
        await rows
          .updateTable('quota_requests')
          .set(after)
          .where('quota_request_id', '=', quotaRequestId)
          .execute();
        await record(rows, authority, {
          action: `quotaRequest.${VERBS[state]}`,
          ...concerning(after),
          details: { answer, grantId },
        });
        return after;
      });
      return { quotaRequest: requestOf(row) };
    },
  };
}

/** What a decision is called. */
const VERBS: Readonly<Record<QuotaRequestState, string>> = {
  [QuotaRequestState.UNSPECIFIED]: 'open',
  [QuotaRequestState.OPEN]: 'open',
  [QuotaRequestState.APPROVED]: 'approve',
  [QuotaRequestState.REFUSED]: 'refuse',
  [QuotaRequestState.WITHDRAWN]: 'withdraw',
};

function concerning({ quota_request_id, user_id, department_path }: QuotaRequestRow) {
  return { subject: quota_request_id, userId: user_id, departmentPath: department_path };
}

/** The row is held to the end of the transaction. @throws Fault `notFound` */
async function find(rows: AuthRows, quotaRequestId: string): Promise<QuotaRequestRow> {
  const row = await rows
    .selectFrom('quota_requests')
    .selectAll()
    .where('quota_request_id', '=', quotaRequestId)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) throw new Fault('notFound', 'There is no such request.');
  return row;
}

/** Ids may be chosen and say nothing of the time. */
function placeInList(row: QuotaRequestRow): string {
  return `${row.created_at_ms}.${row.quota_request_id}`;
}

/** @throws Fault `invalid` */
function readPlaceInList(after: string): { readonly createdAtMs: bigint; readonly quotaRequestId: string } {
  const [, createdAtMs = '', quotaRequestId = ''] = /^([0-9]{1,18})\.(.+)$/s.exec(after) ?? [];
  if (createdAtMs === '') throw invalid('page.after', 'It is no place in this list.');
  return { createdAtMs: BigInt(createdAtMs), quotaRequestId };
}

/** As the system: an id out of sight is taken, too. */
function findAnywhere(rows: AuthRows, quotaRequestId: string): Promise<QuotaRequestRow | undefined> {
  return rows.asSystem('consequence', (trx) =>
    trx
      .selectFrom('quota_requests')
      .selectAll()
      .where('tenant', '=', rows.scope.tenant)
      .where('quota_request_id', '=', quotaRequestId)
      .executeTakeFirst(),
  );
}

/** What was asked for before under the same id. @throws Fault `conflict` when that says otherwise */
function sameOr(
  before: QuotaRequestRow,
  wanted: Pick<QuotaRequestRow, 'amounts' | 'until_ms' | 'reason' | 'user_id'>,
): QuotaRequestRow {
  const isSame =
    before.amounts === wanted.amounts &&
    before.until_ms === wanted.until_ms &&
    before.reason === wanted.reason &&
    before.user_id === wanted.user_id;
  if (isSame) return before;
  throw new Fault('conflict', 'A request of this id is there already, for something else.');
}

/** @throws Fault `conflict` when it was decided otherwise */
function decidedOr(before: QuotaRequestRow, state: QuotaRequestState): QuotaRequestRow {
  if (before.state === state) return before;
  throw new Fault('conflict', 'The request was decided already.', { details: { state: before.state } });
}

async function checkOpen(rows: AuthRows, userId: string): Promise<void> {
  const { open } = await rows
    .selectFrom('quota_requests')
    .select(({ fn }) => fn.countAll<bigint>().as('open'))
    .where('user_id', '=', userId)
    .where('state', '=', QuotaRequestState.OPEN)
    .executeTakeFirstOrThrow();
  if (open < BigInt(OPEN_MAX)) return;
  throw new Fault('conflict', `${OPEN_MAX} of your requests are open. Please withdraw one, or wait.`);
}

function checkAmounts(amounts: Readonly<Record<string, bigint>>): void {
  const entries = Object.entries(amounts);
  const isWellFormed = ([type, amount]: readonly [string, bigint]) =>
    TYPES.includes(type) && amount > 0n && amount <= AMOUNT_MAX;
  if (entries.length > 0 && entries.every(isWellFormed)) return;
  throw invalid('amounts', `Amounts are above zero, of ${TYPES.join(', ')}; one of them at least.`);
}

function checkText(field: string, text: string): void {
  if (text.length <= TEXT_CHARACTERS_MAX && !hasControlCharacter(text.replaceAll('\n', ' '))) return;
  throw invalid(field, `The ${field} has at most ${TEXT_CHARACTERS_MAX} characters.`);
}

function checkDecision(state: QuotaRequestState, grantId: string): void {
  if (state === QuotaRequestState.UNSPECIFIED || state === QuotaRequestState.OPEN) {
    throw invalid('state', 'A request is approved, refused or withdrawn.');
  }
  if ((state === QuotaRequestState.APPROVED) !== (grantId !== '')) {
    throw invalid('grantId', 'An approval names its grant, and nothing else does.');
  }
}

/** In one order, so that equal amounts are equal texts. */
function storedAmounts(amounts: Readonly<Record<string, bigint>>): string {
  return JSON.stringify(
    TYPES.flatMap((type) => (amounts[type] === undefined ? [] : [[type, String(amounts[type])]])),
  );
}

function requestOf(row: QuotaRequestRow): QuotaRequest {
  const amounts = JSON.parse(row.amounts) as [string, string][];
  return {
    quotaRequestId: row.quota_request_id,
    tenant: row.tenant,
    userId: row.user_id,
    userName: row.user_name,
    departmentPath: row.department_path,
    amounts: Object.fromEntries(amounts.map(([type, amount]) => [type, BigInt(amount)])),
    untilMs: row.until_ms,
    reason: row.reason,
    state:
      Object.values(QuotaRequestState).find((state) => state === row.state) ?? QuotaRequestState.UNSPECIFIED,
    createdAtMs: row.created_at_ms,
    decidedAtMs: row.decided_at_ms ?? undefined,
    decidedBy: row.decided_by,
    answer: row.answer,
    grantId: row.grant_id,
  };
}
