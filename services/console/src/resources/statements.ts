import type { Entry } from '@ai-switch/contracts';
import { z } from 'zod';
import type { Resource } from '../handler.ts';
import { amountsReply } from '../quota/amounts.ts';
import { knownBucketNameOf } from '../quota/names.ts';
import { timeReply } from '../quota/times.ts';
import { pageOf, pageQuery, pageReply } from '../read-input.ts';

/** The period is one that a balance names, like `2026-11`; left out, it is the current one. */
const statementQuery = pageQuery.extend({ period: z.string().min(1).max(32).optional() });

export const statements: Resource<'statements'> = ({ auth, quotaLedger }) => ({
  'GET /statements/:bucket': async ({ caller: { tenant }, param, query }) => {
    const { period: wanted = '', ...page } = query(statementQuery);
    const { bucket } = await knownBucketNameOf(auth, tenant, param('bucket'));
    const { entries, nextAfter, period } = await quotaLedger.listEntries({
      tenant,
      bucket,
      period: wanted,
      page: pageOf(page),
    });
    return { body: { bucket, period, ...pageReply(entries.map(entryReply), nextAfter).body } };
  },
});

/** What one operation changed in one bucket; amounts may be below zero. */
export function entryReply(entry: Entry): object {
  const { reservationId, operation, opSeq, bucket, period, atMs, held, used, overrun } = entry;
  return {
    at: timeReply(atMs),
    operation,
    ...(opSeq > 0 && { extension: opSeq }),
    reservationId,
    bucket,
    period,
    held: amountsReply(held),
    used: amountsReply(used),
    overrun: amountsReply(overrun),
  };
}
