import { ConfigError } from '@ai-switch/kernel';
import {
  createDataKey,
  type DataKey,
  type MasterKey,
  masterKeyOf,
  openDataKey,
  SealError,
  type SealedDataKey,
} from './credentials.ts';

/** The master keys that this process has: the newest seals, all of them open. */
export class MasterKeys {
  readonly #byId = new Map<string, MasterKey>();
  #newest: MasterKey;

  /** @throws ConfigError for a key that is none, and for one that stands twice */
  constructor(newest: Buffer, others: readonly Buffer[] = []) {
    this.#newest = masterKeyOf(newest);
    for (const key of [this.#newest, ...others.map(masterKeyOf)]) {
      if (this.#byId.has(key.id)) throw new ConfigError(`the master key ${key.id} is given twice`);
      this.#byId.set(key.id, key);
    }
  }

  get newestId(): string {
    return this.#newest.id;
  }

  get ids(): readonly string[] {
    return [...this.#byId.keys()];
  }

  /** From now on this one seals. */
  add(bytes: Buffer): string {
    const key = masterKeyOf(bytes);
    this.#byId.set(key.id, key);
    this.#newest = key;
    return key.id;
  }

  createDataKey(tenant: string, version: string): SealedDataKey {
    return createDataKey(this.#newest, tenant, version);
  }

  /** @throws SealError for one that none of the keys here has sealed */
  openDataKey(tenant: string, sealed: SealedDataKey): DataKey {
    const id = masterKeyIdOf(sealed.sealed);
    const key = this.#byId.get(id);
    if (key !== undefined) return openDataKey(key, tenant, sealed);
    throw new SealError(
      `the data key was sealed with the master key ${id}, and this process has ${this.ids.join(', ')}`,
    );
  }

  canOpen(tenant: string, sealed: SealedDataKey): boolean {
    try {
      this.openDataKey(tenant, sealed);
      return true;
    } catch (error) {
      if (error instanceof SealError) return false;
      throw error;
    }
  }

  /** The same data key, sealed with the newest master key. @throws SealError */
  rewrap(tenant: string, sealed: SealedDataKey): SealedDataKey {
    const { bytes } = this.openDataKey(tenant, sealed);
    return createDataKey(this.#newest, tenant, sealed.version, bytes);
  }
}

/** The `<kek>` of a sealed text. */
export function masterKeyIdOf(sealed: string): string {
  return sealed.split('.')[1] ?? '';
}

/** The `<dek>` of a sealed credential. */
export function dataKeyVersionOf(sealed: string): string {
  return sealed.split('.')[2] ?? '';
}

/** The credential as it stands when its data key has been sealed with another master key: only the name of that changes. */
export function underMasterKey(sealed: string, masterKeyId: string): string {
  return sealed.split('.').with(1, masterKeyId).join('.');
}
