import { type Actor, type Rule, RuleAction, RuleMode, RuleSet, Surface } from '@ai-switch/contracts';
import { beforeEach, describe, expect, it } from 'vitest';
import { TENANT } from '../harness.ts';
import { describePolicies, makeWorld, putRules, rule, setPolicy, texts, type World } from './world.ts';

describePolicies('rule sets', (subject) => {
  let world: World;
  beforeEach(async () => {
    world = await makeWorld(subject);
  });

  const put = (actor: Actor, ruleSetId: string, rest: Parameters<typeof putRules>[3] = {}) =>
    putRules(subject, actor, ruleSetId, rest);
  const get = async (actor: Actor, ruleSetId: string) =>
    (await subject.accessPolicies.getRuleSet({ actor, ruleSetId })).ruleSet;
  const remove = (actor: Actor, ruleSetId: string) =>
    subject.accessPolicies.removeRuleSet({ actor, ruleSetId });
  const idsSeenBy = async (actor: Actor) =>
    (await subject.accessPolicies.listRuleSets({ actor, page: undefined })).ruleSets.map(
      ({ ruleSetId }) => ruleSetId,
    );

  it('hold their rules as they were written, and a list names them without', async () => {
    const rules: Rule[] = [
      rule('rm -rf *', {
        ruleId: 'a.1',
        mode: RuleMode.GLOB,
        action: RuleAction.FLAG,
        surfaces: [Surface.TOOL_CALL],
        isCaseSensitive: true,
        message: 'Please ask first.',
      }),
      rule('^DROP\\s+TABLE', { ruleId: 'a.2', mode: RuleMode.REGEX }),
    ];
    const made = await put(world.ada, 'shell', { departmentId: 'dep-b', rules });
    expect(made).toMatchObject({ ruleSetId: 'shell', departmentPath: '/dep-a/dep-b/', rules });
    expect(await get(world.ben, 'shell')).toEqual(made);
    const { ruleSets } = await subject.accessPolicies.listRuleSets({ actor: world.ben, page: undefined });
    expect(ruleSets).toEqual([{ ...made, rules: [] }]);
    const unnamed = await put(world.boss, '');
    expect(unnamed?.ruleSetId).toMatch(/^rs_/);
  });

  it('refuse a rule that cannot be, and say which and where', async () => {
    const cases: readonly (readonly [string, Rule[]])[] = [
      ['rules[0].ruleId', [rule('x', { ruleId: '' })]],
      ['rules[0].ruleId', [rule('x', { ruleId: 'a b' })]],
      ['rules[1].ruleId', [rule('x'), rule('y')]],
      ['rules[0].pattern', [rule('')]],
      ['rules[0].pattern', [rule('x'.repeat(513))]],
      ['rules[0].pattern', [rule('(?=a)b', { mode: RuleMode.REGEX })]],
      ['rules[0].pattern', [rule('(a)\\1', { mode: RuleMode.REGEX })]],
      ['rules[1].pattern', [rule('x'), rule('(', { ruleId: 'r2', mode: RuleMode.REGEX })]],
      ['rules[0].mode', [rule('x', { mode: RuleMode.UNSPECIFIED })]],
      ['rules[0].action', [rule('x', { action: RuleAction.UNSPECIFIED })]],
      ['rules[0].surfaces', [rule('x', { surfaces: [Surface.UNSPECIFIED] })]],
      ['rules[0].message', [rule('x', { message: 'x'.repeat(501) })]],
      ['rules', Array.from({ length: 501 }, (_, index) => rule('x', { ruleId: `r${index}` }))],
    ];
    for (const [field, rules] of cases) {
      await expect(put(world.boss, 'bad', { rules }), field).rejects.toMatchObject({
        code: 'invalid',
        details: { field },
      });
    }
    await expect(put(world.boss, 'a:b')).rejects.toMatchObject({ details: { field: 'ruleSetId' } });
    expect(await idsSeenBy(world.boss)).toEqual([]);
  });

  it('are changed by who runs their department, seen there, and not there for others', async () => {
    await put(world.boss, 'of-company');
    await put(world.boss, 'of-b', { departmentId: 'dep-b' });
    const changed = { departmentId: 'dep-b', rules: [rule('other')] };
    expect((await put(world.ben, 'of-b', changed))?.rules).toEqual([rule('other')]);
    expect(await idsSeenBy(world.boss)).toEqual(['of-b', 'of-company']);
    expect(await idsSeenBy(world.ada)).toEqual(['of-b']);
    for (const actor of [world.mia, world.sam, world.eve]) {
      expect(await idsSeenBy(actor)).toEqual([]);
      await expect(get(actor, 'of-b')).rejects.toMatchObject({ code: 'notFound' });
      await remove(actor, 'of-b');
    }
    expect(await get(world.boss, 'of-b')).toBeDefined();
    for (const actor of [world.mia, world.sam, world.ben]) {
      await expect(put(actor, 'new')).rejects.toMatchObject({ code: 'forbidden' });
      await expect(put(actor, 'new', { departmentId: 'dep-s' })).rejects.toMatchObject({ code: 'notFound' });
    }
  });

  it('of another company may have the same id, and nobody learns it', async () => {
    await put(world.boss, 'shell');
    expect(await put(world.eve, 'shell', { rules: [] })).toMatchObject({ tenant: 'other', rules: [] });
    expect((await get(world.boss, 'shell'))?.rules).toHaveLength(1);
    await remove(world.eve, 'shell');
    expect(await get(world.boss, 'shell')).toBeDefined();
  });

  it('are changed at the revision that was read', async () => {
    const first = await put(world.boss, 'shell');
    const second = await put(world.boss, 'shell', { expectedRevision: first?.revision ?? 0n });
    expect(second?.revision).toBe((first?.revision ?? 0n) + 1n);
    await expect(put(world.boss, 'shell', { expectedRevision: first?.revision ?? 0n })).rejects.toMatchObject(
      { code: 'conflict', details: { reason: 'revision' } },
    );
  });

  it('stay while a policy names them, and are gone at once when none does', async () => {
    await put(world.boss, 'shell');
    await setPolicy(subject, world.ben, 'department:dep-c', { ruleSets: texts('shell') });
    await expect(remove(world.boss, 'shell')).rejects.toMatchObject({ code: 'conflict' });
    await setPolicy(subject, world.ben, 'department:dep-c', { ruleSets: texts() });
    await remove(world.boss, 'shell');
    await remove(world.boss, 'shell');
    await expect(get(world.boss, 'shell')).rejects.toMatchObject({ code: 'notFound' });
  });

  describe('that the edge asks for', () => {
    const wanted = async (ruleSetIds: string[], known: RuleSet[] = [], tenant = TENANT) =>
      (await subject.auth.getRules({ tenant, ruleSetIds, known })).ruleSets.map(({ ruleSetId }) => ruleSetId);

    it('are those of the company that it does not have at this revision', async () => {
      const one = await put(world.boss, 'one');
      const two = await put(world.boss, 'two', { departmentId: 'dep-b' });
      if (one === undefined || two === undefined) throw new Error('no rule sets');
      expect((await wanted(['one', 'two', 'gone'])).toSorted()).toEqual(['one', 'two']);
      expect(await wanted(['one', 'two'], [one])).toEqual(['two']);
      await put(world.boss, 'one');
      expect(await wanted(['one', 'two'], [one, two])).toEqual(['one']);
      expect(await wanted(['one'], [], 'other')).toEqual([]);
      expect(await wanted([])).toEqual([]);
    });

    it('are newer under the id of one that was removed', async () => {
      const before = await put(world.boss, 'shell');
      for (let times = 0; times < 3; times += 1) await put(world.boss, 'shell');
      await remove(world.boss, 'shell');
      subject.clock.now += 1_000;
      const after = await put(world.boss, 'shell', { rules: [rule('new')] });
      expect(after?.revision).toBeGreaterThan((before?.revision ?? 0n) + 3n);
    });

    it('come in several answers when they are more than a message carries', async () => {
      const rules = Array.from({ length: 500 }, (_, index) =>
        rule('x'.repeat(512), { ruleId: `r${index}`, message: 'y'.repeat(500) }),
      );
      const ids = ['big-1', 'big-2', 'big-3', 'big-4', 'big-5', 'big-6', 'big-7', 'big-8'];
      for (const id of ids) await put(world.boss, id, { rules });
      const got: string[] = [];
      for (let left = ids; left.length > 0; left = ids.filter((id) => !got.includes(id))) {
        const answer = await subject.auth.getRules({ tenant: TENANT, ruleSetIds: left, known: [] });
        const bytes = answer.ruleSets.map((set) => RuleSet.encode(set).finish().length);
        expect(bytes.reduce((sum, each) => sum + each, 0)).toBeLessThan(3 * 1024 * 1024);
        expect(answer.ruleSets.length).toBeGreaterThan(0);
        got.push(...answer.ruleSets.map(({ ruleSetId }) => ruleSetId));
      }
      expect(got.toSorted()).toEqual(ids);
    });
  });
});
