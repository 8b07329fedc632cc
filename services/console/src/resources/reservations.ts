import { type Reservation, ReservationState } from '@ai-switch/contracts';
import { z } from 'zod';
import type { Resource } from '../handler.ts';
import { jsonText } from '../json-reply.ts';
import { amountsReply } from '../quota/amounts.ts';
import { readReceipt } from '../quota/receipt.ts';
import { STATES, wordFor } from '../quota/words.ts';

const reversal = z.strictObject({ reason: z.string().trim().min(1).max(200) });

export const reservations: Resource<'reservations'> = (ports) => ({
  'POST /reservations/:id/reverse': async ({ caller: { tenant }, param, body, audit }) => {
    const { reason } = await body(reversal);
    const reservationId = param('id');
    const { reservation: before } = await ports.quotaLedger.getReceipt({ tenant, reservationId });
    const { reservation: after } = await ports.quotaLedger.reverse({ tenant, reservationId, reason });
    await audit('reservation.reverse', reservationId, {
      reason,
      before: chargeText(before),
      after: chargeText(after),
    });
    return { body: await readReceipt(ports, tenant, reservationId) };
  },
});

function chargeText(reservation: Reservation | undefined): string {
  const state = wordFor(STATES, reservation?.state ?? ReservationState.UNSPECIFIED);
  return jsonText({ state, charged: amountsReply(reservation?.charged) });
}
