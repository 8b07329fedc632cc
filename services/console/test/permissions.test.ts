// Every route, for each role, on what is his own, in his department, below it, beside it and in another company, by key and by
// session, against the real services. What comes out has to be what expectations.ts says, and is what docs/permissions.md
// shows; UPDATE_PERMISSIONS=1 writes that anew.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Route } from '../src/routes/route.ts';
import { type OperationId, ROUTES } from '../src/routes/table.ts';
import type { Answer } from './admin.ts';
import { type Attempt, CALLS, type Call } from './permissions/calls.ts';
import { permissionsDocument } from './permissions/document.ts';
import { type CaseName, ELSEWHERE, EXPECTED } from './permissions/expectations.ts';
import {
  type Actor,
  CREDENTIALS,
  type Credential,
  newKey,
  openWorld,
  PLACES,
  ROLES,
  type RoleWord,
  type World,
} from './permissions/world.ts';

const DOCUMENT = join(import.meta.dirname, '../../../docs/permissions.md');
const isUpdating = process.env.UPDATE_PERMISSIONS === '1';

const operations = Object.keys(ROUTES) as OperationId[];
const cases = Object.keys(EXPECTED) as CaseName[];
const seen = new Map<CaseName, Record<RoleWord, string>>();

let world: World;
beforeAll(async () => {
  world = await openWorld();
  for (const role of ROLES) await world.actor(role);
});
afterAll(() => world[Symbol.asyncDispose]());

describe('every route', () => {
  it.each(operations)('%s has a decision on who may', (operation) => {
    const isDecided = cases.some((name) => operationOf(name) === operation);
    expect(isDecided !== operation in ELSEWHERE).toBe(true);
  });
});

describe.each(cases)('%s', (name) => {
  it.each(ROLES)('is for %s as decided', async (role) => {
    const expected = EXPECTED[name]?.[role] ?? '';
    const verdicts: Record<Credential, string> = { key: '', session: '' };
    const refusals: string[] = [];
    for (const credential of CREDENTIALS) {
      for (const [index, place] of PLACES.entries()) {
        if (expected[index] === '.') {
          verdicts[credential] += '.';
          continue;
        }
        const { verdict, said } = await tryOut(name, role, credential, place);
        verdicts[credential] += verdict;
        if (verdict !== expected[index]) refusals.push(`${credential} ${place}: ${said}`);
      }
    }
    expect({ ...verdicts, refusals }).toEqual({ key: expected, session: expected, refusals: [] });
    seen.set(name, { ...(seen.get(name) ?? blank()), [role]: verdicts.key });
  });
});

it('docs/permissions.md shows what was seen', () => {
  const text = permissionsDocument(cases, seen);
  if (isUpdating) writeFileSync(DOCUMENT, text);
  expect(readFileSync(DOCUMENT, 'utf8')).toBe(text);
});

const guarded = operations.filter((name) => ROUTES[name].permission !== 'anyone');

describe.each(guarded)('%s', (operation) => {
  const route: Route = ROUTES[operation];
  const isChanging = route.method !== 'get' && route.isRead !== true;
  const ask = (headers: Readonly<Record<string, string>>) => {
    const path = route.path.replace(/:\w+/g, 'x');
    return world.admin.ask(`${route.method.toUpperCase()} ${path}`, isChanging ? {} : undefined, headers);
  };
  const sessionOf = async () => (await world.actor('root')).headers.session;

  it('is refused without a credential, and with one that is not in force', async () => {
    const none = await ask({});
    expect([none.status, none.body.code, none.headers.get('www-authenticate')]).toEqual([
      401,
      'unauthenticated',
      'Bearer',
    ]);
    expect(none.headers.get('content-type')).toBe('application/problem+json');
    const { cookie = '' } = await sessionOf();
    const wrong: readonly Readonly<Record<string, string>>[] = [
      { 'x-api-key': `${world.admin.rootKey.slice(0, -1)}!` },
      { authorization: `Bearer ${world.admin.rootKey}x` },
      { cookie: `${cookie}x` },
    ];
    for (const headers of wrong) expect((await ask(headers)).status).toBe(401);
  });

  it('is refused to a key that is for models only, and a change to one that only reads', async () => {
    const { userId } = await world.actor('root');
    const of = (scope: Parameters<typeof newKey>[3]) =>
      newKey(world.ports, world.actorIn('default'), userId, scope);
    expect((await ask({ 'x-api-key': await of('KEY_SCOPE_INFERENCE') })).status).toBe(403);
    const { status } = await ask({ 'x-api-key': await of('KEY_SCOPE_ADMIN_READ') });
    if (isChanging) expect(status).toBe(403);
    else expect(status).not.toBe(403);
  });

  it('is refused to a session when it changes something and does not come from our own page', async () => {
    const { cookie = '', 'x-csrf-token': token = '', origin = '' } = await sessionOf();
    const others: readonly Readonly<Record<string, string>>[] = [
      { cookie, origin },
      { cookie, origin, 'x-csrf-token': `${token}x` },
      { cookie, 'x-csrf-token': token },
      { cookie, 'x-csrf-token': token, origin: 'https://evil.example' },
      { cookie, 'x-csrf-token': token, origin: 'null' },
      { cookie, 'x-csrf-token': token, 'sec-fetch-site': 'same-site' },
      { cookie, 'x-csrf-token': token, 'sec-fetch-site': 'cross-site', origin },
    ];
    for (const headers of others) {
      const { status } = await ask(headers);
      if (isChanging) expect([headers, status]).toEqual([headers, 403]);
      else expect([401, 403]).not.toContain(status);
    }
  });
});

async function tryOut(
  name: CaseName,
  role: RoleWord,
  credential: Credential,
  place: (typeof PLACES)[number],
): Promise<{ readonly verdict: string; readonly said: string }> {
  const call = CALLS[name] as Call;
  const isSpoilt = call.spoilsActor === true && place === 'self';
  const actor: Actor = isSpoilt ? await world.newActor(role) : await world.actor(role);
  const target = await world.target(place, actor);
  const attempt = await call.attempt(world, target, actor);
  const answer = await send(name, attempt, actor.headers[credential], target.tenant);
  return { verdict: verdictOf(answer, attempt), said: `${answer.status} ${answer.text.slice(0, 300)}` };
}

function send(
  name: CaseName,
  { params = {}, query = {}, body }: Attempt,
  headers: Readonly<Record<string, string>>,
  tenant: string,
): Promise<Answer> {
  const { method, path } = ROUTES[operationOf(name)];
  const place = path.replace(/:(\w+)/g, (_name, parameter) => encodeURIComponent(params[parameter] ?? ''));
  const search = new URLSearchParams({ ...(tenant === 'default' ? {} : { company: tenant }), ...query });
  return world.admin.ask(`${method.toUpperCase()} ${place}?${search}`, body, headers);
}

function verdictOf({ status, body }: Answer, { isDone, passes = [] }: Attempt): string {
  if (passes.includes(`${status} ${body.code}`)) return 'y';
  if (status === 403) return 'n';
  if (status === 404) return '-';
  if (status >= 300) return `(${status})`;
  return isDone === undefined || isDone(body) ? 'y' : '-';
}

function operationOf(name: CaseName): OperationId {
  return name.split(':')[0] as OperationId;
}

function blank(): Record<RoleWord, string> {
  return { root: '', companyAdmin: '', departmentAdmin: '', member: '' };
}
