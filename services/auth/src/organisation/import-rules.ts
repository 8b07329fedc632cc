// What an import would add to what is there. It is planned whole before anything is written, so that every bad line is
// reported at once and nothing is half done.

import { type ImportLine, type ImportProblem, Role } from '@ai-switch/contracts';
import { Fault, newId } from '@ai-switch/kernel';
import { checkName, checkTitle, checkUnitId } from '../request-rules.ts';
import { DEPTH_MAX, pathBelow } from './tree.ts';

/** What there is already. */
export interface Present {
  /** Path of a department by the names from the top down, joined by `/`; '' is the company's `/`. */
  readonly departments: ReadonlyMap<string, string>;
  /** By name: those in sight, and those out of sight without a path. */
  readonly users: ReadonlyMap<string, { readonly userId: string; readonly path: string | undefined }>;
  /** By id; those out of sight without a path. */
  readonly projects: ReadonlyMap<string, { readonly path: string | undefined }>;
  /** `<user id> <role> <department id>` */
  readonly grants: ReadonlySet<string>;
  /** `<project id> <user id>` */
  readonly members: ReadonlySet<string>;
}

export interface Plan {
  readonly problems: readonly ImportProblem[];
  readonly departments: readonly {
    readonly departmentId: string;
    readonly parentId: string;
    readonly parentPath: string;
    readonly name: string;
  }[];
  readonly users: readonly { readonly userId: string; readonly name: string; readonly path: string }[];
  readonly grants: readonly {
    readonly userId: string;
    readonly name: string;
    readonly role: Role;
    readonly departmentId: string;
    readonly path: string;
  }[];
  readonly projects: readonly { readonly projectId: string; readonly path: string }[];
  readonly members: readonly {
    readonly projectId: string;
    readonly projectPath: string;
    readonly userId: string;
    readonly name: string;
  }[];
  readonly linesUnchanged: number;
}

const ROLES: Readonly<Record<string, Role | undefined>> = {
  '': Role.MEMBER,
  member: Role.MEMBER,
  departmentAdmin: Role.DEPARTMENT_ADMIN,
  companyAdmin: Role.COMPANY_ADMIN,
};

/** @param mayGrant throws a Fault for what the actor may not give or run */
export function planImport(
  lines: readonly ImportLine[],
  present: Present,
  mayGrant: (role: Role, path: string) => void,
  nowMs: number,
): Plan {
  const planner = new Planner(present, mayGrant, nowMs);
  for (const line of lines) planner.add(line);
  return planner;
}

class Planner implements Plan {
  readonly problems: ImportProblem[] = [];
  readonly departments: Plan['departments'][number][] = [];
  readonly users: Plan['users'][number][] = [];
  readonly grants: Plan['grants'][number][] = [];
  readonly projects: Plan['projects'][number][] = [];
  readonly members: Plan['members'][number][] = [];
  linesUnchanged = 0;
  readonly #mayGrant: (role: Role, path: string) => void;
  readonly #nowMs: number;
  readonly #paths: Map<string, string>;
  readonly #usersByName: Map<string, { readonly userId: string; readonly path: string | undefined }>;
  readonly #projectsById: Map<string, { readonly path: string | undefined }>;
  readonly #granted: Set<string>;
  readonly #joined: Set<string>;

  constructor(present: Present, mayGrant: (role: Role, path: string) => void, nowMs: number) {
    this.#mayGrant = mayGrant;
    this.#nowMs = nowMs;
    this.#paths = new Map([['', '/'], ...present.departments]);
    this.#usersByName = new Map(present.users);
    this.#projectsById = new Map(present.projects);
    this.#granted = new Set(present.grants);
    this.#joined = new Set(present.members);
  }

  add(line: ImportLine): void {
    const before = this.#size;
    try {
      const path = this.#column('department', () => this.#department(line.department));
      if (line.user === '') this.#column('user', () => this.#checkWithoutUser(line));
      else this.#user(line, path);
      if (this.#size === before) this.linesUnchanged += 1;
    } catch (error) {
      if (!(error instanceof BadColumn)) throw error;
      this.problems.push({ line: line.line, column: error.column, problem: error.message });
    }
  }

  get #size(): number {
    return (
      this.departments.length +
      this.users.length +
      this.grants.length +
      this.projects.length +
      this.members.length
    );
  }

