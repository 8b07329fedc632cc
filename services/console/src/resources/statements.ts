import { z } from 'zod';
import type { Resource } from '../handler.ts';
import { knownBucketNameOf } from '../quota/names.ts';
import { entryReply } from '../quota/receipt.ts';
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
