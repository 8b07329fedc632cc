// Policies, rules, quota requests, records: what an administrator and a member see of them.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Admin, openAdmin } from './admin.ts';
import { reserve, settle } from './ledger-calls.ts';

let admin: Admin;
/** By name: who asks with his own key. */
const keys = new Map<string, string>();
const ids = new Map<string, string>();

const as = (name: string, more = {}) => ({ 'x-api-key': keys.get(name) ?? '', ...more });

beforeAll(async () => {
  admin = await openAdmin();
  await admin.ask('POST /departments', { departmentId: 'sales', name: 'Sales' });
  await admin.ask('POST /departments', { departmentId: 'emea', name: 'EMEA', parentId: 'sales' });
  for (const [name, departmentId] of [
    ['lead', 'sales'],
    ['sublead', 'emea'],
    ['mia', 'emea'],
  ] as const) {
    const { userId } = (await admin.ask('POST /users', { name, departmentId })).body;
    const { plaintext } = (await admin.ask('POST /keys', { user: name, scopes: ['admin'] })).body;
    keys.set(name, plaintext);
    ids.set(name, userId);
  }
  await admin.ask('POST /role-grants', { user: 'lead', role: 'departmentAdmin', departmentId: 'sales' });
  await admin.ask('POST /role-grants', { user: 'sublead', role: 'departmentAdmin', departmentId: 'emea' });
});
afterAll(() => admin[Symbol.asyncDispose]());

describe('an access policy', () => {
  it('narrows what stands above it, and tells where each value came from', async () => {
    await admin.ask('PUT /access-policies/company', {
      models: ['gpt-*', 'claude-*'],
      isCachingAllowed: true,
    });
    await admin.ask('PUT /access-policies/department:sales', {
      models: ['gpt-*'],
      rateLimit: { requestsPerMinute: 600 },
      networks: ['10.0.0.0/8'],
    });
    await admin.ask('PUT /access-policies/user:mia', { isCachingAllowed: false });
    await admin.ask('PUT /funding-orders/company', { tiers: ['supplementary', 'personal'] });
    await admin.ask('PUT /funding-orders/department:sales', { tiers: ['project'] });
    const { status, body } = await admin.ask(
      'GET /users/mia/effective-policy',
      undefined,
      as('mia', { 'x-test-address': '10.1.2.3' }),
    );
    expect(status).toBe(200);
    const values = body.values as readonly {
      readonly field: string;
      readonly value: unknown;
      readonly sources: object;
    }[];
    expect(values.find(({ field }) => field === 'models')).toMatchObject({
      value: [['gpt-*', 'claude-*'], ['gpt-*']],
      sources: [
        { scope: 'company', value: ['gpt-*', 'claude-*'] },
        { scope: 'department:sales', value: ['gpt-*'] },
      ],
    });
    expect(values.find(({ field }) => field === 'caching')).toMatchObject({
      value: false,
      sources: [{ scope: 'company' }, { scope: `user:${ids.get('mia')}` }],
    });
    expect(values.find(({ field }) => field === 'fundingOrder')).toMatchObject({
      value: ['project'],
      sources: [{ scope: 'company' }, { scope: 'department:sales' }],
    });
    for (const scope of ['company', 'department:sales']) await admin.ask(`DELETE /funding-orders/${scope}`);
  });

  it('is read as it was put, whole', async () => {
    const { body } = await admin.ask('GET /access-policies/department:sales');
    expect(body).toMatchObject({
      scope: 'department:sales',
      models: ['gpt-*'],
      networks: ['10.0.0.0/8'],
      rateLimit: { requestsPerMinute: 600, tokensPerMinute: 0, concurrentRequests: 0 },
      revision: 1,
    });
    expect(body).not.toHaveProperty('isCachingAllowed');
    const { details } = await admin.lastEvent('accessPolicy.put');
    expect(JSON.parse(details.after ?? '')).toMatchObject({ isCachingAllowed: false });
  });

  it('says from where, for this API as well', async () => {
    const { status, body } = await admin.ask('GET /keys', undefined, as('mia'));
    expect([status, body.code, body.field]).toEqual([403, 'forbidden', 'network']);
    expect(
      (await admin.ask('GET /keys', undefined, as('mia', { 'x-test-address': '10.9.9.9' }))).status,
    ).toBe(200);
    const { keyId } = (await admin.ask('GET /session')).body;
    for (const scope of ['company', 'user:root', `key:${keyId}`]) {
      const shut = await admin.ask(`PUT /access-policies/${scope}`, { networks: ['10.0.0.0/8'] });
      expect([scope, shut.status, shut.body.field]).toEqual([scope, 409, 'networks']);
    }
    expect((await admin.ask('PUT /access-policies/user:root', { networks: ['192.0.2.0/24'] })).status).toBe(
      200,
    );
  });

  it.each([
    [{ models: 'gpt' }, 'models'],
    [{ networks: ['10.0.0.0/99'] }, 'networks'],
    [{ rateLimit: { requestsPerMinute: -1 } }, 'rateLimit.requestsPerMinute'],
    [{ revision: 7 }, 'revision'],
  ])('with %j is refused and names the field', async (policy, field) => {
    const { status, body } = await admin.ask('PUT /access-policies/company', policy);
    expect([status, String(body.field).replace(/\[\d\]$/, '')]).toEqual([400, field]);
  });
});

