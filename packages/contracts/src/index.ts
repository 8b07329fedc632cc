// The ports: interfaces, messages and service definitions that `npm run generate` makes from `proto/`. The comments
// there are the documentation of each call.

import type { AuditLog } from '../generated/aiswitch/v1/audit.ts';
import type { Auth } from '../generated/aiswitch/v1/auth.ts';
import type { Organisation } from '../generated/aiswitch/v1/organisation.ts';
import type { AccessPolicies } from '../generated/aiswitch/v1/policy.ts';
import type { QuotaLedger } from '../generated/aiswitch/v1/quota.ts';
import type { Router } from '../generated/aiswitch/v1/router.ts';
import type { SignIn } from '../generated/aiswitch/v1/sign_in.ts';

export * from '../generated/aiswitch/v1/audit.ts';
export * from '../generated/aiswitch/v1/auth.ts';
export * from '../generated/aiswitch/v1/cache.ts';
export * from '../generated/aiswitch/v1/calls.ts';
export * from '../generated/aiswitch/v1/common.ts';
export * from '../generated/aiswitch/v1/organisation.ts';
export * from '../generated/aiswitch/v1/policy.ts';
export * from '../generated/aiswitch/v1/quota.ts';
export * from '../generated/aiswitch/v1/router.ts';
export * from '../generated/aiswitch/v1/sign_in.ts';

/** Stands for the company in an audit event that is about none, as when nobody knows whose key it was. No company has this id. */
export const NO_COMPANY = '*';

/** Every port that the console stands on, and the edge on some, whether the object behind it is here or behind gRPC. */
export interface Ports {
  readonly auth: Auth;
  readonly organisation: Organisation;
  readonly accessPolicies: AccessPolicies;
  readonly signIn: SignIn;
  readonly quotaLedger: QuotaLedger;
  readonly router: Router;
  readonly auditLog: AuditLog;
}

/** What the edge stands on. */
export type EdgePorts = Pick<Ports, 'auth' | 'quotaLedger' | 'router'>;
