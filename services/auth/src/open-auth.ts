import { createSecretKey } from 'node:crypto';
import { Role } from '@ai-switch/contracts';
import { openDatabase } from '@ai-switch/db';
import { type Clock, ConfigError, systemClock } from '@ai-switch/kernel';
import type { Logger } from '@ai-switch/telemetry';
import { AuthService } from './auth.ts';
import { digestOf, makeKey } from './key-rules.ts';
import { type AuthSchema, migrations } from './schema.ts';
import { authStore } from './store.ts';

const FIRST_TENANT = 'default';
const FIRST_USER = 'root';
const PEPPER_CHARACTERS_MIN = 32;

export interface AuthOptions {
  /** `sqlite:<file>`, `sqlite::memory:` or `postgres://…` */
  readonly databaseUrl: string;
  readonly clock?: Clock;
  /**
   * A secret of 32 characters or more that stands outside the database: then whoever can write to the database alone
   * cannot make a key. Another pepper, or none, makes every key there is invalid.
   */
  readonly pepper?: string;
  readonly logger?: Logger;
  /** How long notes of last use wait for company, in ms; default 5,000. */
  readonly lastUseDelayMs?: number;
}

export interface OpenAuth {
  readonly auth: AuthService;
  /** The whole key of the first root user: only from the opening that found the database empty, and never again. */
  readonly firstRootKey?: string;
  /** A new key for the first root user, for who has lost his. */
  makeRootKey(): Promise<string>;
  close(): Promise<void>;
}

/**
 * Opens auth on its database, which is migrated first. On an empty one it makes the company `default`, its user `root`
 * and one key.
 * @throws ConfigError for a pepper that is too short, DatabaseError for a database that cannot be used.
 */
export async function openAuth(options: AuthOptions): Promise<OpenAuth> {
  const { databaseUrl, clock = systemClock, pepper: pepperText, logger, lastUseDelayMs } = options;
  if (pepperText !== undefined && pepperText.length < PEPPER_CHARACTERS_MIN) {
    throw new ConfigError(`the pepper has to have ${PEPPER_CHARACTERS_MIN} characters or more`);
  }
  const pepper = pepperText === undefined ? undefined : createSecretKey(pepperText, 'utf8');
  const database = await openDatabase<AuthSchema>({ url: databaseUrl, schema: 'auth', migrations });
  const store = authStore(database);
  const auth = new AuthService({
    store,
    clock,
    pepper,
    lastUseDelayMs,
    onError: (err) => logger?.warn({ err }, 'the last use of keys was not written'),
  });

  const makeFirstKey = async (): Promise<string | undefined> => {
    const nowMs = clock.nowMs();
    const { keyId, secret, text } = makeKey(nowMs);
    const key = { keyId, digest: digestOf(secret, pepper) };
    const made = await store.createTenant({ tenant: FIRST_TENANT, userName: FIRST_USER, nowMs, key });
    return made === undefined ? undefined : text;
  };

  const makeRootKey = async (): Promise<string> => {
    const root = await store.firstRootUser();
    if (root === undefined) throw new Error(`no user has the role ${Role.ROOT}`);
    const { tenant, userId } = root;
    const request = { tenant, userId, label: 'root key', models: [], expiresAtMs: undefined, projectId: '' };
    return (await auth.createKey(request)).plaintext;
  };

  const close = async (): Promise<void> => {
    await auth.close();
    await database.close();
  };

  try {
    const firstRootKey = await makeFirstKey();
    return { auth, makeRootKey, close, ...(firstRootKey === undefined ? {} : { firstRootKey }) };
  } catch (error) {
    await close();
    throw error;
  }
}
