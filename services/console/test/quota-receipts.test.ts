// What an administrator sees of quota that was used: balances, statements, receipts, reversals.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Admin, openAdmin } from './admin.ts';
import { reserve, settle, userIdOf } from './ledger-calls.ts';

let admin: Admin;
let aliceId: string;

beforeAll(async () => {
  admin = await openAdmin();
  for (const departmentId of ['emea', 'apac']) {
    await admin.ask('POST /departments', { departmentId, name: departmentId });
  }
  await admin.ask('POST /departments', { departmentId: 'research', name: 'Research', parentId: 'emea' });
  await admin.ask('POST /users', { name: 'alice', departmentId: 'research' });
  await admin.ask('POST /projects', { projectId: 'web', name: 'The shop' });
  aliceId = await userIdOf(admin, 'alice');
  await admin.ask('PUT /buckets/personal:alice', { limits: { output: 100, cost: '1' } });
  await admin.ask('PUT /buckets/project:web', { limits: { output: 1_000 } });
  await admin.ask('PUT /buckets/company', { limits: { output: 500 } });
  await admin.ask('PUT /buckets/department:emea', { limits: { output: 400 } });
  await admin.ask('PUT /buckets/department:apac', { limits: { output: 7 } });
  await admin.ask('PUT /buckets/model:gpt-5', { limits: { output: 300 } });
  const validUntil = '2099-01-01T00:00:00Z';
  await admin.ask('POST /grants', { id: 'g', scope: 'user:alice', limits: { output: 50 }, validUntil });
});
afterAll(() => admin[Symbol.asyncDispose]());

const zero = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, cost: '0' };

async function planOf(query: string) {
  const { body } = await admin.ask(`GET /quotas/alice${query}`);
  const buckets = body.buckets as readonly { readonly bucket: string }[];
  return buckets.map(({ bucket }) => bucket.replace(aliceId, 'alice'));
}

describe('what a request of a user would touch', () => {
  it("is told in plan order, by the user's own departments", async () => {
    expect(await planOf('')).toEqual(['personal:alice', 'grant:g', 'company', 'department:emea']);
    const { body } = await admin.ask('GET /quotas/alice');
    expect(body).toMatchObject({
      userId: aliceId,
      name: 'alice',
      projectId: '',
      departmentIds: ['emea', 'research'],
      model: '',
    });
  });

  it('is told for a project, a model and other departments', async () => {
    expect(await planOf('?project=web&model=gpt-5')).toEqual([
      'personal:alice',
      'project:web',
      'grant:g',
      'company',
      'department:emea',
      'model:gpt-5',
    ]);
    expect(await planOf('?department=apac')).toContain('department:apac');
    expect(await planOf('?department=')).not.toContain('department:emea');
  });

  it('follows the order that was set', async () => {
    await admin.ask('PUT /funding-orders/user:alice', { tiers: ['supplementary', 'personal'] });
    expect((await planOf('?project=web')).slice(0, 2)).toEqual(['grant:g', 'personal:alice']);
    await admin.ask('DELETE /funding-orders/user:alice');
  });
});

describe('the list of quotas', () => {
  it("has each user's own, also where the order leaves it out", async () => {
    await admin.ask('PUT /funding-orders/company', { tiers: ['project'] });
    const { items } = (await admin.ask('GET /quotas')).body;
    expect(items.map(({ name, tier }) => [name, tier])).toEqual([
      ['root', 'personal'],
      ['alice', 'personal'],
    ]);
    await admin.ask('DELETE /funding-orders/company');
  });

  it('a change in the short form keeps what it leaves out, and null lifts a limit', async () => {
    await admin.ask('POST /users', { name: 'bob' });
    await admin.ask('PATCH /quotas/bob', { input: 5_000_000, output: 1_000, period: 'week' });
    const { body } = await admin.ask('PATCH /quotas/bob', { output: null, cacheRead: 7, cost: '0.25' });
    expect(body).toMatchObject({ name: 'bob', tier: 'personal', period: 'week' });
    expect(body.limits).toEqual({ input: 5_000_000, cacheRead: 7, cost: '0.25' });
    expect((await admin.ask('GET /quotas')).body.items).toContainEqual(body);
  });

  it.each([[-1], [1.5], ['7'], [2 ** 60]])('%j is no limit', async (input) => {
    const { status, body } = await admin.ask('PATCH /quotas/alice', { input });
    expect([status, body.field]).toEqual([400, 'input']);
  });
});

