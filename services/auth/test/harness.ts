import { type Auth, AuthDefinition, CreateKeyRequest, CreateUserRequest, Role } from '@ai-switch/contracts';
import { openDatabase } from '@ai-switch/db';
import { databases, type FreshDatabase, transports } from '@ai-switch/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest';
import { type OpenAuth, openAuth } from '../src/index.ts';
import { type AuthSchema, migrations } from '../src/schema.ts';

export const TENANT = 'default';
export const START_MS = 1_750_000_000_000;
export const PEPPER = 'a pepper of more than 32 characters';

/** An auth service on a database that is empty before each test. */
export class AuthSubject {
  readonly #kind: (typeof databases)[number];
  readonly #transport: (typeof transports)[number];
  #fresh: FreshDatabase | undefined;
  #current: { readonly opened: OpenAuth; readonly port: Auth } | undefined;
  readonly #closers: (() => Promise<void>)[] = [];
  clock = { now: START_MS, nowMs: () => this.clock.now };

  constructor(kind: (typeof databases)[number], transport: (typeof transports)[number]) {
    this.#kind = kind;
    this.#transport = transport;
    beforeAll(async () => {
      this.#fresh = await this.#kind.create();
    });
    beforeEach(async () => {
      this.clock.now = START_MS;
      await empty(this.databaseUrl);
      this.#current = await this.open();
    });
    afterEach(async () => {
      for (const close of this.#closers.splice(0)) await close();
    });
    afterAll(() => this.#fresh?.drop());
  }

  get databaseUrl(): string {
    return this.#fresh?.url ?? '';
  }

  get auth(): Auth {
    return this.#opened().port;
  }

  get opened(): OpenAuth {
    return this.#opened().opened;
  }

  /** One more process on the same database; closed after the test unless it was before. */
  async open(options: { pepper?: string; lastUseDelayMs?: number } = {}) {
    const another = await openAuth({ databaseUrl: this.databaseUrl, clock: this.clock, ...options });
    const { port, close } = await this.#transport.open(AuthDefinition, another.auth);
    let isOpen = true;
    const closeBoth = async () => {
      if (!isOpen) return;
      isOpen = false;
      await close();
      await another.close();
    };
    this.#closers.push(closeBoth);
    return { opened: another, port, close: closeBoth };
  }

  async makeUser(name: string, role: Role = Role.MEMBER) {
    const { user } = await this.auth.createUser(CreateUserRequest.create({ tenant: TENANT, name, role }));
    if (user === undefined) throw new Error('no user in the answer');
    return user;
  }

  async makeKeyFor(userId: string, options: Parameters<typeof CreateKeyRequest.create>[0] = {}) {
    const request = CreateKeyRequest.create({ tenant: TENANT, userId, ...options });
    const answer = await this.auth.createKey(request);
    if (answer.key === undefined) throw new Error('no key in the answer');
    return { key: answer.key, plaintext: answer.plaintext };
  }

  async root() {
    const { user } = await this.auth.getUser({ tenant: TENANT, user: 'root' });
    if (user === undefined) throw new Error('no root');
    return user;
  }

  #opened() {
    if (this.#current === undefined) throw new Error('auth is open during a test only');
    return this.#current;
  }
}

/** Runs the tests of `body` on every database over every transport. */
export function describeAuth(title: string, body: (subject: AuthSubject) => void): void {
  const cases = databases.flatMap((kind) => transports.map((transport) => ({ kind, transport })));
  describe.each(
    cases.map(({ kind, transport }) => ({ kind, transport, name: `${kind.name}, ${transport.name}` })),
  )(`${title} on $name`, ({ kind, transport }) => body(new AuthSubject(kind, transport)));
}

/** Deleting rows is many times faster than another database for each test. */
async function empty(url: string): Promise<void> {
  const { kysely, close } = await openDatabase<AuthSchema>({ url, schema: 'auth', migrations });
  for (const table of ['api_keys', 'users', 'tenants'] as const) await kysely.deleteFrom(table).execute();
  await close();
}
