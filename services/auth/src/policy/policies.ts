import type { AccessPolicies } from '@ai-switch/contracts';
import { accessPolicyCalls } from './access-policies.ts';
import type { PolicyContext } from './context.ts';
import { quotaRequestCalls } from './quota-requests.ts';
import { ruleSetCalls } from './rule-sets.ts';

/** The AccessPolicies port on a database. */
export function accessPoliciesPort(context: PolicyContext): AccessPolicies {
  return { ...accessPolicyCalls(context), ...ruleSetCalls(context), ...quotaRequestCalls(context) };
}
