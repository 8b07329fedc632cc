// Who is calling. A key is refused with one and the same fault after the same work, whatever is wrong with it beyond
// its checksum, which tells nothing. When the store is down, keys used within the last seconds go on working
// (`key-cache.ts`); all others are refused as unavailable, never let in.

import type { KeyObject } from 'node:crypto';
import type {
  Auth,
  AuthenticateRequest,
  AuthenticateResponse,
  CreateKeyRequest,
  CreateKeyResponse,
  CreateUserRequest,
  CreateUserResponse,
  GetUserRequest,
  GetUserResponse,
  ListKeysRequest,
  ListKeysResponse,
  ListUsersRequest,
  ListUsersResponse,
  RemoveUserRequest,
  RemoveUserResponse,
  RevokeKeyRequest,
  RevokeKeyResponse,
  UpdateUserRequest,
  UpdateUserResponse,
} from '@ai-switch/contracts';
import { type Clock, Fault } from '@ai-switch/kernel';
import { KeyCache } from './key-cache.ts';
import { digestOf, isSameDigest, makeKey, readKey } from './key-rules.ts';
import { LastUse } from './last-use.ts';
import {
  checkDepartments,
  checkExpiry,
  checkId,
  checkLabel,
  checkModels,
  checkName,
  checkProject,
  checkRole,
  readPage,
} from './request-rules.ts';
import type { AuthStore, KeyRecord } from './store.ts';

/** Compared with when there is no such key, so that a miss costs what a wrong secret costs. */
const NO_DIGEST = '0'.repeat(64);

export interface AuthServiceOptions {
  readonly store: AuthStore;
  readonly clock: Clock;
  /** Kept outside the database (`key-rules.ts`). */
  readonly pepper?: KeyObject | undefined;
  /** Hears of notes of last use that could not be written. */
  readonly onError: (error: unknown) => void;
  /** How long notes of last use wait for company, in ms. */
  readonly lastUseDelayMs?: number | undefined;
}

export class AuthService implements Auth {
  readonly #store: AuthStore;
  readonly #clock: Clock;
  readonly #pepper: KeyObject | undefined;
  readonly #keys: KeyCache;
  readonly #lastUse: LastUse;

