// Buckets, grants, funding orders and the policy, as an administrator sets them.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Admin, openAdmin } from './admin.ts';
import { reserve, userIdOf } from './ledger-calls.ts';

let admin: Admin;
let aliceId: string;

beforeAll(async () => {
  admin = await openAdmin();
  await admin.ask('POST /departments', { departmentId: 'emea', name: 'EMEA' });
  await admin.ask('POST /departments', { departmentId: 'research', name: 'Research', parentId: 'emea' });
  await admin.ask('POST /users', { name: 'alice', departmentId: 'research' });
  for (const projectId of ['web', 'audited'])
    await admin.ask('POST /projects', { projectId, name: projectId });
  aliceId = await userIdOf(admin, 'alice');
});
afterAll(() => admin[Symbol.asyncDispose]());

describe('a bucket', () => {
  it('is made, read, changed and closed', async () => {
    const made = await admin.ask('PUT /buckets/project:web', {
      limits: { input: Number.MAX_SAFE_INTEGER, output: 0, cost: '1250.000001' },
      period: 'quarter',
      note: 'the shop',
    });
    expect(made.status).toBe(200);
    expect(made.body).toMatchObject({
      bucket: 'project:web',
      tier: 'project',
      scope: 'project:web',
      limits: { input: Number.MAX_SAFE_INTEGER, output: 0, cost: '1250.000001' },
      period: 'quarter',
      note: 'the shop',
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      balance: {
        period: expect.stringMatching(/^\d{4}-Q[1-4]$/),
        used: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, cost: '0' },
        remaining: { input: Number.MAX_SAFE_INTEGER, output: 0, cost: '1250.000001' },
      },
    });
    expect((await admin.ask('GET /buckets/project%3Aweb')).body).toEqual(made.body);

    const changed = await admin.ask('PATCH /buckets/project:web', { limits: { output: 7, input: null } });
    expect(changed.body).toMatchObject({
      limits: { output: 7, cost: '1250.000001' },
      period: 'quarter',
      note: 'the shop',
    });
    expect(changed.body.limits).not.toHaveProperty('input');

    const closed = await admin.ask('DELETE /buckets/project:web');
    expect(closed.body).toMatchObject({ bucket: 'project:web', closedAt: expect.any(String) });
    const reopened = await admin.ask('PATCH /buckets/project:web', {});
    expect(reopened.body).not.toHaveProperty('closedAt');
  });

  it('of a model may have a slash and a colon in its name', async () => {
    const path = `/buckets/${encodeURIComponent('model:local/qwen3:8b')}`;
    const put = await admin.ask(`PUT ${path}`, { limits: { output: 1 }, period: 'day' });
    expect(put.body).toMatchObject({ bucket: 'model:local/qwen3:8b', tier: 'cap', period: 'day' });
    expect((await admin.ask(`GET ${path}`)).body).toEqual(put.body);
  });

  it.each([
    ['company', 'cap', 'company'],
    ['department:emea', 'cap', 'department:emea'],
  ])('%s bounds', async (bucket, tier, scope) => {
    const put = await admin.ask(`PUT /buckets/${bucket}`, { limits: { output: 5 } });
    expect(put.body).toMatchObject({ bucket, tier, scope, period: 'month' });
    await admin.ask(`DELETE /buckets/${bucket}`);
  });

  it("of a user is found by the user's name, and is there though nobody put it", async () => {
    const implied = (await admin.ask('GET /buckets/personal:alice')).body;
    expect(implied).toMatchObject({ bucket: `personal:${aliceId}`, tier: 'personal', limits: {} });
    const changed = (await admin.ask('PATCH /buckets/personal:alice', { limits: { output: 9 } })).body;
    expect(changed).toMatchObject({ bucket: `personal:${aliceId}`, limits: { output: 9 } });
    expect((await admin.ask(`GET /buckets/personal:${aliceId}`)).body).toEqual(changed);
    await admin.ask('PUT /buckets/personal:alice', {});
  });

  it('is listed page by page, or by whom it concerns', async () => {
    const all = (await admin.ask('GET /buckets')).body.items;
    const paged: unknown[] = [];
    let after = '';
    do {
      const { body } = await admin.ask(`GET /buckets?limit=1&after=${encodeURIComponent(after)}`);
      paged.push(...body.items);
      after = body.nextAfter ?? '';
    } while (after !== '');
    expect(paged).toEqual(all);
    const ofAlice = (await admin.ask('GET /buckets?scope=user:alice')).body.items;
    expect(ofAlice.map(({ bucket }) => bucket)).toEqual([`personal:${aliceId}`]);
  });

  it('that there is not is not found', async () => {
    for (const route of [
      'GET /buckets/project:nothing',
      'PATCH /buckets/project:nothing',
      'DELETE /buckets/project:nothing',
      'GET /buckets/personal:nobody',
      'PUT /buckets/personal:nobody',
      'GET /buckets/grant:nothing',
      'GET /statements/project:nothing',
      'GET /statements/personal:nobody',
    ]) {
      const { status, body } = await admin.ask(route, route.startsWith('GET') ? undefined : {});
      expect([route, status, body.code]).toEqual([route, 404, 'notFound']);
    }
  });

  it.each([
    ['PUT /buckets/galaxy:x', {}, 'bucket'],
    ['PUT /buckets/project:', {}, 'bucket'],
    ['PUT /buckets/platform', {}, 'bucket'],
    ['PUT /buckets/grant:x', {}, 'bucket'],
    ['GET /buckets/everything', undefined, 'bucket'],
    ['PUT /buckets/company', { limits: { input: -1 } }, 'limits.input'],
    ['PUT /buckets/company', { limits: { input: 1.5 } }, 'limits.input'],
    ['PUT /buckets/company', { limits: { input: 2 ** 53 } }, 'limits.input'],
    ['PUT /buckets/company', { limits: { cost: 12.5 } }, 'limits.cost'],
    ['PUT /buckets/company', { limits: { cost: '1.0000001' } }, 'limits.cost'],
    ['PUT /buckets/company', { limits: { cost: '-1' } }, 'limits.cost'],
    ['PUT /buckets/company', { limits: { cost: '9007199254.740992' } }, 'limits.cost'],
    ['PUT /buckets/company', { limits: { tokens: 1 } }, 'limits.tokens'],
    ['PUT /buckets/company', { period: 'year' }, 'period'],
    ['PUT /buckets/company', { note: 'x'.repeat(201) }, 'note'],
    ['PUT /buckets/company', { tier: 'project' }, 'tier'],
  ])('%s with %j is refused and names the field', async (route, body, field) => {
    const { status, body: problem } = await admin.ask(route, body);
    expect([status, problem.code, problem.field]).toEqual([400, 'invalid', field]);
  });

  it('is on record with what it was and what it became', async () => {
    await admin.ask('PUT /buckets/project:audited', { limits: { output: 1, cost: '2.5' } });
    const { details: first } = await admin.lastEvent('bucket.put');
    expect(first).toMatchObject({ scope: 'project:audited', before: 'none' });
    await admin.ask('PATCH /buckets/project:audited', { limits: { output: 2 }, period: 'week' });
    const event = await admin.lastEvent('bucket.put');
    expect(event.subject).toBe('project:audited');
    expect(JSON.parse(event.details.before ?? '')).toMatchObject({
      limits: { output: 1, cost: '2.5' },
      period: 'month',
    });
    expect(JSON.parse(event.details.after ?? '')).toMatchObject({
      limits: { output: 2, cost: '2.5' },
      period: 'week',
    });
    await admin.ask('DELETE /buckets/project:audited');
    const { details: last } = await admin.lastEvent('bucket.close');
    expect(JSON.parse(last.before ?? '')).not.toHaveProperty('closedAt');
    expect(JSON.parse(last.after ?? '')).toHaveProperty('closedAt');
  });

  it('of another company is as if it were not there', async () => {
    await admin.ports.quotaLedger.putBucket({
      bucket: {
        tenant: 'other',
        bucket: 'project:theirs',
        tier: 'TIER_PROJECT',
        scope: 'project:theirs',
        limits: { output: 5n },
        periodKind: 'PERIOD_KIND_MONTH',
        note: '',
        createdAtMs: 0n,
        updatedAtMs: 0n,
      },
    });
    for (const route of [
      'GET /buckets/project:theirs',
      'PATCH /buckets/project:theirs',
      'DELETE /buckets/project:theirs',
      'GET /statements/project:theirs',
    ]) {
      const { status } = await admin.ask(route, route.startsWith('GET') ? undefined : {});
      expect([route, status]).toEqual([route, 404]);
    }
    expect((await admin.ask('GET /buckets')).text).not.toContain('theirs');
  });
});

