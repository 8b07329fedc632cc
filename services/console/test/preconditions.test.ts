// ETags, idempotent writes, the company that root names, and the route table's own promise.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Route } from '../src/routes/route.ts';
import { type Admin, openAdmin } from './admin.ts';

let admin: Admin;
let key: Readonly<Record<string, string>>;

beforeAll(async () => {
  admin = await openAdmin();
  key = { 'x-api-key': admin.rootKey };
});
afterAll(() => admin[Symbol.asyncDispose]());

describe('what has a revision', () => {
  it('has it as its ETag, and is changed by who saw the newest only', async () => {
    const made = await admin.ask('POST /departments', { departmentId: 'research', name: 'Research' });
    expect([made.status, made.headers.get('etag')]).toEqual([201, '"1"']);
    const read = await admin.ask('GET /departments/research');
    expect(read.headers.get('etag')).toBe('"1"');
    const first = await admin.ask(
      'PATCH /departments/research',
      { name: 'R' },
      { ...key, 'if-match': '"1"' },
    );
    expect([first.status, first.headers.get('etag')]).toEqual([200, '"2"']);
    const late = await admin.ask('PATCH /departments/research', { name: 'S' }, { ...key, 'if-match': '"1"' });
    expect([late.status, late.body.code, late.body.reason]).toEqual([412, 'conflict', 'revision']);
    expect((await admin.ask('GET /departments/research')).body.name).toBe('R');
    const any = await admin.ask('PATCH /departments/research', { name: 'T' }, { ...key, 'if-match': '*' });
    expect(any.status).toBe(200);
  });

  it.each(['W/"1"', '1', '"x"', '"1", "2"'])('is not matched by %s', async (tag) => {
    const { status } = await admin.ask(
      'PATCH /departments/research',
      { name: 'U' },
      { ...key, 'if-match': tag },
    );
    expect(status).toBe(412);
  });

  it('covers companies, users, projects, keys, policies and rule sets', async () => {
    await admin.ask('POST /users', { userId: 'u-1', name: 'ursula' });
    await admin.ask('POST /projects', { projectId: 'p-1', name: 'p' });
    const { keyId } = (await admin.ask('POST /keys', { user: 'ursula' })).body;
    await admin.ask('PUT /rule-sets/rs-1', { name: 'rules', rules: [] });
    const writes: readonly (readonly [string, object])[] = [
      ['PATCH /companies/default', { name: 'The company' }],
      ['PATCH /users/u-1', { isSuspended: false }],
      ['PATCH /projects/p-1', { name: 'q' }],
      [`PATCH /keys/${keyId}`, { label: 'l' }],
      ['PUT /access-policies/user:u-1', { isCachingAllowed: false }],
      ['PUT /rule-sets/rs-1', { name: 'rules', rules: [] }],
    ];
    for (const [route, body] of writes) {
      const [, path = ''] = route.split(' ');
      const { headers } = await admin.ask(`GET ${path}`);
      const stale = await admin.ask(route, body, { ...key, 'if-match': '"999"' });
      expect([route, stale.status]).toEqual([route, 412]);
      const fits = await admin.ask(route, body, { ...key, 'if-match': headers.get('etag') ?? '' });
      expect([route, fits.status]).toEqual([route, 200]);
    }
    expect((await admin.ask('DELETE /users/u-1', undefined, { ...key, 'if-match': '"1"' })).status).toBe(412);
  });

  it('is asked for where there is one only', async () => {
    const { status, body } = await admin.ask('DELETE /projects/p-1', undefined, {
      ...key,
      'if-match': '"1"',
    });
    expect([status, body.field]).toEqual([400, 'If-Match']);
  });
});

describe('an Idempotency-Key', () => {
  it.each([
    ['POST /departments', { name: 'once' }, 'departmentId'],
    ['POST /users', { name: 'once' }, 'userId'],
    ['POST /projects', { name: 'once' }, 'projectId'],
    ['POST /grants', { scope: 'company', limits: { input: 1 }, validUntil: null }, 'bucket'],
    ['POST /quota-requests', { amounts: { input: 1 }, until: '2027-01-01T00:00:00Z' }, 'quotaRequestId'],
  ])('of %s makes one thing, however often it is sent', async (route, body, id) => {
    const until = new Date(Date.now() + 86_400_000).toISOString();
    const sent = 'until' in body ? { ...body, until } : body;
    const headers = { ...key, 'idempotency-key': 'the same key' };
    const [first, second] = [await admin.ask(route, sent, headers), await admin.ask(route, sent, headers)];
    expect([first.status, second.body[id]]).toEqual([201, first.body[id]]);
    const [path = ''] = route.split(' ').slice(1);
    if (path === '/grants' || path === '/users' || path === '/quota-requests') return;
    const { items } = (await admin.ask(`GET ${path}`)).body;
    expect(items.filter(({ name }) => name === 'once')).toHaveLength(1);
  });

  it('is one user’s own', async () => {
    await admin.ask('POST /users', { name: 'second' });
    await admin.ask('POST /role-grants', { user: 'second', role: 'companyAdmin' });
    const { plaintext } = (await admin.ask('POST /keys', { user: 'second', scopes: ['admin'] })).body;
    const both = await Promise.all(
      [admin.rootKey, plaintext].map((each) =>
        admin.ask(
          'POST /projects',
          { name: 'shared name' },
          { 'x-api-key': each, 'idempotency-key': 'one word' },
        ),
      ),
    );
    expect(new Set(both.map(({ body }) => body.projectId)).size).toBe(2);
  });

  it('that cannot be kept is refused', async () => {
    for (const route of ['POST /keys', 'POST /users/second/password']) {
      const body = route === 'POST /keys' ? { user: 'second' } : {};
      const { status, body: problem } = await admin.ask(route, body, { ...key, 'idempotency-key': 'k' });
      expect([route, status, problem.field]).toEqual([route, 400, 'Idempotency-Key']);
    }
    const long = { ...key, 'idempotency-key': 'x'.repeat(256) };
    expect((await admin.ask('POST /projects', { name: 'n' }, long)).status).toBe(400);
  });
});

describe('another company', () => {
  it('is named by root, as a parameter or a header, in every call', async () => {
    await admin.ask('POST /companies', { company: 'acme', name: 'Acme' });
    await admin.ask('POST /users?company=acme', { name: 'wile' });
    const byHeader = await admin.ask('GET /users', undefined, { ...key, 'x-aiswitch-company': 'acme' });
    expect(byHeader.body.items.map(({ name }) => name)).toEqual(['wile']);
    expect((await admin.ask('GET /users/wile')).status).toBe(404);
    await admin.ask('PATCH /quotas/wile?company=acme', { output: 5 });
    expect((await admin.ask('GET /buckets')).text).not.toContain('"output":5');
    expect((await admin.ask('GET /users?company=nowhere')).status).toBe(404);
    expect((await admin.ask('GET /buckets?company=nowhere')).status).toBe(404);
    const event = await admin.ports.auditLog.listEvents({
      scope: { tenant: 'acme', isWholeCompany: true, departmentPaths: [], userId: '' },
      filter: undefined,
      page: { after: '', limit: 10 },
    });
    expect(event.events.map(({ action }) => action)).toEqual(['bucket.put', 'user.create']);
  });
});

it('a route that states no permission does not type-check', () => {
  const route = {
    method: 'get',
    path: '/open',
    tag: 'users',
    summary: 'A door that somebody forgot to lock',
    reply: undefined as never,
  } as const;
  // @ts-expect-error: the permission is missing
  const isRefused: Route = route;
  expect(isRefused).not.toHaveProperty('permission');
});
