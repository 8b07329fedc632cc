// Every route of the admin API. What does not stand here is not registered; what stands here states its permission, and has a
// handler, or neither type-checks.

import { documentRoutes } from './document-routes.ts';
import { keyRoutes } from './key-routes.ts';
import { organisationRoutes } from './organisation-routes.ts';
import { policyRoutes } from './policy-routes.ts';
import { priceRoutes } from './price-routes.ts';
import { providerRoutes } from './provider-routes.ts';
import { quotaRequestRoutes } from './quota-request-routes.ts';
import { quotaRoutes } from './quota-routes.ts';
import { recordRoutes } from './record-routes.ts';
import type { Route } from './route.ts';
import { sealingRoutes } from './sealing-routes.ts';
import { sessionRoutes } from './session-routes.ts';
import { trailRoutes } from './trail-routes.ts';

export const ROUTES = {
  ...organisationRoutes,
  ...keyRoutes,
  ...providerRoutes,
  ...sealingRoutes,
  ...priceRoutes,
  ...quotaRoutes,
  ...quotaRequestRoutes,
  ...policyRoutes,
  ...sessionRoutes,
  ...recordRoutes,
  ...trailRoutes,
  ...documentRoutes,
} as const satisfies Record<string, Route>;

export type OperationId = keyof typeof ROUTES;
