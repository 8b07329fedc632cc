import type { Acknowledged } from '../crash/direct-client.ts';
import { type Verdict, verify } from '../crash/verify.ts';
import type { ClusterSite } from './site.ts';
import { type Told, type TrailVerdict, verifyTrail } from './verify-trail.ts';

export interface SiteVerdict {
  readonly ledger: Omit<Verdict, 'violations'>;
  readonly trail: Omit<TrailVerdict, 'violations'>;
  /** Of both. */
  readonly violations: readonly string[];
}

/** What is asked of the ledgers, and then of the audit log, once nothing is killed any more. The edges have ended after it. */
export async function verifySite(
  site: ClusterSite,
  { exchanges, blocked = [], made = [] }: Pick<Told, 'exchanges'> & Partial<Told>,
  acknowledged: readonly Acknowledged[] = [],
): Promise<SiteVerdict> {
  const { violations: ledgerFaults, ...ledger } = await verify(site, exchanges, acknowledged);
  const { violations: trailFaults, ...trail } = await verifyTrail(site, { exchanges, blocked, made });
  return { ledger, trail, violations: [...ledgerFaults, ...trailFaults] };
}