describe('a grant', () => {
  const terms = {
    id: 'summer',
    scope: 'user:alice',
    limits: { output: 50_000, cost: '3.5' },
    validFrom: '2026-06-01T00:00:00+02:00',
    validUntil: '2099-12-31T18:00:00.000-05:00',
    note: 'release week',
  };

  it('is made once, however often it is asked for under its id', async () => {
    const made = await admin.ask('POST /grants', terms);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      bucket: 'grant:summer',
      tier: 'supplementary',
      scope: `user:${aliceId}`,
      limits: { output: 50_000, cost: '3.5' },
      period: 'whole',
      validFrom: '2026-05-31T22:00:00.000Z',
      validUntil: '2099-12-31T23:00:00.000Z',
      note: 'release week',
    });
    expect(made.body.limits).toEqual(terms.limits);
    const again = await admin.ask('POST /grants', terms);
    expect([again.status, again.body]).toEqual([200, made.body]);
    const other = await admin.ask('POST /grants', { ...terms, limits: { output: 60_000 } });
    expect([other.status, other.body.code, other.body.field]).toEqual([409, 'conflict', 'id']);
    expect((await admin.ask('GET /buckets/grant:summer')).body).toEqual(made.body);
  });

  it('without an id gets one of its own', async () => {
    const grant = { scope: 'company', limits: { input: 1 }, validUntil: null };
    const made = (await admin.ask('POST /grants', grant)).body;
    expect(made).toMatchObject({ bucket: expect.stringMatching(/^grant:gnt_/), scope: 'company' });
    expect(made).not.toHaveProperty('validUntil');
    const second = (await admin.ask('POST /grants', grant)).body;
    expect(second.bucket).not.toBe(made.bucket);
    for (const { bucket } of [made, second]) await admin.ask(`DELETE /buckets/${bucket}`);
  });

  it('is changed where it is told to, and closed', async () => {
    const changed = await admin.ask('PATCH /grants/summer', {
      limits: { output: 80_000 },
      validUntil: '2099-01-01T00:00:00Z',
    });
    expect(changed.body).toMatchObject({
      limits: { output: 80_000, cost: '3.5' },
      validFrom: '2026-05-31T22:00:00.000Z',
      validUntil: '2099-01-01T00:00:00.000Z',
      note: 'release week',
    });
    const noted = await admin.ask('PATCH /grants/summer', { note: 'over' });
    expect(noted.body).toEqual({ ...changed.body, note: 'over', updatedAt: noted.body.updatedAt });
    expect((await admin.ask('PATCH /grants/summer', { validUntil: null })).body).not.toHaveProperty(
      'validUntil',
    );
    expect((await admin.ask('DELETE /grants/summer')).body).toHaveProperty('closedAt');
    expect((await admin.ask('PATCH /grants/nothing', {})).status).toBe(404);
    expect((await admin.ask('DELETE /grants/nothing')).status).toBe(404);
    expect((await admin.lastEvent('grant.close')).subject).toBe('grant:summer');
  });

  it.each([
    [{ scope: 'model:x' }, 'scope'],
    [{ scope: 'alice' }, 'scope'],
    [{ limits: {} }, 'limits'],
    [{ limits: { output: null } }, 'limits'],
    [{ limits: { output: -1 } }, 'limits.output'],
    [{ validUntil: undefined }, 'validUntil'],
    [{ validUntil: '2026-12-31' }, 'validUntil'],
    [{ validUntil: '2026-12-31T00:00:00' }, 'validUntil'],
    [{ validUntil: '2026-02-30T00:00:00Z' }, 'validUntil'],
    [{ validUntil: 1_767_225_600_000 }, 'validUntil'],
    [{ validFrom: 'tomorrow' }, 'validFrom'],
    [{ validUntil: '2026-06-01T00:00:00+02:00' }, 'validUntil'],
    [{ id: 'a:b' }, 'id'],
    [{ id: 'x'.repeat(49) }, 'id'],
  ])('with %j is refused and names the field', async (change, field) => {
    const { status, body } = await admin.ask('POST /grants', { ...terms, id: 'wrong', ...change });
    expect([status, body.code, body.field]).toEqual([400, 'invalid', field]);
    expect((await admin.ask('GET /buckets/grant:wrong')).status).toBe(404);
  });

  it('to a user that there is not is refused', async () => {
    const { status } = await admin.ask('POST /grants', { ...terms, id: 'wrong', scope: 'user:nobody' });
    expect(status).toBe(404);
  });
});