describe('a rule set', () => {
  beforeAll(() => admin.ask('PUT /access-policies/department:sales', {}));

  const RULES = [
    {
      ruleId: 'rm',
      mode: 'prefix',
      pattern: 'rm -rf',
      action: 'block',
      surfaces: ['toolCall'],
      message: 'No.',
    },
    { ruleId: 'key', mode: 'regex', pattern: 'AKIA[0-9A-Z]{16}', action: 'flag' },
    { ruleId: 'word', mode: 'contains', pattern: 'secret', action: 'shadow' },
  ];

  it('is put, shown and listed', async () => {
    const put = await admin.ask('PUT /rule-sets/guard', { name: 'Guard', rules: RULES });
    expect(put.status).toBe(200);
    expect(put.body).toMatchObject({
      ruleSetId: 'guard',
      departmentPath: '/',
      rules: [RULES[0], { ...RULES[1], surfaces: [], isCaseSensitive: false, message: '' }, RULES[2]],
    });
    expect((await admin.ask('GET /rule-sets')).body.items).toMatchObject([
      { ruleSetId: 'guard', name: 'Guard' },
    ]);
  });

  it('tells which of its rules a text would meet, and where', async () => {
    const text = 'sudo "r"m   -rf /';
    const { status, body } = await admin.ask('POST /rule-sets/test', {
      text,
      surface: 'toolCall',
      ruleSets: ['guard'],
    });
    expect(status).toBe(200);
    expect(body.hits).toMatchObject([{ ruleSetId: 'guard', ruleId: 'rm', action: 'block', message: 'No.' }]);
    const [{ start, end, text: met }] = body.hits as [{ start: number; end: number; text: string }];
    expect(text.slice(start, end)).toBe(met);
    const prompt = await admin.ask('POST /rule-sets/test', { text, ruleSets: ['guard'] });
    expect(prompt.body.hits).toEqual([]);
  });

  it('is tried before it is stored', async () => {
    const rules = [{ ruleId: 'x', mode: 'glob', pattern: 'drop*table', action: 'block' }];
    const { body } = await admin.ask('POST /rule-sets/test', { text: 'DROP the TABLE', rules });
    expect(body.hits).toMatchObject([{ ruleSetId: 'unstored', ruleId: 'x' }]);
    const wrong = [{ ...rules[0], mode: 'regex', pattern: '(?=look)' }];
    const refused = await admin.ask('POST /rule-sets/test', { text: 'x', rules: wrong });
    expect([refused.status, refused.body.field]).toEqual([400, 'rules[0].pattern']);
  });

  it('needs no more than a key that reads to be tried', async () => {
    const { plaintext } = (await admin.ask('POST /keys', { user: 'root', scopes: ['adminRead'] })).body;
    const { status } = await admin.ask('POST /rule-sets/test', { text: 'x' }, { 'x-api-key': plaintext });
    expect(status).toBe(200);
  });

  it('counts what it met', async () => {
    const event = (eventId: string, action: string, details: Record<string, string>) => ({
      eventId,
      tenant: 'default',
      actor: ids.get('mia') ?? '',
      action,
      subject: 'word',
      atMs: BigInt(Date.now()),
      details: { ruleSetId: 'guard', ...details },
      requestId: '',
      departmentPath: '/sales/emea/',
      userId: ids.get('mia') ?? '',
      clientAddress: '',
    });
    await admin.eventLog.audit(event('e1', 'interception.shadow', { count: '41' }));
    await admin.eventLog.audit(event('e2', 'interception.shadow', { count: '1' }));
    await admin.eventLog.audit(event('e3', 'interception.block', {}));
    const { body } = await admin.ask('GET /rule-hits?ruleSet=guard');
    expect(body.isComplete).toBe(true);
    expect(body.items).toMatchObject([
      { ruleId: 'word', action: 'shadow', hits: 42 },
      { ruleId: 'word', action: 'block', hits: 1 },
    ]);
  });

  it('stays while a policy names it', async () => {
    await admin.ask('PUT /access-policies/company', { ruleSets: ['guard'] });
    expect((await admin.ask('DELETE /rule-sets/guard')).body.code).toBe('conflict');
    await admin.ask('PUT /access-policies/company', {});
    expect((await admin.ask('DELETE /rule-sets/guard')).status).toBe(200);
  });
});