describe('a receipt', () => {
  it('tells what was held, drawn from where, charged and given back', async () => {
    const subject = { userId: aliceId, projectId: 'web', departmentIds: ['emea'], model: 'gpt-5' };
    await reserve(admin, 'res_told', subject, { input: 10n, output: 120n, cost: 500_000n });
    const open = (await admin.ask('GET /receipts/res_told')).body;
    expect(open).toMatchObject({ state: 'held', held: { ...zero, input: 10, output: 120, cost: '0.5' } });
    expect(open).not.toHaveProperty('refunded');
    await settle(admin, 'res_told', subject, { input: 12n, output: 110n, cost: 400_001n });
    const { status, body } = await admin.ask('GET /receipts/res_told');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      reservationId: 'res_told',
      state: 'settled',
      userId: aliceId,
      userName: 'alice',
      projectId: 'web',
      departmentIds: ['emea'],
      model: 'gpt-5',
      outcome: 'completed',
      isEstimated: false,
      priceVersion: 'v7',
      createdAt: expect.stringMatching(/T.*Z$/),
      resolvedAt: expect.stringMatching(/T.*Z$/),
      held: { ...zero, input: 10, output: 120, cost: '0.5' },
      charged: { ...zero, input: 12, output: 110, cost: '0.400001' },
      refunded: { ...zero, output: 10, cost: '0.099999' },
    });
    type Shown = { readonly output: number };
    const lines = body.lines as readonly { bucket: string; tier: string; held: Shown; used: Shown }[];
    const shown = lines.map(({ bucket, ...line }) => [
      bucket.replace(aliceId, 'alice'),
      line.tier,
      line.held.output,
      line.used.output,
    ]);
    expect(shown).toEqual([
      ['personal:alice', 'personal', 100, 100],
      ['project:web', 'project', 20, 10],
      ['grant:g', 'supplementary', 0, 0],
      ['company', 'cap', 120, 110],
      ['department:emea', 'cap', 120, 110],
      ['model:gpt-5', 'cap', 120, 110],
    ]);
    const entries = body.entries as readonly { operation: string; at: string }[];
    expect(new Set(entries.map(({ operation }) => operation))).toEqual(new Set(['reserve', 'settle']));
  });

  it('of a refusal tells what blocked it and when that begins anew', async () => {
    const subject = { userId: aliceId, departmentIds: ['apac'] };
    await reserve(admin, 'res_refused', subject, { output: 8n });
    const { body } = await admin.ask('GET /receipts/res_refused');
    expect(body).toMatchObject({
      state: 'rejected',
      blocked: { bucket: 'department:apac', tokenType: 'output', remaining: 7 },
    });
    expect((body.blocked as { resetsAt: string }).resetsAt).toMatch(/-01T00:00:00\.000Z$/);
    expect(body).not.toHaveProperty('refunded');
  });

  it('stays when the user is gone', async () => {
    await admin.ask('POST /users', { name: 'leaver' });
    const userId = await userIdOf(admin, 'leaver');
    await reserve(admin, 'res_leaver', { userId }, { output: 1n });
    await settle(admin, 'res_leaver', { userId }, { output: 1n });
    await admin.ask('DELETE /users/leaver');
    const { status, body } = await admin.ask('GET /receipts/res_leaver');
    expect([status, body.userId, body.userName]).toEqual([200, userId, undefined]);
    const statement = await admin.ask(`GET /statements/personal:${userId}`);
    expect([statement.status, statement.body.items.length]).toEqual([200, 2]);
  });

  it('that there is not, or of another company, is not found', async () => {
    await reserve(admin, 'res_theirs', { userId: aliceId }, { output: 1n }, 'other');
    for (const id of ['res_nothing', 'res_theirs']) {
      expect((await admin.ask(`GET /receipts/${id}`)).status).toBe(404);
      expect((await admin.ask(`POST /reservations/${id}/reverse`, { reason: 'why' })).status).toBe(404);
    }
  });
});

