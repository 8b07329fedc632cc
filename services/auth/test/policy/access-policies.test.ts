import {
  type Actor,
  CreateProjectRequest,
  UpdateDepartmentRequest,
  UpdateUserRequest,
} from '@ai-switch/contracts';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  describePolicies,
  limit,
  makeWorld,
  putRules,
  setPolicy,
  type Terms,
  texts,
  type World,
} from './world.ts';

describePolicies('access policies', (subject) => {
  let world: World;
  beforeEach(async () => {
    world = await makeWorld(subject);
  });

  const set = (actor: Actor, scope: string, terms: Terms = {}, revision?: bigint) =>
    setPolicy(subject, actor, scope, terms, revision);
  const get = async (actor: Actor, scope: string) =>
    (await subject.accessPolicies.getAccessPolicy({ actor, scope })).policy;
  const scopesSeenBy = async (actor: Actor) =>
    (await subject.accessPolicies.listAccessPolicies({ actor, page: undefined })).policies.map(
      ({ scope }) => scope,
    );
  const explained = async (actor: Actor, user: string, rest: { keyId?: string; projectId?: string } = {}) => {
    const request = { actor, user, keyId: '', projectId: '', ...rest };
    const { values } = await subject.accessPolicies.explainAccessPolicy(request);
    return Object.fromEntries(
      values.map(({ field, value, sources }) => [
        field,
        { value: JSON.parse(value), sources: sources.map(({ scope }) => scope) },
      ]),
    );
  };

  describe('what is set', () => {
    it('is read as it was written, with a revision that goes up', async () => {
      const terms = {
        models: texts('gpt-*'),
        networks: texts('10.0.0.0/8', '2001:db8::/32'),
        rateLimit: limit(100, 1_000_000, 5),
        userRateLimit: limit(10),
        isCachingAllowed: false,
        ruleSets: texts(),
      };
      expect(await set(world.boss, 'company', terms)).toMatchObject({ revision: 1n, ...terms });
      expect(await get(world.boss, 'company')).toMatchObject({ scope: 'company', revision: 1n, ...terms });
      expect(await set(world.boss, 'company', { models: texts() })).toMatchObject({ revision: 2n });
      const after = await get(world.boss, 'company');
      expect(after?.models).toEqual(texts());
      expect(after?.networks).toBeUndefined();
      expect(after?.rateLimit).toBeUndefined();
    });

    it('is nothing where nobody set anything', async () => {
      const policy = await get(world.boss, 'department:dep-a');
      expect(policy).toMatchObject({ scope: 'department:dep-a', revision: 0n });
      expect(policy?.models).toBeUndefined();
    });

    it('is refused with the name of the field that cannot be so', async () => {
      const cases: readonly (readonly [string, string, Terms])[] = [
        ['models', 'an empty alias', { models: texts('') }],
        ['models', 'two lines', { models: texts('a\nb') }],
        ['models', 'a long one', { models: texts('x'.repeat(257)) }],
        ['models', 'too many', { models: texts(...Array.from({ length: 201 }, (_, i) => `m${i}`)) }],
        ['networks', 'a mask too long', { networks: texts('10.0.0.0/33') }],
        ['networks', 'a word', { networks: texts('everywhere') }],
        ['rateLimit', 'below zero', { rateLimit: limit(-1) }],
        ['userRateLimit', 'a number too large', { userRateLimit: limit(1, 1_000_000_000_001) }],
        ['ruleSets', 'too many', { ruleSets: texts(...Array.from({ length: 21 }, (_, i) => `rs${i}`)) }],
      ];
      for (const [field, what, terms] of cases) {
        await expect(set(world.boss, 'company', terms), what).rejects.toMatchObject({
          code: 'invalid',
          details: { field },
        });
      }
      for (const scope of ['', 'companies', 'department:', 'team:x', 'user', 'model:gpt']) {
        await expect(set(world.boss, scope)).rejects.toMatchObject({
          code: 'invalid',
          details: { field: 'scope' },
        });
      }
      expect(await get(world.boss, 'company')).toMatchObject({ revision: 0n });
    });

    it('is changed at the revision that was read, by one of those who change it at once', async () => {
      await expect(set(world.boss, 'company', {}, 1n)).rejects.toMatchObject({
        code: 'conflict',
        details: { reason: 'revision' },
      });
      const tries = await Promise.allSettled(
        [1, 2, 3, 4].map((n) => set(world.boss, 'company', { rateLimit: limit(n) }, 0n)),
      );
      expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await get(world.boss, 'company')).toMatchObject({ revision: 1n });
    });

    it('holds for the next request of a key that was used a moment ago', async () => {
      const { plaintext: key } = await subject.makeKeyFor(world.mia.userId);
      const modelsOf = async () =>
        (await subject.auth.authenticate({ key })).caller?.policy?.models.map(({ models }) => models);
      expect(await modelsOf()).toEqual([]);
      await set(world.ada, 'department:dep-a', { models: texts('gpt-*') });
      expect(await modelsOf()).toEqual([['gpt-*']]);
      await set(world.ada, `user:${world.mia.userId}`, { models: texts('gpt-mini') });
      expect(await modelsOf()).toEqual([['gpt-*'], ['gpt-mini']]);
    });
  });

  describe('who may', () => {
    const project = async (projectId: string, departmentId: string) =>
      subject.organisation.createProject(
        CreateProjectRequest.create({ actor: subject.root, projectId, name: projectId, departmentId }),
      );
    const outcome = async (actor: Actor, scope: string) =>
      set(actor, scope).then(
        () => 'set',
        (fault: { code: string }) => fault.code,
      );

    it('set what: who runs the department of the scope, and for the others it is not there', async () => {
      await project('p-b', 'dep-b');
      const { key } = await subject.makeKeyFor(world.mia.userId);
      const scopes = [
        'company',
        'department:dep-s',
        'department:dep-a',
        'department:dep-b',
        'department:dep-c',
        'project:p-b',
        `user:${world.mia.userId}`,
        `key:${key.keyId}`,
      ];
      const row = async (actor: Actor) => Promise.all(scopes.map((scope) => outcome(actor, scope)));
      const [yes, no, gone] = ['set', 'forbidden', 'notFound'];
      expect(await row(subject.root)).toEqual([yes, yes, yes, yes, yes, yes, yes, yes]);
      expect(await row(world.boss)).toEqual([yes, yes, yes, yes, yes, yes, yes, yes]);
      expect(await row(world.ada)).toEqual([gone, gone, yes, yes, yes, yes, yes, yes]);
      expect(await row(world.ben)).toEqual([gone, gone, gone, yes, yes, yes, yes, yes]);
      expect(await row(world.mia)).toEqual([gone, gone, gone, gone, gone, gone, no, no]);
      expect(await row(world.sam)).toEqual([gone, gone, gone, gone, gone, gone, gone, gone]);
      expect(await row(world.eve)).toEqual([yes, gone, gone, gone, gone, gone, gone, gone]);
    });

    it('see what: those in his departments and his own, and the company for who runs it', async () => {
      const { key } = await subject.makeKeyFor(world.mia.userId);
      const [ofMia, ofKey] = [`user:${world.mia.userId}`, `key:${key.keyId}`];
      for (const scope of ['company', 'department:dep-s', 'department:dep-b', ofMia, ofKey]) {
        await set(world.boss, scope, { models: texts('secret-alias') });
      }
      const sorted = async (actor: Actor) => (await scopesSeenBy(actor)).toSorted();
      expect(await sorted(world.boss)).toEqual(
        ['company', 'department:dep-b', 'department:dep-s', ofKey, ofMia].toSorted(),
      );
      expect(await sorted(world.ben)).toEqual(['department:dep-b', ofKey, ofMia].toSorted());
      expect(await sorted(world.mia)).toEqual([ofKey, ofMia].toSorted());
      expect(await sorted(world.sam)).toEqual([]);
      expect(await sorted(world.eve)).toEqual([]);
      for (const scope of ['company', 'department:dep-s']) {
        for (const actor of [world.ben, world.mia]) {
          await expect(get(actor, scope)).rejects.toMatchObject({ code: 'notFound' });
        }
      }
      expect(await get(world.mia, ofMia)).toMatchObject({ models: texts('secret-alias') });
      const eves = await get(world.eve, 'company');
      expect(eves).toMatchObject({ tenant: 'other', revision: 0n });
    });

    it('take away what was set from above: nobody below', async () => {
      const scopes = ['department:dep-b', `user:${world.mia.userId}`];
      for (const scope of scopes) {
        await set(world.ben, scope, { models: texts('a', 'b') });
        await set(world.ada, scope, { models: texts('a') });
        await expect(set(world.ben, scope, {})).rejects.toMatchObject({ code: 'forbidden' });
        await set(world.boss, scope, { models: texts('none') });
        for (const actor of [world.ada, world.ben]) {
          await expect(set(actor, scope, {})).rejects.toMatchObject({ code: 'forbidden' });
        }
        // Nothing set is nobody's.
        await set(world.boss, scope, {});
        await set(world.ben, scope, { models: texts('a') });
      }
    });

    it('change what came along in a move: who runs the department where it is now', async () => {
      await set(world.ada, 'department:dep-b', { models: texts('a') });
      const moved = { actor: subject.root, departmentId: 'dep-b', parentId: 'dep-s' };
      await subject.organisation.updateDepartment(UpdateDepartmentRequest.create(moved));
      expect(await scopesSeenBy(world.ada)).toEqual([]);
      await expect(set(world.ada, 'department:dep-b')).rejects.toMatchObject({ code: 'notFound' });
      expect(await set(world.ben, 'department:dep-b')).toMatchObject({ revision: 2n });
    });

    it('set his own: nobody but who runs the company', async () => {
      const { key } = await subject.makeKeyFor(world.ben.userId);
      for (const scope of [`user:${world.ben.userId}`, `key:${key.keyId}`]) {
        await expect(set(world.ben, scope)).rejects.toMatchObject({ code: 'forbidden' });
      }
      expect(await set(world.boss, `user:${world.boss.userId}`)).toMatchObject({ revision: 1n });
    });

    it('set that of one of the same or a higher role: nobody', async () => {
      const twin = await subject.makeUser('twin', { departmentId: 'dep-b' });
      await subject.organisation.grantRole({
        actor: subject.root,
        userId: twin.userId,
        role: (await subject.user(world.ben.userId)).role,
        departmentId: 'dep-c',
      });
      const scope = `user:${twin.userId}`;
      await expect(set(world.ben, scope)).rejects.toMatchObject({ code: 'forbidden' });
      expect(await set(world.boss, scope)).toMatchObject({ revision: 1n });
    });

    it('name which rule sets: those of the department and from above', async () => {
      await putRules(subject, world.boss, 'of-company');
      await putRules(subject, world.ada, 'of-a', { departmentId: 'dep-a' });
      await putRules(subject, world.ben, 'of-c', { departmentId: 'dep-c' });
      await putRules(subject, world.boss, 'of-s', { departmentId: 'dep-s' });
      expect(
        await set(world.ben, 'department:dep-b', { ruleSets: texts('of-company', 'of-a') }),
      ).toBeDefined();
      for (const ruleSet of ['of-c', 'of-s', 'of-nobody']) {
        await expect(set(world.ben, 'department:dep-b', { ruleSets: texts(ruleSet) })).rejects.toMatchObject({
          code: 'notFound',
          details: { field: 'ruleSets' },
        });
      }
      await expect(set(world.boss, 'company', { ruleSets: texts('of-a') })).rejects.toMatchObject({
        code: 'notFound',
      });
      await expect(set(world.eve, 'company', { ruleSets: texts('of-company') })).rejects.toMatchObject({
        code: 'notFound',
      });
    });
  });

  describe('what holds in the end', () => {
    it('is told with everything that had a part in it, nearest last', async () => {
      const { key } = await subject.makeKeyFor(world.mia.userId, {
        models: ['gpt-mini'],
        networks: ['10.1.0.0/16'],
      });
      await putRules(subject, world.boss, 'one');
      await set(world.boss, 'company', {
        models: texts('gpt-*'),
        rateLimit: limit(1_000),
        userRateLimit: limit(10),
        ruleSets: texts('one'),
      });
      await set(world.ada, 'department:dep-a', { isCachingAllowed: false, userRateLimit: limit(20) });
      await set(world.ben, `user:${world.mia.userId}`, {
        networks: texts('10.0.0.0/8'),
        isCachingAllowed: true,
      });
      const ofMia = `user:${world.mia.userId}`;
      const ofKey = `key:${key.keyId}`;
      const limits = { tokensPerMinute: 0, concurrentRequests: 0 };
      expect(await explained(world.ben, 'mia', { keyId: key.keyId })).toEqual({
        models: { value: [['gpt-*'], ['gpt-mini']], sources: ['company', ofKey] },
        networks: { value: [['10.0.0.0/8'], ['10.1.0.0/16']], sources: [ofMia, ofKey] },
        rateLimit: {
          value: [{ scope: 'company', requestsPerMinute: 1_000, ...limits }],
          sources: ['company'],
        },
        userRateLimit: {
          value: { requestsPerMinute: 20, ...limits },
          sources: ['company', 'department:dep-a'],
        },
        caching: { value: false, sources: ['department:dep-a', ofMia] },
        ruleSets: { value: ['one'], sources: ['company'] },
      });
      expect(await explained(world.sam, world.sam.userId)).toMatchObject({
        models: { value: [['gpt-*']], sources: ['company'] },
        caching: { value: true, sources: [] },
      });
    });

    it('is told of whom and for what is in sight, and of no other project', async () => {
      const { boss, ben, mia, sam } = world;
      for (const projectId of ['p-own', 'p-other']) {
        await subject.organisation.createProject(
          CreateProjectRequest.create({ actor: boss, projectId, name: projectId }),
        );
        await set(boss, `project:${projectId}`, { models: texts(`of-${projectId}`) });
      }
      await subject.organisation.putProjectMember({ actor: boss, projectId: 'p-own', userId: mia.userId });
      await subject.organisation.putProjectMember({ actor: boss, projectId: 'p-other', userId: sam.userId });
      expect(await explained(mia, 'mia', { projectId: 'p-own' })).toMatchObject({
        models: { value: [['of-p-own']], sources: ['project:p-own'] },
      });
      for (const [actor, projectId] of [
        [mia, 'p-other'],
        [ben, 'p-other'],
        [boss, 'p-other'],
        [mia, 'p-none'],
      ] as const) {
        await expect(explained(actor, 'mia', { projectId })).rejects.toMatchObject({ code: 'notFound' });
      }
      await expect(explained(mia, 'sam')).rejects.toMatchObject({ code: 'notFound' });
      await expect(explained(world.eve, mia.userId)).rejects.toMatchObject({ code: 'notFound' });
      const { key } = await subject.makeKeyFor(sam.userId);
      await expect(explained(boss, 'mia', { keyId: key.keyId })).rejects.toMatchObject({ code: 'notFound' });
      const { key: bound } = await subject.makeKeyFor(mia.userId, { projectId: 'p-own' });
      expect(await explained(mia, 'mia', { keyId: bound.keyId })).toMatchObject({
        models: { sources: ['project:p-own'] },
      });
    });

    it('ends with what it was set for, and moves with it', async () => {
      const { boss, ada, mia } = world;
      await set(boss, `user:${mia.userId}`, { models: texts('a') });
      const moved = { actor: boss, userId: mia.userId, departmentId: 'dep-s' };
      await subject.organisation.updateUser(UpdateUserRequest.create(moved));
      expect(await scopesSeenBy(ada)).toEqual([]);
      await subject.organisation.removeUser({ actor: boss, userId: mia.userId, expectedRevision: undefined });
      expect(await scopesSeenBy(boss)).toEqual([]);
      const project = { actor: boss, projectId: 'p', name: 'p' };
      await subject.organisation.createProject(CreateProjectRequest.create(project));
      await set(boss, 'project:p', { models: texts() });
      await subject.organisation.removeProject({ actor: boss, projectId: 'p' });
      await subject.organisation.createProject(CreateProjectRequest.create(project));
      expect(await get(boss, 'project:p')).toMatchObject({ revision: 0n });
    });
  });

  it('are listed page by page', async () => {
    for (const id of ['dep-a', 'dep-b', 'dep-c', 'dep-s']) await set(world.boss, `department:${id}`);
    const page = (after: string) =>
      subject.accessPolicies.listAccessPolicies({ actor: world.boss, page: { after, limit: 3 } });
    const first = await page('');
    const second = await page(first.nextAfter);
    expect([first.policies.length, second.policies.length, second.nextAfter]).toEqual([3, 1, '']);
    expect(new Set([...first.policies, ...second.policies].map(({ scope }) => scope)).size).toBe(4);
  });
});
