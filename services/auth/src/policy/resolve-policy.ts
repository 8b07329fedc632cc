import type { CallerPolicy, NetworkList } from '@ai-switch/contracts';
import type { Kysely } from 'kysely';
import type { AuthSchema } from '../schema.ts';

/** Whose requests a policy is resolved for. */
export interface PolicySubject {
  readonly tenant: string;
  /** From the top down. */
  readonly departmentIds: readonly string[];
  /** '' for none. */
  readonly projectId: string;
  readonly userId: string;
  /** '' for none. */
  readonly keyId: string;
  readonly keyModels: readonly string[];
  readonly keyNetworks: readonly string[];
}

export interface ResolvedPolicy {
  readonly policy: CallerPolicy;
  readonly networks: NetworkList[];
}

/** What holds for the subject's requests: the key's own bounds. */
export async function resolvePolicy(
  _kysely: Kysely<AuthSchema>,
  { keyModels, keyNetworks }: PolicySubject,
): Promise<ResolvedPolicy> {
  return {
    policy: {
      models: keyModels.length === 0 ? [] : [{ models: [...keyModels] }],
      rateLimits: [],
      isCachingAllowed: true,
      ruleSets: [],
    },
    networks: keyNetworks.length === 0 ? [] : [{ networks: [...keyNetworks] }],
  };
}