describe('the order in which tiers pay', () => {
  it('is set, read, listed and removed by scope', async () => {
    const put = await admin.ask('PUT /funding-orders/user:alice', { tiers: ['supplementary', 'personal'] });
    const order = { scope: `user:${aliceId}`, tiers: ['supplementary', 'personal'] };
    expect(put.body).toEqual(order);
    expect((await admin.ask('GET /funding-orders/user:alice')).body).toEqual(order);
    const company = { scope: 'company', tiers: ['project', 'personal', 'supplementary'] };
    await admin.ask('PUT /funding-orders/company', { tiers: company.tiers });
    expect((await admin.ask('GET /funding-orders')).body.items).toEqual([company, order]);
    expect((await admin.ask('DELETE /funding-orders/user:alice')).body).toEqual(order);
    expect((await admin.ask('GET /funding-orders/user:alice')).status).toBe(404);
    expect((await admin.ask('DELETE /funding-orders/user:alice')).status).toBe(404);
    const event = await admin.lastEvent('fundingOrder.remove');
    expect(event.details).toEqual({ before: 'supplementary,personal', after: 'none' });
    await admin.ask('DELETE /funding-orders/company');
  });

  it.each([
    ['company', { tiers: [] }, 'tiers'],
    ['company', { tiers: ['personal', 'personal'] }, 'tiers'],
    ['company', { tiers: ['cap'] }, 'tiers[0]'],
  ])('of %s as %j is refused and names the field', async (scope, body, field) => {
    const { status, body: problem } = await admin.ask(`PUT /funding-orders/${scope}`, body);
    expect([status, problem.code, problem.field]).toEqual([400, 'invalid', field]);
  });

  it('is of the company, a department, a project or a user', async () => {
    const { status, body } = await admin.ask('PUT /funding-orders/model:x', { tiers: ['personal'] });
    expect([status, body.code, body.field]).toEqual([400, 'invalid', 'scope']);
  });
});

