// Who is calling. A key is refused with one and the same fault after the same work, whatever is wrong with it beyond
// its checksum, which tells nothing. When the store is down, keys used within the last seconds go on working
// (`key-cache.ts`); all others are refused as unavailable, never let in.

import type { KeyObject } from 'node:crypto';
import type { Auth, AuthenticateRequest, AuthenticateResponse, Caller } from '@ai-switch/contracts';
import { type Clock, Fault } from '@ai-switch/kernel';
import type { AuthDatabase } from './authority.ts';
import type { Callers, KeyRecord, KeyUse } from './callers.ts';
import { KeyCache } from './key-cache.ts';
import { digestOf, isSameDigest, readKey } from './key-rules.ts';
import { LastUse } from './last-use.ts';
import { noteLastUse } from './note-last-use.ts';
import { isUnitId } from './request-rules.ts';

/** Compared with when there is no such key, so that a miss costs what a wrong secret costs. */
const NO_DIGEST = '0'.repeat(64);

export interface AuthServiceOptions {
  readonly database: AuthDatabase;
  readonly callers: Callers;
  readonly clock: Clock;
  /** Kept outside the database (`key-rules.ts`). */
  readonly pepper?: KeyObject | undefined;
  /** Answers calls about sessions, rules and changes. */
  readonly others: Pick<Auth, 'authenticateSession' | 'getRules' | 'watchCallers'>;
  /** Hears of notes of last use that could not be written. */
  readonly onError: (error: unknown) => void;
  /** How long notes of last use wait for company, in ms. */
  readonly lastUseDelayMs?: number | undefined;
}

export class AuthService implements Auth {
  readonly authenticateSession: Auth['authenticateSession'];
  readonly getRules: Auth['getRules'];
  readonly watchCallers: Auth['watchCallers'];
  readonly #clock: Clock;
  readonly #pepper: KeyObject | undefined;
  readonly #keys: KeyCache;
  readonly #lastUse: LastUse;

  constructor({ database, callers, clock, pepper, others, onError, lastUseDelayMs }: AuthServiceOptions) {
    this.authenticateSession = others.authenticateSession;
    this.getRules = others.getRules;
    this.watchCallers = others.watchCallers;
    this.#clock = clock;
    this.#pepper = pepper;
    this.#keys = new KeyCache({ find: (use) => callers.ofKey(use), clock });
    this.#lastUse = new LastUse({
      write: (atMs, keyIds) => noteLastUse(database, atMs, keyIds),
      clock,
      onError,
      ...(lastUseDelayMs === undefined ? {} : { delayMs: lastUseDelayMs }),
    });
  }

  async authenticate({ key, projectId = '' }: AuthenticateRequest): Promise<AuthenticateResponse> {
    const presented = readKey(key);
    if (presented === undefined) throw refusal();
    const { keyId, secret } = presented;
    const use = { keyId, projectId: isUnitId(projectId) ? projectId : '' };
    const remembered = this.#keys.recall(use);
    const digest = digestOf(secret, this.#pepper);
    const isGood = (record: KeyRecord | undefined): record is KeyRecord =>
      this.#isSecretOf(record, digest) && record !== undefined && this.#isInForce(record);
    let record = remembered === undefined ? await this.#lookUp(use) : remembered.record;
    if (!isGood(record)) {
      if (remembered?.record === undefined) throw refusal();
      // What memory refuses is looked up as what nobody knows is: the time does not tell them apart, and a secret that
      // another process made a moment ago counts.
      record = await this.#lookUp(use);
      if (!isGood(record)) throw refusal();
    }
    if (projectId !== '' && record.caller.projectId !== projectId) throw strangeProject();
    this.#lastUse.note(keyId);
    return { caller: copyOf(record.caller), untilMs: this.#untilMs(record, digest) };
  }

  /** Something has changed that callers are made of. */
  forgetCallers(): void {
    this.#keys.forgetAll();
  }

  /** Writes the notes of last use that are still in memory. */
  close(): Promise<void> {
    return this.#lastUse.flush();
  }

  /** Both secrets are compared whatever the first says, and as many when there is no such key. */
  #isSecretOf(record: KeyRecord | undefined, digest: string): boolean {
    const isNewest = isSameDigest(digest, record?.digest ?? NO_DIGEST);
    const isOlder = isSameDigest(digest, record?.olderDigest || NO_DIGEST);
    return isNewest || (isOlder && this.#clock.nowMs() < (record?.olderUntilMs ?? 0));
  }

  async #lookUp(use: KeyUse): Promise<KeyRecord | undefined> {
    try {
      return await this.#keys.lookUp(use);
    } catch (cause) {
      if (cause instanceof Fault) throw cause;
      throw new Fault('unavailable', 'Keys cannot be checked at the moment. Please try again shortly.', {
        retryAfterMs: 1_000,
        cause,
      });
    }
  }

  #untilMs(record: KeyRecord, digest: string): bigint | undefined {
    const isNewest = isSameDigest(digest, record.digest);
    const untilMs = Math.min(record.expiresAtMs, isNewest ? Number.POSITIVE_INFINITY : record.olderUntilMs);
    return Number.isFinite(untilMs) ? BigInt(untilMs) : undefined;
  }

  #isInForce({ isRevoked, expiresAtMs }: KeyRecord): boolean {
    return !isRevoked && this.#clock.nowMs() < expiresAtMs;
  }
}

/** Callers in the same process may keep and change what they are given. What nobody has reason to change is shared. */
function copyOf(caller: Caller): Caller {
  return { ...caller, departmentIds: [...caller.departmentIds] };
}

function strangeProject(): Fault {
  return new Fault('forbidden', 'This API key may not draw on the project that the request names.', {
    details: { field: 'project' },
  });
}

function refusal(): Fault {
  return new Fault(
    'unauthenticated',
    'The API key is not valid: it is mistyped, unknown, expired or revoked. Please check it or ask for a new one.',
  );
}
