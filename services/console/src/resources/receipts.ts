import { Reservation, ReservationState } from '@ai-switch/contracts';
import { changeEvent } from '../change-event.ts';
import type { Handlers } from '../handler.ts';
import { jsonText } from '../json-reply.ts';
import { amountsReply } from '../quota/amounts.ts';
import { entryReply, readReceipt } from '../quota/receipt.ts';
import { STATES } from '../quota/words.ts';
import { pageIn, pageReply } from '../read-input.ts';
import type { QuotaRoutes } from '../routes/quota-routes.ts';
import { wordFor } from '../words.ts';
import { bucketNamed } from './buckets.ts';

export const receipts: Handlers<Pick<QuotaRoutes, 'getStatement' | 'getReceipt' | 'reverseReservation'>> = {
  getStatement: async (request) => {
    const { params, query } = request;
    const { period: wanted = '', ...page } = query;
    const name = await bucketNamed(request, params.bucket, 'sees');
    const { entries, nextAfter, period } = await request.ledger.statement(name, wanted, pageIn(page));
    return { body: { bucket: name.bucket, period, ...pageReply(entries.map(entryReply), nextAfter).body } };
  },

  getReceipt: async ({ ledger, params }) => ({ body: await readReceipt(ledger, params.reservationId) }),

  reverseReservation: async (request) => {
    const { ledger, params, body } = request;
    const { reservationId } = params;
    const { reason } = body;
    const { reservation: before, user } = await ledger.receipt(reservationId);
    const after = Reservation.create({ state: ReservationState.REVERSED });
    const event = changeEvent(request, {
      action: 'reservation.reverse',
      subject: reservationId,
      details: { reason, before: chargeText(before), after: chargeText(after) },
      userId: user.userId,
      departmentPath: user.departmentPath,
    });
    await ledger.reverse(reservationId, reason, event);
    return { body: await readReceipt(ledger, reservationId) };
  },
};

function chargeText(reservation: Reservation | undefined): string {
  const state = wordFor(STATES, reservation?.state ?? ReservationState.UNSPECIFIED);
  return jsonText({ state, charged: amountsReply(reservation?.charged) });
}
