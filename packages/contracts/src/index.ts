// The ports: interfaces, messages and service definitions that `npm run generate` makes from `proto/`. The comments
// there are the documentation of each call.

import type { AuditLog } from '../generated/aiswitch/v1/audit.ts';
import type { Auth } from '../generated/aiswitch/v1/auth.ts';
import type { QuotaLedger } from '../generated/aiswitch/v1/quota.ts';
import type { Router } from '../generated/aiswitch/v1/router.ts';

export * from '../generated/aiswitch/v1/audit.ts';
export * from '../generated/aiswitch/v1/auth.ts';
export * from '../generated/aiswitch/v1/cache.ts';
export * from '../generated/aiswitch/v1/common.ts';
export * from '../generated/aiswitch/v1/quota.ts';
export * from '../generated/aiswitch/v1/router.ts';

/** Every port that the edge and the console stand on, whether the object behind it is here or behind gRPC. */
export interface Ports {
  readonly auth: Auth;
  readonly quotaLedger: QuotaLedger;
  readonly router: Router;
  readonly auditLog: AuditLog;
}
