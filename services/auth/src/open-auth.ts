import { createSecretKey } from 'node:crypto';
import {
  type AccessPolicies,
  type Actor,
  type Auth,
  KeyScope,
  type Organisation,
  type SignIn,
} from '@ai-switch/contracts';
import { ChangeFeed, numberChange, openScopedDatabase } from '@ai-switch/db';
import { type LogSink, type Outbox, openOutbox } from '@ai-switch/event-log';
import { type Clock, ConfigError, systemClock } from '@ai-switch/kernel';
import type { Redis } from '@ai-switch/redis';
import { createLogger, type Logger } from '@ai-switch/telemetry';
import { DialGuard, guardedFetch } from '@ai-switch/upstream';
import { AuthService } from './auth.ts';
import type { AuthDatabase } from './authority.ts';
import { Callers } from './callers.ts';
import { firstRootUser, makeFirstCompany } from './first-start.ts';
import { digestOf, makeKey } from './key-rules.ts';
import { organisationPort } from './organisation/organisation.ts';
import { accessPoliciesPort } from './policy/policies.ts';
import { ruleCalls } from './policy/rule-sets.ts';
import { type AuthSchema, migrations, scopedTables } from './schema.ts';
import { type AttemptCounter, attemptsInMemory } from './sign-in/attempts.ts';
import type { SignInContext } from './sign-in/context.ts';
import { setOneTimePassword } from './sign-in/passwords.ts';
import { secretBox } from './sign-in/secret-box.ts';
import { sessionAuthenticator } from './sign-in/sessions.ts';
import { attemptsOnRedis } from './sign-in/shared-attempts.ts';
import { signInPort } from './sign-in/sign-in.ts';

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
  /** 32 random bytes that stand outside the database; without them no identity provider's client secret is kept. */
  readonly secret?: Buffer;
  /** Networks that are not of the public internet in which identity providers may be; none unless told otherwise. */
  readonly upstreamNetworks?: readonly string[];
  /** Where it counts wrong passwords together with other replicas; alone unless told otherwise. */
  readonly redis?: Redis;
  /** How long notes of last use wait for company, in ms; default 5,000. */
  readonly lastUseDelayMs?: number;
}

export interface OpenAuth {
  readonly auth: Auth;
  readonly organisation: Organisation;
  readonly accessPolicies: AccessPolicies;
  readonly signIn: SignIn;
  /** For who proves what is in it: every other way to its rows is a port. */
  readonly database: AuthDatabase;
  /** The root user who is there the longest, in his company. */
  readonly root: Actor;
  /** The whole key of the first root user: only from the opening that found the database empty, and never again. */
  readonly firstRootKey?: string;
  /** A new key for the first root user, for who has lost his. */
  makeRootKey(): Promise<string>;
  /** A new password for him, which he has to change when he signs in. */
  makeRootPassword(): Promise<string>;
  /** Sends the events of changes from now on; to be closed before this. Until then they wait in the database. */
  sendEvents(sink: LogSink): Outbox;
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
  let outbox: Outbox | undefined;
  const database = await openScopedDatabase<AuthSchema, typeof scopedTables>({
    url: databaseUrl,
    schema: 'auth',
    migrations,
    tables: scopedTables,
    onWrite: (trx, { tenant }) => numberChange(trx, tenant),
    onCommit: () => outbox?.poke(),
  });
  if (!database.hasSecondWall && databaseUrl.startsWith('postgres')) {
    logger?.warn(
      'PostgreSQL does not bound this connection by row-level security: connect as a role that is no superuser',
    );
  }
  const callers = new Callers(database);
  const guard = new DialGuard(options.upstreamNetworks ?? []);
  const signInContext: SignInContext = {
    database,
    callers,
    clock,
    attempts: attemptsOf(clock, options.redis),
    secrets: secretBox(options.secret),
    fetch: (address, init) => guardedFetch(guard, address, init),
  };
  const feed = new ChangeFeed({
    kysely: database.asSystem('upkeep'),
    onChanges: () => auth.forgetCallers(),
    onError: (err) => logger?.warn({ err }, 'changes of callers cannot be read'),
  });
  const auth: AuthService = new AuthService({
    database,
    callers,
    clock,
    pepper,
    lastUseDelayMs,
    others: {
      ...sessionAuthenticator(signInContext),
      ...ruleCalls(database),
      watchCallers: async (request) => ({ changes: await feed.watch(request) }),
    },
    onError: (err) => logger?.warn({ err }, 'the last use of keys was not written'),
  });
  const onChange = () => {
    auth.forgetCallers();
    feed.poke();
  };
  const organisation = organisationPort({ database, clock, pepper, onChange });
  const accessPolicies = accessPoliciesPort({ database, clock, onChange });
  const signIn = signInPort(signInContext);

  const close = async (): Promise<void> => {
    await feed.close();
    await auth.close();
    await database.close();
  };

  try {
    const nowMs = clock.nowMs();
    const { keyId, secret, text } = makeKey(nowMs);
    const isFirst = await makeFirstCompany(database, nowMs, { keyId, digest: digestOf(secret, pepper) });
    const root = await firstRootUser(database);
    if (root === undefined) throw new Error('there is no root user');
    const makeRootKey = async () =>
      (
        await organisation.createKey({
          actor: root,
          userId: root.userId,
          label: 'root key',
          models: [],
          networks: [],
          scopes: [KeyScope.INFERENCE, KeyScope.ADMIN],
          expiresAtMs: undefined,
          projectId: '',
        })
      ).plaintext;
    return {
      database,
      auth,
      organisation,
      accessPolicies,
      signIn,
      root,
      makeRootKey,
      makeRootPassword: () =>
        setOneTimePassword(
          database,
          { userId: root.userId, changer: { ...root, requestId: '', clientAddress: '' } },
          clock.nowMs(),
        ),
      sendEvents: (sink) => {
        outbox = openOutbox({
          service: 'auth',
          database: {
            kysely: database.asSystem('upkeep'),
            transaction: (work) => database.transactionAsSystem('upkeep', work),
          },
          sink,
          logger: logger ?? createLogger({ service: 'auth', level: 'warn' }),
        });
        return outbox;
      },
      close,
      ...(isFirst ? { firstRootKey: text } : {}),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function attemptsOf(clock: Clock, redis: Redis | undefined): AttemptCounter {
  const own = attemptsInMemory(clock);
  return redis === undefined ? own : attemptsOnRedis({ redis, own });
}
