// A tenant's data keys as they are stored: made at the first credential, opened when one is read or written.

import { Fault } from '@ai-switch/kernel';
import type { Kysely } from 'kysely';
import {
  type CredentialPlace,
  type DataKey,
  SealError,
  type SealedDataKey,
  sealCredential,
} from './credentials.ts';
import type { MasterKeys } from './master-keys.ts';
import type { RouterSchema } from './schema.ts';
import { insertDataKey, readDataKeys } from './store.ts';

const FIRST_VERSION = '1';

/**
 * The text to store for a credential. It runs in the transaction that holds the tenant's revision, so that a tenant
 * gets one first data key however many ask for it.
 * @throws Fault `unavailable` when the stored data key was sealed with another master key
 */
export async function seal(
  rows: Kysely<RouterSchema>,
  masterKeys: MasterKeys,
  place: CredentialPlace,
  credential: string,
): Promise<string> {
  let [newest] = await readDataKeys(rows, place.tenant);
  if (newest === undefined) {
    newest = masterKeys.createDataKey(place.tenant, FIRST_VERSION);
    await insertDataKey(rows, place.tenant, newest);
  }
  try {
    return sealCredential(masterKeys.openDataKey(place.tenant, newest), place, credential);
  } catch (cause) {
    if (!(cause instanceof SealError)) throw cause;
    throw new Fault(
      'unavailable',
      'The credential cannot be sealed: the router has another master key than before. Start it with the key file that it had.',
      { cause },
    );
  }
}

/** Finds a tenant's data keys by version and opens each once. What it returns throws SealError. */
export function dataKeyOpener(
  masterKeys: MasterKeys,
  tenant: string,
  sealed: readonly SealedDataKey[],
): (version: string) => DataKey {
  const opened = new Map<string, DataKey>();
  return (version) => {
    const known = opened.get(version);
    if (known !== undefined) return known;
    const found = sealed.find((key) => key.version === version);
    if (found === undefined) throw new SealError('its data key is not there');
    const dataKey = masterKeys.openDataKey(tenant, found);
    opened.set(version, dataKey);
    return dataKey;
  };
}
