import {
  type AccessPolicies,
  AccessPoliciesDefinition,
  type Actor,
  type Auth,
  AuthDefinition,
  CreateDepartmentRequest,
  CreateKeyRequest,
  CreateUserRequest,
  type Organisation,
  OrganisationDefinition,
  Role,
  type User,
} from '@ai-switch/contracts';
import { openDatabase } from '@ai-switch/db';
import { databases, type FreshDatabase, transports } from '@ai-switch/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest';
import { type AuthOptions, type OpenAuth, openAuth } from '../src/index.ts';
import { type AuthSchema, migrations, scopedTables } from '../src/schema.ts';

export const TENANT = 'default';
export const START_MS = 1_750_000_000_000;
export const PEPPER = 'a pepper of more than 32 characters';

type KeyOptions = Omit<NonNullable<Parameters<typeof CreateKeyRequest.create>[0]>, 'actor' | 'userId'>;

/** An auth service on a database that is empty before each test. */
export class AuthSubject {
  readonly #kind: (typeof databases)[number];
  readonly #transport: (typeof transports)[number];
  #fresh: FreshDatabase | undefined;
  #current:
    | {
        readonly opened: OpenAuth;
        readonly port: Auth;
        readonly organisation: Organisation;
        readonly accessPolicies: AccessPolicies;
      }
    | undefined;
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

  get organisation(): Organisation {
    return this.#opened().organisation;
  }

  get accessPolicies(): AccessPolicies {
    return this.#opened().accessPolicies;
  }

  get opened(): OpenAuth {
    return this.#opened().opened;
  }

  /** Who runs everything. */
  get root(): Actor {
    return this.opened.root;
  }

  /** One more process on the same database; closed after the test unless it was before. */
  async open(options: Partial<AuthOptions> = {}) {
    const another = await openAuth({ databaseUrl: this.databaseUrl, clock: this.clock, ...options });
    const auth = await this.#transport.open(AuthDefinition, another.auth);
    const organisation = await this.#transport.open(OrganisationDefinition, another.organisation);
    const policies = await this.#transport.open(AccessPoliciesDefinition, another.accessPolicies);
    let isOpen = true;
    const close = async () => {
      if (!isOpen) return;
      isOpen = false;
      await auth.close();
      await organisation.close();
      await policies.close();
      await another.close();
    };
    this.#closers.push(close);
    return {
      opened: another,
      port: auth.port,
      organisation: organisation.port,
      accessPolicies: policies.port,
      close,
    };
  }

  async makeUser(
    name: string,
    options: { readonly role?: Role; readonly departmentId?: string; readonly actor?: Actor } = {},
  ): Promise<User> {
    const { role = Role.MEMBER, departmentId = '', actor = this.root } = options;
    const request = CreateUserRequest.create({ actor, name, departmentId });
    const { user } = await this.organisation.createUser(request);
    if (user === undefined) throw new Error('no user in the answer');
    if (role === Role.MEMBER) return user;
    const runs = role === Role.DEPARTMENT_ADMIN ? departmentId : '';
    const { userId } = user;
    await this.organisation.grantRole({ actor: this.root, userId, role, departmentId: runs });
    return this.user(userId);
  }

  async user(idOrName: string, actor: Actor = this.root): Promise<User> {
    const { user } = await this.organisation.getUser({ actor, user: idOrName });
    if (user === undefined) throw new Error('no user in the answer');
    return user;
  }

  /** One below the other, from the top down; an id is the name with `dep-` before it. */
  async makeBranch(...names: readonly string[]): Promise<void> {
    let parentId = '';
    for (const name of names) {
      const departmentId = `dep-${name}`;
      const request = { actor: this.root, departmentId, parentId, name };
      await this.organisation.createDepartment(CreateDepartmentRequest.create(request));
      parentId = departmentId;
    }
  }

  async makeKeyFor(userId: string, options: KeyOptions = {}, actor: Actor = this.root) {
    const request = CreateKeyRequest.create({ actor, userId, ...options });
    const answer = await this.organisation.createKey(request);
    if (answer.key === undefined) throw new Error('no key in the answer');
    return { key: answer.key, plaintext: answer.plaintext };
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
  for (const table of Object.keys(scopedTables) as (keyof typeof scopedTables)[]) {
    await kysely.deleteFrom(table).execute();
  }
  await close();
}
