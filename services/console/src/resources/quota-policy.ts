import type { Policy } from '@ai-switch/contracts';
import type { Handlers } from '../handler.ts';
import { jsonText } from '../json-reply.ts';
import { DRY_RULES, EXPIRY_CHARGES, HOLD_RULES } from '../quota/words.ts';
import type { QuotaRoutes } from '../routes/quota-routes.ts';
import { wordFor } from '../words.ts';

export const quotaPolicy: Handlers<Pick<QuotaRoutes, 'getQuotaPolicy' | 'updateQuotaPolicy'>> = {
  getQuotaPolicy: async ({ ledger }) => ({ body: policyReply(await ledger.policy()) }),

  updateQuotaPolicy: async ({ ledger, body, audit }) => {
    const { expiryCharge, holdRule, dryRule, ...rest } = body;
    const before = await ledger.policy();
    const after = await ledger.putPolicy({
      ...before,
      ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)),
      ...(expiryCharge !== undefined && { expiryCharge: EXPIRY_CHARGES[expiryCharge] }),
      ...(holdRule !== undefined && { holdRule: HOLD_RULES[holdRule] }),
      ...(dryRule !== undefined && { dryRule: DRY_RULES[dryRule] }),
    });
    const details = { before: jsonText(policyReply(before)), after: jsonText(policyReply(after)) };
    await audit({ action: 'quotaPolicy.put', subject: 'quota-policy', details });
    return { body: policyReply(after) };
  },
};

function policyReply(policy: Policy) {
  return {
    ...policy,
    expiryCharge: wordFor(EXPIRY_CHARGES, policy.expiryCharge),
    holdRule: wordFor(HOLD_RULES, policy.holdRule),
    dryRule: wordFor(DRY_RULES, policy.dryRule),
  };
}
