// What an admin sets of a provider's capabilities is a patch: what is left out stays as it is, and null leaves a capability
// to the table of providers again.

import { Capabilities, type Provider } from '@ai-switch/contracts';
import type { z } from 'zod';
import type { capabilitiesPatch, modelCapabilitiesPatch } from '../routes/provider-routes.ts';

type Patch = z.infer<typeof capabilitiesPatch>;
type Patched = Pick<Provider, 'capabilities' | 'modelCapabilities'>;

export function patchedCapabilities(
  stored: Provider | undefined,
  own: Patch | undefined,
  byModel: z.infer<typeof modelCapabilitiesPatch> | undefined,
): Patched {
  const models = new Map(Object.entries(stored?.modelCapabilities ?? {}));
  for (const [model, patch] of Object.entries(byModel ?? {})) {
    const patched = patch === null ? undefined : merged(models.get(model), patch);
    if (patched === undefined) models.delete(model);
    else models.set(model, patched);
  }
  return {
    capabilities: own === undefined ? stored?.capabilities : merged(stored?.capabilities, own),
    modelCapabilities: Object.fromEntries(models),
  };
}

/** Undefined when nothing is set. */
function merged(stored: Capabilities | undefined, patch: Patch): Capabilities | undefined {
  const set = Object.entries({ ...stored, ...patch }).filter(
    ([, value]) => value !== undefined && value !== null,
  );
  return set.length === 0 ? undefined : Capabilities.create(Object.fromEntries(set));
}

/** Only what is set, so that an admin sees what somebody changed. */
export function capabilitiesReply({ capabilities, modelCapabilities }: Patched) {
  const isSome = Object.keys(modelCapabilities).length > 0;
  return { capabilities, modelCapabilities: isSome ? modelCapabilities : undefined };
}