describe('a request for quota', () => {
  const until = new Date(Date.now() + 7 * 86_400_000).toISOString();
  const askFor = async (amounts: object) =>
    String(
      (await admin.ask('POST /quota-requests', { amounts, until, reason: 'release' }, as('mia'))).body
        .quotaRequestId,
    );

  it('is granted once by who runs the department, with the end that was asked for', async () => {
    const id = await askFor({ output: 500, cost: '2.5' });
    const approved = await admin.ask(`POST /quota-requests/${id}/approve`, { answer: 'fine' }, as('sublead'));
    expect(approved.status).toBe(200);
    expect(approved.body).toMatchObject({ state: 'approved', decidedBy: ids.get('sublead'), answer: 'fine' });
    const bucket = (await admin.ask(`GET /buckets/${approved.body.grant}`, undefined, as('mia'))).body;
    expect(bucket).toMatchObject({
      scope: `user:${ids.get('mia')}`,
      limits: { output: 500, cost: '2.5' },
      validUntil: until,
      note: 'release',
    });
    const again = await admin.ask(`POST /quota-requests/${id}/approve`, {}, as('lead'));
    expect([again.status, again.body.grant]).toEqual([200, approved.body.grant]);
    expect(
      (await admin.ask('GET /buckets?scope=user:mia')).body.items.filter(
        ({ tier }) => tier === 'supplementary',
      ),
    ).toHaveLength(1);
    expect((await admin.ask(`POST /quota-requests/${id}/refuse`, {}, as('lead'))).status).toBe(409);
    const trail = (await admin.actions()).filter((action) => /^(quotaRequest|grant)\./.test(action));
    // The second approval changed nothing.
    expect(trail).toEqual(['quotaRequest.create', 'grant.create', 'quotaRequest.approve']);
  });

  it('beyond what a department has left goes to who has as much', async () => {
    await admin.ask('PUT /buckets/department:emea', { limits: { output: 1_000 } });
    await admin.ask('PUT /buckets/department:sales', { limits: { output: 10_000 } });
    const userId = ids.get('mia') ?? '';
    const subject = { userId, departmentIds: ['sales', 'emea'] };
    await reserve(admin, 'res_used', subject, { output: 400n });
    await settle(admin, 'res_used', subject, { output: 400n });
    const id = await askFor({ output: 700 });
    const refused = await admin.ask(`POST /quota-requests/${id}/approve`, {}, as('sublead'));
    expect([refused.status, refused.body]).toEqual([
      403,
      expect.objectContaining({ reason: 'room', bucket: 'department:emea', who: 'department:sales' }),
    ]);
    expect(refused.body.detail).toContain('600');
    expect((await admin.ask('GET /quota-requests?state=open', undefined, as('mia'))).body.items).toHaveLength(
      1,
    );
    expect((await admin.ask(`POST /quota-requests/${id}/approve`, {}, as('lead'))).status).toBe(200);
  });

  it('beyond what every department has goes to the company', async () => {
    const id = await askFor({ output: 20_000 });
    const refused = await admin.ask(`POST /quota-requests/${id}/approve`, {}, as('lead'));
    expect([refused.status, refused.body.who]).toEqual([403, 'company']);
    expect((await admin.ask(`POST /quota-requests/${id}/approve`, {})).status).toBe(200);
  });

  it('is not granted by who asks, whatever he runs', async () => {
    for (const name of ['lead', 'root']) {
      const headers = name === 'root' ? { 'x-api-key': admin.rootKey } : as(name);
      const asked = await admin.ask('POST /quota-requests', { amounts: { input: 1 }, until }, headers);
      const id = String(asked.body.quotaRequestId);
      const { status } = await admin.ask(`POST /quota-requests/${id}/approve`, {}, headers);
      expect(status).toBe(403);
      const grants = (await admin.ask(`GET /buckets?scope=user:${name}`)).body.items;
      expect(grants.filter(({ tier }) => tier === 'supplementary')).toEqual([]);
      await admin.ask(`POST /quota-requests/${id}/withdraw`, {}, headers);
    }
  });

  it('that is decided otherwise meanwhile leaves no grant', async () => {
    await using fresh = await openAdmin((ports) => ({
      ...ports,
      accessPolicies: {
        ...ports.accessPolicies,
        decideQuotaRequest: async (request) => {
          const decision = { ...request, state: 'QUOTA_REQUEST_STATE_REFUSED' as const, grantId: '' };
          await ports.accessPolicies.decideQuotaRequest(decision);
          return ports.accessPolicies.decideQuotaRequest(request);
        },
      },
    }));
    const { userId } = (await fresh.ask('POST /users', { name: 'mia' })).body;
    const { quotaRequest } = await fresh.ports.accessPolicies.createQuotaRequest({
      actor: { tenant: 'default', userId },
      quotaRequestId: '',
      amounts: { output: 1n },
      untilMs: BigInt(Date.parse(until)),
      reason: '',
    });
    const { status } = await fresh.ask(`POST /quota-requests/${quotaRequest?.quotaRequestId}/approve`, {});
    expect(status).toBe(409);
    const { items } = (await fresh.ask('GET /buckets?scope=user:mia')).body;
    expect(items.filter(({ tier, closedAt }) => tier === 'supplementary' && closedAt === undefined)).toEqual(
      [],
    );
  });
});

