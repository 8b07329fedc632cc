// How far a caller reaches. What is in a department is looked up through the organisation port on his behalf: what he does not
// see is not found, as if it were not there. Who may change what he sees:
//
//   a user's           who runs the department that the user is in, and has no lower role than he; nobody his own, unless
//                      he runs the company
//   a project's        who runs the department that the project belongs to
//   a department's     who runs a department above it: what bounds one's own is for those above
//   the company's      who runs the company

import { type Actor, type Organisation, type Page, Role, type Scope, Tier } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { isBelow } from '../words.ts';
import type { BucketName, Of, ProjectName, Right, ScopeName, Seen, UserName } from './in-scope.ts';

export interface Reaching {
  readonly actor: Actor;
  readonly role: Role;
  readonly scope: Scope;
}

export class Reach {
  readonly #organisation: Organisation;
  readonly #actor: Actor;
  readonly #role: Role;
  readonly #scope: Scope;

  constructor(organisation: Organisation, { actor, role, scope }: Reaching) {
    this.#organisation = organisation;
    this.#actor = actor;
    this.#role = role;
    this.#scope = scope;
  }

  get isWholeCompany(): boolean {
    return this.#scope.isWholeCompany;
  }

  /** By id or name. @throws Fault `notFound` */
  async user(idOrName: string): Promise<UserName & Seen> {
    const { user } = await this.#organisation.getUser({ actor: this.#actor, user: idOrName });
    if (user === undefined) throw new Fault('notFound', 'There is no such user.');
    return looked(
      {
        userId: user.userId,
        name: user.name,
        departmentIds: user.departmentIds,
        departmentPath: user.departmentPath,
        role: user.role,
      },
      'sees',
    );
  }

  /** As `user`, but for who runs the company also one who is gone, by his id: what he used stays on record. */
  async knownUser(idOrName: string): Promise<UserName & Seen> {
    return this.user(idOrName).catch((fault: unknown) => {
      if (!this.isWholeCompany || !(fault instanceof Fault) || fault.code !== 'notFound') throw fault;
      return looked(
        {
          userId: idOrName,
          name: '',
          departmentIds: [],
          departmentPath: '/',
          role: Role.UNSPECIFIED,
        },
        'sees',
      );
    });
  }

  /** A project that the caller runs or is a member of. @throws Fault `notFound` */
  async project(projectId: string): Promise<ProjectName & Seen> {
    if (!this.isWholeCompany) await this.#organisation.getProject({ actor: this.#actor, projectId });
    return looked({ projectId }, 'sees');
  }

  /**
   * A scope whose user may be named by his name.
   *
   * @throws Fault `invalid` for what is no scope, `notFound`, `forbidden` for what the caller sees and may not change
   */
  async scope<Wanted extends Right>(text: string, right: Wanted): Promise<ScopeName & Of<Wanted>> {
    const { kind, id } = splitName(text);
    if (text === 'company' || (kind === 'model' && id !== '')) {
      this.mustRunCompany();
      return looked({ scope: text, ...COMPANY }, right);
    }
    if (id === '') throw wrongScope();
    if (kind === 'user') return this.#users(await this.#userFor(id, right), right);
    if (kind === 'project') return this.#projects(id, right);
    if (kind === 'department') return this.#departments(id, right);
    throw wrongScope();
  }

  /**
   * A bucket but for a grant, which only the ledger knows whom it is for.
   *
   * @throws as `scope`
   */
  async bucket<Wanted extends Right>(text: string, right: Wanted): Promise<BucketName & Of<Wanted>> {
    const { kind, id } = splitName(text);
    if (text === 'platform') {
      this.mustRunCompany();
      return looked({ scope: '', ...COMPANY, bucket: text, tier: Tier.PLATFORM }, right);
    }
    if (kind === 'personal' && id !== '') {
      const { scope, departmentPath, userId } = await this.scope(`user:${id}`, right);
      const bucket = `personal:${scope.slice('user:'.length)}`;
      return looked({ scope, departmentPath, userId, bucket, tier: Tier.PERSONAL }, right);
    }
    const tier = text === 'company' ? Tier.CAP : id === '' ? undefined : TIERS_BY_KIND.get(kind);
    if (tier === undefined) throw wrongBucket();
    const { scope, departmentPath, userId } = await this.scope(text, right);
    return looked({ scope, departmentPath, userId, bucket: text, tier }, right);
  }

  /**
   * Of somebody's departments, the lowest that the caller has a role for and all above it, from there up.
   *
   * @param departmentIds from the top down
   */
  unitsAbove(departmentIds: readonly string[]): readonly string[] {
    const pathTo = (depth: number) => `/${departmentIds.slice(0, depth + 1).join('/')}/`;
    const own = departmentIds.findLastIndex((_, depth) =>
      this.#scope.departmentPaths.includes(pathTo(depth)),
    );
    return departmentIds.slice(0, own + 1).reverse();
  }

