import { Fault } from '@ai-switch/kernel';
import { z } from 'zod';
import type { Resource } from '../handler.ts';
import { jsonText } from '../json-reply.ts';
import { amountsReply } from '../quota/amounts.ts';
import { STATES, wordFor } from '../quota/words.ts';
import { reservationReply } from './receipts.ts';

const reversal = z.strictObject({ reason: z.string().trim().min(1).max(200) });

export const reservations: Resource<'reservations'> = ({ quotaLedger }) => ({
  'POST /reservations/:id/reverse': async ({ caller: { tenant }, param, body, audit }) => {
    const { reason } = await body(reversal);
    const reservationId = param('id');
    const { reservation: before } = await quotaLedger.getReceipt({ tenant, reservationId });
    const { reservation } = await quotaLedger.reverse({ tenant, reservationId, reason });
    if (reservation === undefined) throw new Fault('internal', 'The ledger answered without a reservation.');
    await audit('reservation.reverse', reservationId, {
      reason,
      before: jsonText({
        state: wordFor(STATES, before?.state ?? ''),
        charged: amountsReply(before?.charged),
      }),
      after: jsonText({
        state: wordFor(STATES, reservation.state),
        charged: amountsReply(reservation.charged),
      }),
    });
    return { body: reservationReply(reservation) };
  },
});
