// In random trees, for random people: nothing outside of what one sees is read, found, counted, changed or named, not even in
// an error. REACH_TREES=1000 tries that many. A failing run prints its seed.

import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Admin, openAdmin } from './admin.ts';
import { recordAccess, type World } from './permissions/world.ts';

const TREES = Number(process.env.REACH_TREES ?? 8);
const DEPTH_MAX = 3;

interface Plan {
  /** Of each department: which one before it is above it; 0 is the company. */
  readonly parents: readonly number[];
  /** Of each user and of each project: which department; 0 is the company. */
  readonly homes: readonly number[];
  readonly projectHomes: readonly number[];
  /** Who asks, and which department he runs; 0 is none. */
  readonly asker: number;
  readonly runs: number;
}

const plan: fc.Arbitrary<Plan> = fc.record({
  parents: fc.array(fc.nat(6), { minLength: 2, maxLength: 7 }),
  homes: fc.array(fc.nat(6), { minLength: 3, maxLength: 6 }),
  projectHomes: fc.array(fc.nat(6), { minLength: 1, maxLength: 3 }),
  asker: fc.nat(5),
  runs: fc.nat(6),
});

let admin: Admin;
let trees = 0;
beforeAll(async () => {
  admin = await openAdmin();
});
afterAll(() => admin[Symbol.asyncDispose]());

it(
  'what one does not see stays unseen, uncounted, unnamed and as it was',
  async () => {
    await fc.assert(
      fc.asyncProperty(plan, async (drawn) => {
        const company = await build(drawn);
        const { unseen } = company;
        const before = await snapshot(company);
        const ask = (route: string, body?: unknown) =>
          admin.ask(route, body, { 'x-api-key': company.askerKey });

        for (const route of LISTS) {
          const { text } = await ask(route);
          for (const secret of [...unseen.names, ...unseen.ids])
            expect(text.includes(secret), `${route} answered ${secret}`).toBe(false);
        }
        const used = (await ask(`GET /usage?by=user&${SPAN()}`)).body.items ?? [];
        expect(used.map(({ key }) => key).sort()).toEqual([...company.seenUsers].sort());

        for (const [route, body] of aimedAt(company)) {
          const { status, text } = await ask(route, body);
          expect([route, [403, 404].includes(status) ? 'refused' : `${status} ${text}`]).toEqual([
            route,
            'refused',
          ]);
          const said = JSON.stringify([route, body ?? '']);
          for (const secret of [...unseen.names, ...unseen.ids]) {
            if (!said.includes(secret))
              expect(text.includes(secret), `${route} answered ${secret}`).toBe(false);
          }
        }
        expect(await snapshot(company)).toEqual(before);
      }),
      { numRuns: TREES },
    );
  },
  TREES * 20_000,
);

const SPAN = () => `fromMs=${Date.now() - 3_600_000}&untilMs=${Date.now() + 3_600_000}`;

const LISTS = [
  'GET /departments',
  'GET /users?limit=1000',
  'GET /role-grants',
  'GET /projects',
  'GET /keys',
  'GET /quotas',
  'GET /buckets?limit=1000',
  'GET /quota-requests',
  'GET /access-policies',
  'GET /rule-sets',
  'GET /rule-hits',
  'GET /sessions',
  'GET /access-log?limit=1000',
  'GET /audit-events?limit=1000',
  'GET /session',
] as const;

interface Company {
  readonly tenant: string;
  readonly askerKey: string;
  readonly seenUsers: readonly string[];
  readonly unseen: {
    readonly departments: readonly string[];
    readonly users: readonly string[];
    readonly projects: readonly string[];
    readonly names: readonly string[];
    readonly ids: readonly string[];
  };
}

