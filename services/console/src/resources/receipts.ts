import type { Resource } from '../handler.ts';
import { readReceipt } from '../quota/receipt.ts';

export const receipts: Resource<'receipts'> = (ports) => ({
  'GET /receipts/:reservationId': async ({ caller: { tenant }, param }) => ({
    body: await readReceipt(ports, tenant, param('reservationId')),
  }),
});