describe("the company's policy", () => {
  const DEFAULTS = {
    version: 0,
    timeZone: 'UTC',
    fiscalYearStartsInMonth: 1,
    expiryCharge: 'promptEstimate',
    holdRule: 'worstCase',
    dryRule: 'cut',
    outputTokensDefault: 16_384,
    outputTokensMax: 131_072,
  };

  it('has defaults, and a change keeps what it leaves out', async () => {
    await using fresh = await openAdmin();
    expect((await fresh.ask('GET /quota-policy')).body).toEqual(DEFAULTS);
    const change = { timeZone: 'Europe/Zurich', holdRule: 'statistical', expiryCharge: 'zero' };
    const { body: changed } = await fresh.ask('PATCH /quota-policy', change);
    expect(changed).toEqual({ ...DEFAULTS, ...change, version: 1 });
    const second = await fresh.ask('PATCH /quota-policy', { dryRule: 'run', outputTokensMax: 100_000 });
    expect(second.body).toEqual({ ...changed, version: 2, dryRule: 'run', outputTokensMax: 100_000 });
    expect((await fresh.ask('GET /quota-policy')).body).toEqual(second.body);
    const { before, after, version } = (await fresh.lastEvent('quotaPolicy.put')).details;
    const [was, is] = [changed, second.body].map(({ version: _, ...terms }) => terms);
    expect([JSON.parse(before ?? ''), JSON.parse(after ?? ''), version]).toEqual([was, is, '2']);
  });

  it.each([
    [{ timeZone: 'Mars/Olympus' }, 'timeZone'],
    [{ fiscalYearStartsInMonth: 13 }, 'fiscalYearStartsInMonth'],
    [{ holdRule: 'HOLD_RULE_STATISTICAL' }, 'holdRule'],
    [{ dryRule: 'stop' }, 'dryRule'],
    [{ expiryCharge: 'all' }, 'expiryCharge'],
    [{ outputTokensDefault: 0 }, 'outputTokensDefault'],
    [{ outputTokensDefault: 200_000 }, 'outputTokensDefault'],
    [{ version: 7 }, 'version'],
  ])('is not changed by %j', async (body, field) => {
    const before = (await admin.ask('GET /quota-policy')).body;
    const { status, body: problem } = await admin.ask('PATCH /quota-policy', body);
    expect([status, problem.code]).toEqual([400, 'invalid']);
    expect(problem.field).toBe(field);
    expect((await admin.ask('GET /quota-policy')).body).toEqual(before);
  });
});

describe('a user who was moved', () => {
  it('has his departments in the API, and moves are on record', async () => {
    expect((await admin.ask('GET /users/alice')).body.departmentIds).toEqual(['emea', 'research']);
    await admin.ask('POST /departments', { departmentId: 'apac', name: 'APAC' });
    const { body } = await admin.ask('PATCH /users/alice', { departmentId: 'apac' });
    expect(body).toMatchObject({ name: 'alice', departmentIds: ['apac'], departmentPath: '/apac/' });
    expect((await admin.lastEvent('user.move')).details).toMatchObject({
      before: '/emea/research/',
      after: '/apac/',
    });
    await admin.ask('PATCH /users/alice', { departmentId: 'research' });
    for (const departmentId of [['emea'], 'a:b', 7, undefined]) {
      const { status } = await admin.ask('PATCH /users/alice', { departmentId });
      expect(status).toBe(400);
    }
    for (const [user, departmentId] of [
      ['nobody', 'apac'],
      ['alice', 'nowhere'],
    ]) {
      expect((await admin.ask(`PATCH /users/${user}`, { departmentId })).status).toBe(404);
    }
  });

  it('is bounded by a limit that stands when he asks', async () => {
    await admin.ask('PUT /buckets/department:research', { limits: { output: 10 } });
    const subject = { userId: aliceId, departmentIds: ['emea', 'research'] };
    const { reservation } = await reserve(admin, 'res_capped', subject, { output: 11n });
    expect(reservation?.blocked?.bucket).toBe('department:research');
    await admin.ask('DELETE /buckets/department:research');
  });
});