async function build({ parents, homes, projectHomes, asker, runs }: Plan): Promise<Company> {
  trees += 1;
  const tenant = `tree-${trees}`;
  const root = (route: string, body?: unknown) => {
    const [method, path = ''] = route.split(' ');
    return admin.ask(`${method} ${path}${path.includes('?') ? '&' : '?'}company=${tenant}`, body);
  };
  await admin.ask('POST /companies', { company: tenant, name: tenant });

  const departments: { readonly id: string; readonly name: string; readonly path: string }[] = [];
  for (const [index, drawn] of parents.entries()) {
    const above = departments[(drawn % (index + 1)) - 1];
    const isTooDeep = (above?.path.split('/').length ?? 2) - 2 >= DEPTH_MAX;
    const parent = isTooDeep ? undefined : above;
    const [id, name] = [`dep-${trees}x${index}x`, `Zq-dep-${trees}y${index}y`];
    const { body } = await root('POST /departments', {
      departmentId: id,
      name,
      ...(parent !== undefined && { parentId: parent.id }),
    });
    departments.push({ id, name, path: String(body.path) });
    await root(`PUT /buckets/department:${id}`, { limits: { output: 1_000 } });
    await root(`PUT /access-policies/department:${id}`, { isCachingAllowed: true });
    await root('POST /rule-sets', { name: `Zq-rules-${trees}y${index}y`, departmentId: id, rules: [] });
  }
  const at = (drawn: number) => departments[(drawn % (departments.length + 1)) - 1];

  const users: { readonly id: string; readonly name: string; readonly path: string }[] = [];
  for (const [index, drawn] of homes.entries()) {
    const name = `zq-user-${trees}y${index}y`;
    const home = at(drawn);
    const { body } = await root('POST /users', {
      name,
      ...(home !== undefined && { departmentId: home.id }),
    });
    const target = { tenant, userId: body.userId, departmentPath: String(body.departmentPath) };
    users.push({ id: body.userId, name, path: target.departmentPath });
    await root('POST /keys', { user: name, label: `zq-label-${trees}y${index}y` });
    await root(`PUT /buckets/personal:${name}`, {
      limits: { output: 10 },
      note: `zq-note-${trees}y${index}y`,
    });
    await recordAccess(records(), { ...target, place: 'own', departmentId: '', projectId: '' });
  }
  const projects: { readonly id: string; readonly name: string; readonly path: string }[] = [];
  for (const [index, drawn] of projectHomes.entries()) {
    const [id, name] = [`prj-${trees}x${index}x`, `Zq-project-${trees}y${index}y`];
    const home = at(drawn);
    await root('POST /projects', {
      projectId: id,
      name,
      ...(home !== undefined && { departmentId: home.id }),
    });
    projects.push({ id, name, path: home?.path ?? '/' });
  }

  const who = users[asker % users.length];
  const run = at(runs);
  if (who === undefined) throw new Error('a tree has users');
  if (run !== undefined) {
    await root('POST /role-grants', { user: who.name, role: 'departmentAdmin', departmentId: run.id });
  }
  const { plaintext } = (await root('POST /keys', { user: who.name, scopes: ['admin'] })).body;
  const isSeen = (path: string) => run !== undefined && path.startsWith(run.path);
  const hiddenDepartments = departments.filter(
    ({ id, path }) => !isSeen(path) && !who.path.includes(`/${id}/`),
  );
  const hiddenUsers = users.filter(({ id, path }) => !isSeen(path) && id !== who.id);
  const hiddenProjects = projects.filter(({ path }) => !isSeen(path));
  const hidden = [...hiddenDepartments, ...hiddenUsers, ...hiddenProjects];
  const runAbove = run?.path ?? '';
  return {
    tenant,
    askerKey: plaintext,
    seenUsers: users.filter(({ id, path }) => isSeen(path) || id === who.id).map(({ id }) => id),
    unseen: {
      departments: hiddenDepartments.map(({ id }) => id),
      users: hiddenUsers.map(({ id }) => id),
      projects: hiddenProjects.map(({ id }) => id),
      names: hidden.map(({ name }) => name),
      // Those above what one runs stand in its path.
      ids: hidden.map(({ id }) => id).filter((id) => !runAbove.includes(`/${id}/`)),
    },
  };
}

function aimedAt({ unseen }: Company): readonly (readonly [route: string, body?: unknown])[] {
  const grant = { limits: { output: 1 }, validUntil: null };
  return [
    ...unseen.departments.flatMap((id): (readonly [string, unknown?])[] => [
      [`GET /departments/${id}`],
      [`PATCH /departments/${id}`, { name: 'taken' }],
      [`DELETE /departments/${id}`],
      ['POST /departments', { parentId: id, name: 'inside' }],
      ['POST /users', { name: 'intruder', departmentId: id }],
      [`GET /users?department=${id}`],
      [`GET /access-log?department=${id}`],
      [`GET /buckets/department:${id}`],
      [`GET /statements/department:${id}`],
      [`PUT /buckets/department:${id}`, { limits: { output: 1 } }],
      ['POST /grants', { scope: `department:${id}`, ...grant }],
      [`PUT /access-policies/department:${id}`, {}],
      ['POST /rule-sets', { name: 'theirs', departmentId: id, rules: [] }],
    ]),
    ...unseen.users.flatMap((id): (readonly [string, unknown?])[] => [
      [`GET /users/${id}`],
      [`PATCH /users/${id}`, { isSuspended: true }],
      [`DELETE /users/${id}`],
      [`GET /keys?user=${id}`],
      ['POST /keys', { user: id }],
      ['POST /role-grants', { user: id, role: 'companyAdmin' }],
      [`GET /quotas/${id}`],
      [`PATCH /quotas/${id}`, { output: 1 }],
      [`GET /buckets/personal:${id}`],
      [`GET /statements/personal:${id}`],
      ['POST /grants', { scope: `user:${id}`, ...grant }],
      [`GET /users/${id}/effective-policy`],
      [`PUT /access-policies/user:${id}`, {}],
      [`GET /access-log?user=${id}`],
      [`POST /users/${id}/password`, {}],
      [`DELETE /users/${id}/sessions`],
    ]),
    ...unseen.projects.flatMap((id): (readonly [string, unknown?])[] => [
      [`GET /projects/${id}`],
      [`PATCH /projects/${id}`, { name: 'taken' }],
      [`DELETE /projects/${id}`],
      [`GET /projects/${id}/members`],
      [`GET /buckets/project:${id}`],
      [`PUT /buckets/project:${id}`, { limits: { output: 1 } }],
    ]),
  ];
}

/** Everything as root sees it. */
async function snapshot({ tenant }: Company): Promise<readonly string[]> {
  const lists = [
    '/departments',
    '/users',
    '/role-grants',
    '/projects',
    '/keys',
    '/buckets',
    '/access-policies',
    '/rule-sets',
  ];
  const answers = await Promise.all(
    lists.map((path) => admin.ask(`GET ${path}?limit=1000&company=${tenant}`)),
  );
  return answers.map(({ text }) => text.replace(/"lastUsedAtMs":\d+,?/g, ''));
}

let counted = 0;
/** What recording an access takes of a world. */
function records(): World {
  const { ports, eventLog } = admin;
  return { ports, eventLog, fresh: (prefix: string) => `${prefix}-p${++counted}` } as unknown as World;
}