describe('what was used', () => {
  it('is added up within what one sees', async () => {
    const record = (requestId: string, name: string, departmentPath: string) => ({
      requestId,
      tenant: 'default',
      userId: ids.get(name) ?? '',
      keyId: '',
      startedAtMs: BigInt(Date.now()),
      dialect: 'openai-chat',
      alias: 'fast',
      provider: 'p',
      model: 'm',
      streaming: false,
      httpStatus: 200,
      outcome: 'completed',
      faultCode: '',
      usage: { input: 10n, output: 5n, cacheRead: 0n, cacheWrite: 0n },
      usageEstimated: false,
      durationMs: 1,
      firstByteMs: undefined,
      attempts: 1,
      dropped: [],
      clientAddress: '',
      userAgent: '',
      departmentPath,
      projectId: '',
    });
    await admin.eventLog.access(record('r1', 'mia', '/sales/emea/'));
    await admin.eventLog.access(record('r2', 'lead', '/sales/'));
    const span = `fromMs=${Date.now() - 3_600_000}&untilMs=${Date.now() + 3_600_000}`;
    const keysSeen = async (name: string) => {
      const { body } = await admin.ask(`GET /usage?by=user&${span}`, undefined, as(name));
      return body.items.map(({ key }) => key).sort();
    };
    expect(await keysSeen('mia')).toEqual([ids.get('mia')]);
    expect(await keysSeen('sublead')).toEqual([ids.get('mia')]);
    expect(await keysSeen('lead')).toEqual([ids.get('lead'), ids.get('mia')].sort());
    const days = (await admin.ask(`GET /usage?by=day&${span}`)).body.items;
    expect(days).toMatchObject([{ requests: 2, usage: { input: 20, output: 10 } }]);
    const log = await admin.ask('GET /access-log?department=emea', undefined, as('lead'));
    expect(log.body.items.map(({ requestId }) => requestId)).toEqual(['r1']);
  });

  it('of whom one does not see is nobody’s', async () => {
    expect((await admin.ask('GET /access-log?user=lead', undefined, as('sublead'))).status).toBe(404);
    expect((await admin.ask('GET /access-log?department=sales', undefined, as('sublead'))).status).toBe(404);
  });
});