  /** Every scope below what the caller runs, for lists of a service that cannot be asked for them. */
  async scopes(): Promise<ReadonlySet<string>> {
    const actor = this.#actor;
    const scopes = new Set<string>();
    const addAll = async (read: (page: Page) => Promise<Listed>) => {
      let after = '';
      do {
        const { found, nextAfter } = await read({ after, limit: PAGE_ROWS });
        for (const scope of found) scopes.add(scope);
        after = nextAfter;
      } while (after !== '');
    };
    await addAll(async (page) => {
      const listed = await this.#organisation.listUsers({ actor, departmentId: '', namePrefix: '', page });
      return { ...listed, found: listed.users.map(({ userId }) => `user:${userId}`) };
    });
    await addAll(async (page) => {
      const listed = await this.#organisation.listDepartments({ actor, belowId: '', page });
      return { ...listed, found: listed.departments.map((each) => `department:${each.departmentId}`) };
    });
    await addAll(async (page) => {
      const listed = await this.#organisation.listProjects({ actor, page });
      const run = listed.projects.filter(({ departmentPath }) => this.#isRunning(departmentPath));
      return { ...listed, found: run.map(({ projectId }) => `project:${projectId}`) };
    });
    return scopes;
  }

  /** @throws Fault `forbidden` */
  mustRunCompany(): void {
    if (!this.isWholeCompany) throw forbidden('This is for who runs the company.');
  }

  #userFor(id: string, right: Right): Promise<UserName> {
    return right === 'sees' ? this.knownUser(id) : this.user(id);
  }

  #users<Wanted extends Right>(user: UserName, right: Wanted): ScopeName & Of<Wanted> {
    const { userId, departmentPath, role } = user;
    if (right === 'runs' && !this.isWholeCompany) {
      if (userId === this.#actor.userId) throw forbidden('Nobody changes his own.');
      if (!this.#isRunning(departmentPath)) throw forbidden('You do not run the department of this user.');
      if (isBelow(this.#role, role)) throw forbidden('This user has a higher role than you.');
    }
    // Nobody has quota any more who is gone.
    const isGone = user.name === '';
    return looked({ scope: `user:${userId}`, departmentPath, userId: isGone ? '' : userId }, right);
  }

  async #projects<Wanted extends Right>(id: string, right: Wanted): Promise<ScopeName & Of<Wanted>> {
    const path = await this.#pathOf(right, async () => {
      const { project } = await this.#organisation.getProject({ actor: this.#actor, projectId: id });
      return project?.departmentPath;
    });
    // Who is a member sees the project, and not what the others use of it.
    if (!this.#isRunning(path)) throw forbidden('You do not run the department that this project is of.');
    return looked({ scope: `project:${id}`, departmentPath: path, userId: '' }, right);
  }

  async #departments<Wanted extends Right>(id: string, right: Wanted): Promise<ScopeName & Of<Wanted>> {
    const path = await this.#pathOf(right, async () => {
      const { department } = await this.#organisation.getDepartment({
        actor: this.#actor,
        departmentId: id,
      });
      return department?.path;
    });
    if (right === 'runs' && !this.#isRunningAbove(path)) {
      throw forbidden('What bounds a department is for who runs one above it.');
    }
    return looked({ scope: `department:${id}`, departmentPath: path, userId: '' }, right);
  }

  /** Who runs the company sees what is on record of something that is gone. */
  async #pathOf(right: Right, look: () => Promise<string | undefined>): Promise<string> {
    try {
      return (await look()) ?? '/';
    } catch (fault) {
      const isGone = fault instanceof Fault && fault.code === 'notFound';
      if (right === 'sees' && isGone && this.isWholeCompany) return '/';
      throw fault;
    }
  }

  #isRunning(path: string): boolean {
    return this.isWholeCompany || this.#scope.departmentPaths.some((above) => path.startsWith(above));
  }

  #isRunningAbove(path: string): boolean {
    return (
      this.isWholeCompany ||
      this.#scope.departmentPaths.some((above) => path !== above && path.startsWith(above))
    );
  }
}

const PAGE_ROWS = 1_000;

interface Listed {
  readonly found: readonly string[];
  readonly nextAfter: string;
}

const COMPANY = { departmentPath: '/', userId: '' } as const;

const TIERS_BY_KIND: ReadonlyMap<string, Tier> = new Map([
  ['project', Tier.PROJECT],
  ['department', Tier.CAP],
  ['model', Tier.CAP],
]);

/** What stands before the first colon and what stands after it: a model's name may have further ones. */
export function splitName(text: string): { readonly kind: string; readonly id: string } {
  const colon = text.indexOf(':');
  return colon === -1 ? { kind: text, id: '' } : { kind: text.slice(0, colon), id: text.slice(colon + 1) };
}

/** The one place that says of a name that it was looked up. */
function looked<Name, Wanted extends Right>(name: Name, _right: Wanted): Name & Of<Wanted> {
  return name as Name & Of<Wanted>;
}

function wrongScope(): Fault {
  return new Fault(
    'invalid',
    'The scope must be `company`, `department:<id>`, `project:<id>` or `user:<user>`.',
    { details: { field: 'scope' } },
  );
}

function wrongBucket(): Fault {
  return new Fault(
    'invalid',
    'A bucket is `personal:<user>`, `project:<id>`, `department:<id>`, `model:<name>`, `grant:<id>`, `company` or `platform`.',
    { details: { field: 'bucket' } },
  );
}

function forbidden(message: string): Fault {
  return new Fault('forbidden', message);
}