  #department(names: readonly string[]): string {
    if (names.length > DEPTH_MAX) throw bad(`a department is at most ${DEPTH_MAX} deep below the company`);
    let [key, path, parentId] = ['', '/', ''];
    for (const name of names) {
      checkTitle(name);
      key = key === '' ? name : `${key}/${name}`;
      const known = this.#paths.get(key);
      if (known === undefined) {
        this.#mayGrant(Role.MEMBER, path);
        const departmentId = newId('dep', this.#nowMs);
        this.departments.push({ departmentId, parentId, parentPath: path, name });
        this.#paths.set(key, pathBelow(path, departmentId));
      }
      path = this.#paths.get(key) ?? '/';
      parentId = path.split('/').at(-2) ?? '';
    }
    return path;
  }

  #checkWithoutUser({ role, projects, department }: ImportLine): void {
    if (role !== '' || projects.length > 0) throw bad('a role or a project needs a user');
    if (department.length === 0) throw bad('the line names neither a department nor a user');
  }

  #user({ user: name, department, role: word, projects }: ImportLine, path: string): void {
    const userId = this.#column('user', () => this.#userAt(name, path));
    this.#column('role', () => this.#role(word, { userId, name }, department, path));
    for (const projectId of projects) {
      this.#column('projects', () => this.#member(projectId, { userId, name }, path));
    }
  }

  #userAt(name: string, path: string): string {
    checkName(name);
    const known = this.#usersByName.get(name);
    if (known === undefined) {
      this.#mayGrant(Role.MEMBER, path);
      const user = { userId: newId('usr', this.#nowMs), name, path };
      this.users.push(user);
      this.#usersByName.set(name, user);
      return user.userId;
    }
    if (known.path !== path) throw bad('a user of this name is there already, in another department');
    return known.userId;
  }

  #role(
    word: string,
    user: { readonly userId: string; readonly name: string },
    department: readonly string[],
    path: string,
  ): void {
    const role = ROLES[word];
    if (role === undefined) throw bad('a role is member, departmentAdmin or companyAdmin');
    if (role === Role.MEMBER) return;
    if (role === Role.DEPARTMENT_ADMIN && department.length === 0) {
      throw bad('a departmentAdmin is one of a department: the line names none');
    }
    const isOfDepartment = role === Role.DEPARTMENT_ADMIN;
    const [departmentId, runs] = isOfDepartment ? [path.split('/').at(-2) ?? '', path] : ['', '/'];
    this.#mayGrant(role, runs);
    const key = `${user.userId} ${role} ${departmentId}`;
    if (this.#granted.has(key)) return;
    this.#granted.add(key);
    this.grants.push({ ...user, role, departmentId, path: runs });
  }

  #member(projectId: string, user: { readonly userId: string; readonly name: string }, path: string): void {
    checkUnitId('projects', projectId);
    const known = this.#projectsById.get(projectId);
    if (known === undefined) {
      this.#mayGrant(Role.MEMBER, path);
      this.projects.push({ projectId, path });
      this.#projectsById.set(projectId, { path });
    } else if (known.path === undefined)
      throw bad('a project of this id is there already, out of your sight');
    else this.#mayGrant(Role.MEMBER, known.path);
    const key = `${projectId} ${user.userId}`;
    if (this.#joined.has(key)) return;
    this.#joined.add(key);
    this.members.push({ projectId, projectPath: known?.path ?? path, ...user });
  }

  #column<Result>(column: string, work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      if (error instanceof Fault) throw new BadColumn(column, error.message);
      throw error;
    }
  }
}

class BadColumn extends Error {
  readonly column: string;

  constructor(column: string, problem: string) {
    super(problem);
    this.column = column;
  }
}

function bad(problem: string): Fault {
  return new Fault('invalid', problem);
}