describe('a statement', () => {
  it('has every change of a bucket, oldest first, page by page', async () => {
    const whole = (await admin.ask('GET /statements/company')).body;
    expect(whole).toMatchObject({ bucket: 'company', period: expect.stringMatching(/^\d{4}-\d\d$/) });
    expect(whole.items.map(({ operation, reservationId }) => [operation, reservationId])).toEqual([
      ['reserve', 'res_told'],
      ['settle', 'res_told'],
      ['reserve', 'res_leaver'],
      ['settle', 'res_leaver'],
    ]);
    expect(whole.items[1]).toMatchObject({
      held: { ...zero, input: -10, output: -120, cost: '-0.5' },
      used: { ...zero, input: 12, output: 110, cost: '0.400001' },
    });
    const paged: unknown[] = [];
    let after = '';
    do {
      const query = `period=${whole.period}&limit=1&after=${encodeURIComponent(after)}`;
      const { body } = await admin.ask(`GET /statements/company?${query}`);
      paged.push(...body.items);
      after = body.nextAfter ?? '';
    } while (after !== '');
    expect(paged).toEqual(whole.items);
  });

  it('of a period in which nothing happened is empty', async () => {
    expect((await admin.ask('GET /statements/company?period=2020-01')).body.items).toEqual([]);
  });
});

describe('what remains', () => {
  it('is what overrun and a lowered limit leave, and never below nothing', async () => {
    await admin.ask('POST /users', { name: 'carol' });
    const userId = await userIdOf(admin, 'carol');
    const remaining = async () => {
      const { balance } = (await admin.ask('GET /buckets/personal:carol')).body;
      return (balance as { remaining: object }).remaining;
    };
    await admin.ask('PATCH /quotas/carol', { output: 100 });
    await reserve(admin, 'res_over', { userId }, { output: 100n });
    await settle(admin, 'res_over', { userId }, { output: 130n });
    expect(await remaining()).toEqual({ output: 0 });
    await admin.ask('PATCH /quotas/carol', { output: 150 });
    expect(await remaining()).toEqual({ output: 50 });
    await admin.ask('PATCH /quotas/carol', { output: 60 });
    expect(await remaining()).toEqual({ output: 0 });
  });
});

describe('a reversal', () => {
  it('takes a charge back once, with its reason on the receipt and on record', async () => {
    const subject = { userId: aliceId, departmentIds: [] };
    const before = (await admin.ask('GET /buckets/company')).body.balance;
    await reserve(admin, 'res_back', subject, { output: 25n, cost: 100n });
    await settle(admin, 'res_back', subject, { output: 20n, cost: 100n });
    const reason = 'the provider was down';
    const reversed = await admin.ask('POST /reservations/res_back/reverse', { reason });
    expect(reversed.status).toBe(200);
    expect(reversed.body).toMatchObject({
      state: 'reversed',
      reversalReason: reason,
      charged: zero,
      reversed: { ...zero, output: 20, cost: '0.0001' },
      refunded: { ...zero, output: 5 },
    });
    expect((await admin.ask('GET /receipts/res_back')).body).toEqual(reversed.body);
    expect((await admin.ask('GET /buckets/company')).body.balance).toEqual(before);
    const { subject: reversedId, details } = await admin.lastEvent('reservation.reverse');
    const { before: was, after: is, ...facts } = details;
    expect([reversedId, facts]).toEqual(['res_back', { reason }]);
    expect(JSON.parse(was ?? '')).toEqual({
      state: 'settled',
      charged: { ...zero, output: 20, cost: '0.0001' },
    });
    expect(JSON.parse(is ?? '')).toEqual({ state: 'reversed', charged: zero });
    const other = await admin.ask('POST /reservations/res_back/reverse', { reason: 'another' });
    expect([other.status, other.body.code]).toEqual([409, 'conflict']);
  });

  it.each([[{}], [{ reason: '' }], [{ reason: '  ' }], [{ reason: 'x'.repeat(201) }]])(
    'with %j is refused',
    async (body) => {
      const { status, body: problem } = await admin.ask('POST /reservations/res_told/reverse', body);
      expect([status, problem.code, problem.field]).toEqual([400, 'invalid', 'reason']);
    },
  );

  it('of what is not settled is a conflict', async () => {
    const { status, body } = await admin.ask('POST /reservations/res_refused/reverse', { reason: 'why' });
    expect([status, body.code]).toEqual([409, 'conflict']);
  });
});
