// What a put needs of the rows that there are.

import type { Alias } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import type { Kysely } from 'kysely';
import type { ProviderRow, RouterSchema } from './schema.ts';
import * as store from './store.ts';

export async function assertProvidersKnown(
  rows: Kysely<RouterSchema>,
  { tenant, resources }: Alias,
): Promise<void> {
  const names = [...new Set(resources.map(({ provider }) => provider))];
  const known = await store.findProviderNames(rows, tenant, names);
  const unknown = names.find((name) => !known.has(name));
  if (unknown === undefined) return;
  throw new Fault('notFound', `There is no provider ${unknown}. Put it first.`, {
    details: { provider: unknown },
  });
}

/** A stored credential goes only where it was given for: the hand that moves the address may not know it. */
export function assertSameHost(stored: ProviderRow, baseUrl: string): void {
  if (stored.credential === '' || new URL(stored.base_url).origin === new URL(baseUrl).origin) return;
  throw new Fault('invalid', 'The address moves to another host. Please give the credential again with it.', {
    details: { field: 'credential' },
  });
}

export async function assertRoom(count: Promise<bigint>, max: number, what: string): Promise<void> {
  if ((await count) < BigInt(max)) return;
  throw new Fault('tooLarge', `There may be at most ${max} ${what}. Remove one first.`);
}
