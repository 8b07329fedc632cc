import { Capabilities } from '@ai-switch/contracts';
import { type Gateway, PROVIDER_KEY } from './gateway.ts';

export interface TargetOptions {
  readonly dialect: string;
  readonly kind?: string;
  readonly baseUrl?: string;
  readonly capabilities?: Partial<Capabilities>;
}

/** Adds a provider and an alias of the same name for its model `upstream-<name>`. */
export async function addTarget(
  { ports: { router }, provider, tenant }: Gateway,
  name: string,
  { dialect, kind = 'custom', baseUrl = provider.baseUrl, capabilities = {} }: TargetOptions,
): Promise<void> {
  await router.putProvider({
    provider: {
      tenant,
      name,
      kind,
      dialect,
      baseUrl,
      hasCredential: true,
      origin: 'admin',
      updatedAtMs: 0n,
      models: [],
      capabilities: Capabilities.create(capabilities),
      modelCapabilities: {},
    },
    credential: PROVIDER_KEY,
  });
  const resource = { provider: name, model: `upstream-${name}`, weight: 1, priority: 0 };
  await router.putAlias({ alias: { tenant, name, resources: [resource], updatedAtMs: 0n } });
}

/** Adds an alias of a provider that is there. */
export async function addAlias({ ports, tenant }: Gateway, name: string, provider: string): Promise<void> {
  const resources = [{ provider, model: `upstream-${name}`, weight: 1, priority: 0 }];
  await ports.router.putAlias({ alias: { tenant, name, resources, updatedAtMs: 0n } });
}
