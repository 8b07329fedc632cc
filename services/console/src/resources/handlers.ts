import type { Ports } from '@ai-switch/contracts';
import type { DialGuard } from '@ai-switch/upstream';
import type { Handlers } from '../handler.ts';
import type { ROUTES } from '../routes/table.ts';
import { accessPoliciesOf } from './access-policies.ts';
import { aliases } from './aliases.ts';
import { buckets } from './buckets.ts';
import { companies } from './companies.ts';
import { departments } from './departments.ts';
import { document } from './document.ts';
import { fundingOrders } from './funding-orders.ts';
import { grants } from './grants.ts';
import { identityProviders } from './identity-providers.ts';
import { importOrganisation } from './import.ts';
import { keys } from './keys.ts';
import { prices } from './prices.ts';
import { projects } from './projects.ts';
import { providers } from './providers.ts';
import { quotaPolicy } from './quota-policy.ts';
import { quotaRequests } from './quota-requests.ts';
import { quotas } from './quotas.ts';
import { receipts } from './receipts.ts';
import { records } from './records.ts';
import { roleGrants } from './role-grants.ts';
import { ruleSets } from './rule-sets.ts';
import { sealing } from './sealing.ts';
import { sessions } from './sessions.ts';
import { trail } from './trail.ts';
import { users } from './users.ts';

/**
 * What the handlers may ask by themselves: ports that look at the actor, and the router, which knows nothing below a company.
 * The ledger and the audit log are in the request, within its reach.
 */
export type ActorPorts = Pick<Ports, 'organisation' | 'accessPolicies' | 'signIn'>;

export function handlersOf(ports: Ports, guard: DialGuard): Handlers<typeof ROUTES> {
  return {
    ...companies(ports),
    ...departments(ports),
    ...users(ports),
    ...roleGrants(ports),
    ...projects(ports),
    ...keys(ports),
    ...importOrganisation(ports),
    ...providers(ports.router, guard),
    ...aliases(ports.router),
    ...sealing(ports.router),
    ...prices(ports.router),
    ...quotas(ports),
    ...buckets,
    ...grants,
    ...fundingOrders,
    ...quotaPolicy,
    ...receipts,
    ...quotaRequests(ports),
    ...accessPoliciesOf(ports),
    ...ruleSets(ports),
    ...sessions(ports),
    ...identityProviders(ports),
    ...records(ports),
    ...trail(ports.auditLog),
    ...document,
  };
}
