// Quota that members ask for. Who approves grants first, under an id that follows from the request's, and then decides: a
// decision is never without its grant, and to approve again grants nothing more. Should somebody else have decided otherwise
// meanwhile, the grant is closed again.

import { type QuotaRequest, QuotaRequestState } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import type { AdminRequest, Handlers } from '../handler.ts';
import { idFromKey } from '../preconditions.ts';
import { limitsReply, patchedLimits } from '../quota/amounts.ts';
import { closeBucket } from '../quota/buckets.ts';
import { METERED_TYPES } from '../quota/metered-types.ts';
import { mustHaveRoom } from '../quota/room.ts';
import { timeText } from '../quota/times.ts';
import { pageIn, pageReply } from '../read-input.ts';
import type { QuotaRequestRoutes } from '../routes/quota-request-routes.ts';
import { QUOTA_REQUEST_STATES, wordOf } from '../words.ts';
import { answered } from './answered.ts';
import { giveGrant } from './grants.ts';
import type { ActorPorts } from './handlers.ts';

const NOTE_CHARACTERS_MAX = 200;

export const quotaRequests = ({ accessPolicies }: ActorPorts): Handlers<QuotaRequestRoutes> => {
  const find = async (actor: AdminRequest['actor'], quotaRequestId: string) =>
    answered((await accessPolicies.getQuotaRequest({ actor, quotaRequestId })).quotaRequest);

  const decide = async (
    { actor }: Pick<AdminRequest, 'actor'>,
    quotaRequestId: string,
    state: QuotaRequestState,
    { answer, grantId }: { readonly answer: string; readonly grantId: string },
  ) => {
    const decided = await accessPolicies.decideQuotaRequest({
      actor,
      quotaRequestId,
      state,
      answer,
      grantId,
    });
    const request = answered(decided.quotaRequest);
    return { body: requestReply(request) };
  };

  return {
    listQuotaRequests: async ({ actor, query: { state, ...page } }) => {
      const wanted = state === undefined ? QuotaRequestState.UNSPECIFIED : QUOTA_REQUEST_STATES[state];
      const found = await accessPolicies.listQuotaRequests({ actor, state: wanted, page: pageIn(page) });
      return pageReply(found.quotaRequests.map(requestReply), found.nextAfter);
    },

    createQuotaRequest: async ({ actor, body, idempotentId }) => {
      const { id = idempotentId('qr'), until, reason } = body;
      const amounts = Object.fromEntries(
        METERED_TYPES.flatMap((type) => (body.amounts[type] == null ? [] : [[type, body.amounts[type]]])),
      ) as Record<string, bigint>;
      const made = await accessPolicies.createQuotaRequest({
        actor,
        quotaRequestId: id,
        amounts,
        untilMs: until,
        reason,
      });
      const request = answered(made.quotaRequest);
      return { status: 201, body: requestReply(request) };
    },

    getQuotaRequest: async ({ actor, params }) => ({
      body: requestReply(await find(actor, params.quotaRequest)),
    }),

    approveQuotaRequest: async (request) => {
      const { actor, tenant, reach, ledger, params, body } = request;
      const wanted = await find(actor, params.quotaRequest);
      const id = idFromKey('qr', [tenant, wanted.quotaRequestId]);
      const { userId, amounts, untilMs, reason } = wanted;
      const scope = await reach.scope(`user:${userId}`, 'runs');
      // Said before anything is granted, for the port says it only of the decision.
      if (userId === actor.userId)
        throw new Fault('forbidden', 'Nobody decides on what he asks for himself.');
      mustBeUndecided(wanted);
      if (wanted.state === QuotaRequestState.OPEN) await mustHaveRoom(reach, ledger, userId, amounts);
      const { standing, isNew } = await giveGrant(request, scope, {
        id,
        limits: patchedLimits(undefined, amounts),
        validFromMs: undefined,
        validUntilMs: untilMs,
        note: reason.slice(0, NOTE_CHARACTERS_MAX),
      });
      const decision = { answer: body.answer, grantId: id };
      return decide(request, wanted.quotaRequestId, QuotaRequestState.APPROVED, decision).catch(
        async (fault: unknown) => {
          const isRefused = fault instanceof Fault && REFUSALS.includes(fault.code);
          const name = { ...scope, bucket: standing.bucket.bucket, tier: standing.bucket.tier };
          if (isRefused && isNew) await closeBucket(request, name, 'grant.close');
          throw fault;
        },
      );
    },

    refuseQuotaRequest: (request) =>
      decide(request, request.params.quotaRequest, QuotaRequestState.REFUSED, {
        answer: request.body.answer,
        grantId: '',
      }),

    withdrawQuotaRequest: (request) =>
      decide(request, request.params.quotaRequest, QuotaRequestState.WITHDRAWN, { answer: '', grantId: '' }),
  };
};

/** Of a decision that will not be made, whoever asks again. */
const REFUSALS: readonly string[] = ['conflict', 'forbidden', 'notFound'];

function mustBeUndecided({ state }: QuotaRequest): void {
  if (state === QuotaRequestState.OPEN || state === QuotaRequestState.APPROVED) return;
  throw new Fault('conflict', 'The request was decided already.', { details: { state } });
}

function requestReply({ amounts, untilMs, state, grantId, ...request }: QuotaRequest) {
  return {
    ...request,
    amounts: limitsReply(amounts),
    until: timeText(untilMs),
    state: wordOf(QUOTA_REQUEST_STATES, state),
    grant: grantId === '' ? undefined : `grant:${grantId}`,
  };
}
