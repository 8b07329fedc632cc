import { type Actor, RevokeRoleRequest, Role } from '@ai-switch/contracts';
import { beforeEach, describe, expect, it } from 'vitest';
import { describeAuth, TENANT } from './harness.ts';

describeAuth('roles', (subject) => {
  let admins: Readonly<Record<'root' | 'company' | 'department' | 'member', Actor>>;
  beforeEach(async () => {
    await subject.makeBranch('emea', 'research');
    await subject.makeBranch('apac');
    const make = async (name: string, role: Role, departmentId = 'dep-emea') => {
      const { userId } = await subject.makeUser(name, { role, departmentId });
      return { tenant: TENANT, userId };
    };
    admins = {
      root: subject.root,
      company: await make('cora', Role.COMPANY_ADMIN),
      department: await make('dora', Role.DEPARTMENT_ADMIN),
      member: await make('mia', Role.MEMBER),
    };
  });

  const grant = (actor: Actor, userId: string, role: Role, departmentId = '') =>
    subject.organisation.grantRole({ actor, userId, role, departmentId });

  it.each([
    ['root', Role.ROOT, '', 'granted'],
    ['company', Role.ROOT, '', 'forbidden'],
    ['company', Role.COMPANY_ADMIN, '', 'granted'],
    ['company', Role.DEPARTMENT_ADMIN, 'dep-apac', 'granted'],
    ['department', Role.COMPANY_ADMIN, '', 'forbidden'],
    ['department', Role.DEPARTMENT_ADMIN, 'dep-emea', 'granted'],
    ['department', Role.DEPARTMENT_ADMIN, 'dep-research', 'granted'],
    ['department', Role.DEPARTMENT_ADMIN, 'dep-apac', 'notFound'],
    ['member', Role.DEPARTMENT_ADMIN, 'dep-emea', 'notFound'],
  ] as const)(
    'of %s, %s of %j is %s: nobody gives what he does not have',
    async (who, role, departmentId, outcome) => {
      const { userId } = await subject.makeUser('new', { departmentId: 'dep-research' });
      const given = await grant(admins[who], userId, role, departmentId).then(
        () => 'granted',
        (error: { code: string }) => error.code,
      );
      expect(given).toBe(outcome);
      expect((await subject.user(userId)).role).toBe(outcome === 'granted' ? role : Role.MEMBER);
    },
  );

  it('counts no longer in the moment that it is taken, whatever was given with it', async () => {
    const { userId } = await subject.makeUser('new', { departmentId: 'dep-emea' });
    const { roleGrant } = await grant(admins.company, userId, Role.DEPARTMENT_ADMIN, 'dep-emea');
    const actor = { tenant: TENANT, userId };
    await subject.makeUser('first', { departmentId: 'dep-emea', actor });
    await subject.organisation.revokeRole(
      RevokeRoleRequest.create({ actor: admins.company, roleGrantId: roleGrant?.roleGrantId ?? '' }),
    );
    await expect(subject.makeUser('second', { departmentId: 'dep-emea', actor })).rejects.toMatchObject({
      code: 'notFound',
    });
  });

  it('is granted once, however often', async () => {
    const { userId } = await subject.makeUser('new', { departmentId: 'dep-emea' });
    const ids = new Set<string | undefined>();
    for (let time = 0; time < 3; time += 1) {
      ids.add((await grant(admins.root, userId, Role.COMPANY_ADMIN)).roleGrant?.roleGrantId);
    }
    expect(ids.size).toBe(1);
  });

  describe('an admin', () => {
    it('acts for nobody of his own role or above, which would make him that', async () => {
      const { company, department } = admins;
      const { userId: peer } = await subject.makeUser('dina', {
        role: Role.DEPARTMENT_ADMIN,
        departmentId: 'dep-emea',
      });
      const calls: (() => Promise<unknown>)[] = [company.userId, peer].flatMap((userId) => [
        () => subject.makeKeyFor(userId, {}, department),
        () => subject.organisation.removeUser({ actor: department, userId, expectedRevision: undefined }),
        () => subject.opened.signIn.resetPassword({ actor: department, userId }),
      ]);
      for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'forbidden' });
      await subject.makeKeyFor(admins.member.userId, {}, department);
    });

    it('of one company is nobody in another', async () => {
      await subject.organisation.createCompany({ actor: subject.root, tenant: 'other', name: 'Other' });
      const actor = { ...admins.company, tenant: 'other' };
      await expect(subject.makeUser('x', { actor })).rejects.toMatchObject({ code: 'notFound' });
      await subject.makeUser('x', { actor: { ...subject.root, tenant: 'other' } });
    });

    it('who is suspended is nobody', async () => {
      const { userId } = admins.company;
      await subject.organisation.updateUser({
        actor: subject.root,
        userId,
        isSuspended: true,
        name: undefined,
        departmentId: undefined,
        expectedRevision: undefined,
      });
      await expect(subject.makeUser('x', { actor: admins.company })).rejects.toMatchObject({
        code: 'forbidden',
      });
    });
  });
});