  constructor({ store, clock, pepper, onError, lastUseDelayMs }: AuthServiceOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#pepper = pepper;
    this.#keys = new KeyCache({ find: (keyId) => store.findKey(keyId), clock });
    this.#lastUse = new LastUse({
      write: (atMs, keyIds) => store.noteLastUse(atMs, keyIds),
      clock,
      onError,
      ...(lastUseDelayMs === undefined ? {} : { delayMs: lastUseDelayMs }),
    });
  }

  async authenticate({ key }: AuthenticateRequest): Promise<AuthenticateResponse> {
    const presented = readKey(key);
    if (presented === undefined) throw refusal();
    const { keyId, secret } = presented;
    const remembered = this.#keys.recall(keyId);
    const record = remembered === undefined ? await this.#lookUp(keyId) : remembered.record;
    const isSecret = isSameDigest(digestOf(secret, this.#pepper), record?.digest ?? NO_DIGEST);
    if (record === undefined || !isSecret || !this.#isInForce(record)) throw refusal();
    this.#lastUse.note(keyId);
    // A copy, for callers in the same process may keep and change what they are given.
    const { models, departmentIds } = record.caller;
    return { caller: { ...record.caller, models: [...models], departmentIds: [...departmentIds] } };
  }

  async createUser(request: CreateUserRequest): Promise<CreateUserResponse> {
    const { tenant, name, role, departmentIds } = request;
    checkId('tenant', tenant);
    checkName(name);
    checkRole(role);
    checkDepartments(departmentIds);
    const nowMs = this.#clock.nowMs();
    const user = await this.#store.createUser({ tenant, name, role, departmentIds, nowMs });
    if (user.role !== role) throw new Fault('conflict', 'A user of this name has another role.');
    const isElsewhere = departmentIds.join() !== user.departmentIds.join();
    if (departmentIds.length > 0 && isElsewhere) {
      throw new Fault('conflict', 'A user of this name is in other departments. Please move him instead.');
    }
    return { user };
  }

  async updateUser({ tenant, userId, departmentIds }: UpdateUserRequest): Promise<UpdateUserResponse> {
    checkId('tenant', tenant);
    checkId('userId', userId);
    checkDepartments(departmentIds);
    const moved = await this.#store.moveUser(tenant, userId, departmentIds);
    if (moved === undefined) throw new Fault('notFound', 'There is no such user.');
    for (const keyId of moved.keyIds) this.#keys.forget(keyId);
    return { user: moved.user };
  }

  async getUser({ tenant, user: idOrName }: GetUserRequest): Promise<GetUserResponse> {
    checkId('tenant', tenant);
    checkId('user', idOrName);
    const user = await this.#store.findUser(tenant, idOrName);
    if (user === undefined) throw new Fault('notFound', 'There is no such user.');
    return { user };
  }

  async listUsers({ tenant, page }: ListUsersRequest): Promise<ListUsersResponse> {
    checkId('tenant', tenant);
    const { items, nextAfter } = await this.#store.listUsers(tenant, readPage(page));
    return { users: items, nextAfter };
  }

  async removeUser({ tenant, userId }: RemoveUserRequest): Promise<RemoveUserResponse> {
    checkId('tenant', tenant);
    checkId('userId', userId);
    const keyIds = await this.#store.removeUser(tenant, userId, this.#clock.nowMs());
    for (const keyId of keyIds) this.#keys.forget(keyId);
    return { keysRevoked: keyIds.length };
  }

  async createKey(request: CreateKeyRequest): Promise<CreateKeyResponse> {
    const { tenant, userId, label, models, expiresAtMs, projectId } = request;
    checkId('tenant', tenant);
    checkId('userId', userId);
    checkLabel(label);
    checkModels(models);
    checkProject(projectId);
    const nowMs = this.#clock.nowMs();
    checkExpiry(expiresAtMs, nowMs);
    const { keyId, secret, text } = makeKey(nowMs);
    const digest = digestOf(secret, this.#pepper);
    const key = await this.#store.createKey({
      keyId,
      tenant,
      userId,
      digest,
      label,
      models,
      projectId,
      expiresAtMs,
      nowMs,
    });
    return { key, plaintext: text };
  }

  async listKeys({ tenant, userId, page }: ListKeysRequest): Promise<ListKeysResponse> {
    checkId('tenant', tenant);
    if (userId !== '') checkId('userId', userId);
    const { items, nextAfter } = await this.#store.listKeys(tenant, userId, readPage(page));
    return { keys: items, nextAfter };
  }

  async revokeKey({ tenant, keyId }: RevokeKeyRequest): Promise<RevokeKeyResponse> {
    checkId('tenant', tenant);
    checkId('keyId', keyId);
    const key = await this.#store.revokeKey(tenant, keyId, this.#clock.nowMs());
    if (key === undefined) throw new Fault('notFound', 'There is no such key.');
    this.#keys.forget(keyId);
    return { key };
  }

  /** Writes the notes of last use that are still in memory. */
  close(): Promise<void> {
    return this.#lastUse.flush();
  }

  async #lookUp(keyId: string): Promise<KeyRecord | undefined> {
    try {
      return await this.#keys.lookUp(keyId);
    } catch (cause) {
      if (cause instanceof Fault) throw cause;
      throw new Fault('unavailable', 'Keys cannot be checked at the moment. Please try again shortly.', {
        retryAfterMs: 1_000,
        cause,
      });
    }
  }

  #isInForce({ isRevoked, expiresAtMs }: KeyRecord): boolean {
    return !isRevoked && this.#clock.nowMs() < expiresAtMs;
  }
}

function refusal(): Fault {
  return new Fault(
    'unauthenticated',
    'The API key is not valid: it is mistyped, unknown, expired or revoked. Please check it or ask for a new one.',
  );
}
