import { Policy, type QuotaLedger } from '@ai-switch/contracts';
import { z } from 'zod';
import type { Resource } from '../handler.ts';
import { jsonText } from '../json-reply.ts';
import { withFieldNames } from '../quota/field-names.ts';
import { DRY_RULES, EXPIRY_CHARGES, HOLD_RULES, wordFor } from '../quota/words.ts';

const OUTPUT_TOKENS_MAX = 2 ** 31 - 1;

/** What is left out stays. */
const patchPolicy = z.strictObject({
  timeZone: z.string().min(1).max(64).optional(),
  fiscalYearStartsInMonth: z.number().int().min(1).max(12).optional(),
  expiryCharge: z
    .enum(['promptEstimate', 'zero', 'fullHold'])
    .transform((word) => EXPIRY_CHARGES[word])
    .optional(),
  holdRule: z
    .enum(['worstCase', 'statistical'])
    .transform((word) => HOLD_RULES[word])
    .optional(),
  dryRule: z
    .enum(['cut', 'run'])
    .transform((word) => DRY_RULES[word])
    .optional(),
  outputTokensDefault: z.number().int().min(1).max(OUTPUT_TOKENS_MAX).optional(),
  outputTokensMax: z.number().int().min(1).max(OUTPUT_TOKENS_MAX).optional(),
});

export const quotaPolicy: Resource<'quota-policy'> = ({ quotaLedger }) => ({
  'GET /quota-policy': async ({ caller: { tenant } }) => ({
    body: policyReply(await readPolicy(quotaLedger, tenant)),
  }),

  'PATCH /quota-policy': async ({ caller: { tenant }, body, audit }) => {
    const patch = await body(patchPolicy);
    const before = await readPolicy(quotaLedger, tenant);
    const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
    const { policy } = await withFieldNames(
      quotaLedger.putPolicy({ tenant, policy: { ...before, ...given } }),
    );
    const after = Policy.create(policy);
    await audit('quotaPolicy.put', 'quota-policy', {
      before: jsonText(policyReply(before)),
      after: jsonText(policyReply(after)),
    });
    return { body: policyReply(after) };
  },
});

async function readPolicy(ledger: QuotaLedger, tenant: string): Promise<Policy> {
  const { policy } = await ledger.getPolicy({ tenant });
  return Policy.create(policy);
}

function policyReply(policy: Policy): object {
  const { version, timeZone, fiscalYearStartsInMonth, outputTokensDefault, outputTokensMax } = policy;
  return {
    version,
    timeZone,
    fiscalYearStartsInMonth,
    expiryCharge: wordFor(EXPIRY_CHARGES, policy.expiryCharge),
    holdRule: wordFor(HOLD_RULES, policy.holdRule),
    dryRule: wordFor(DRY_RULES, policy.dryRule),
    outputTokensDefault,
    outputTokensMax,
  };
}
