import type { Policy } from '@ai-switch/contracts';
import { changeEvent } from '../change-event.ts';
import type { Handlers } from '../handler.ts';
import { jsonText } from '../json-reply.ts';
import { DRY_RULES, EXPIRY_CHARGES, HOLD_RULES } from '../quota/words.ts';
import type { QuotaRoutes } from '../routes/quota-routes.ts';
import { wordFor } from '../words.ts';

export const quotaPolicy: Handlers<Pick<QuotaRoutes, 'getQuotaPolicy' | 'updateQuotaPolicy'>> = {
  getQuotaPolicy: async ({ ledger }) => ({ body: policyReply(await ledger.policy()) }),

  updateQuotaPolicy: async (request) => {
    const { ledger, body } = request;
    const { expiryCharge, holdRule, dryRule, ...rest } = body;
    const before = await ledger.policy();
    const wanted = {
      ...before,
      ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)),
      ...(expiryCharge !== undefined && { expiryCharge: EXPIRY_CHARGES[expiryCharge] }),
      ...(holdRule !== undefined && { holdRule: HOLD_RULES[holdRule] }),
      ...(dryRule !== undefined && { dryRule: DRY_RULES[dryRule] }),
    };
    const details = { before: termsText(before), after: termsText(wanted) };
    const event = changeEvent(request, { action: 'quotaPolicy.put', subject: 'quota-policy', details });
    return { body: policyReply(await ledger.putPolicy(wanted, event)) };
  },
};

/** Without the version, which the ledger tells of what it stores. */
function termsText(policy: Policy): string {
  const { version: _, ...terms } = policyReply(policy);
  return jsonText(terms);
}

function policyReply(policy: Policy) {
  return {
    ...policy,
    expiryCharge: wordFor(EXPIRY_CHARGES, policy.expiryCharge),
    holdRule: wordFor(HOLD_RULES, policy.holdRule),
    dryRule: wordFor(DRY_RULES, policy.dryRule),
  };
}
