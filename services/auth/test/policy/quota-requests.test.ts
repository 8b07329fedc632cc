import {
  type Actor,
  CreateQuotaRequestRequest,
  QuotaRequestState,
  UpdateUserRequest,
} from '@ai-switch/contracts';
import { beforeEach, describe, expect, it } from 'vitest';
import { START_MS } from '../harness.ts';
import { describePolicies, makeWorld, type World } from './world.ts';

const DAY_MS = 86_400_000n;
const { OPEN, APPROVED, REFUSED, WITHDRAWN, UNSPECIFIED } = QuotaRequestState;

describePolicies('quota requests', (subject) => {
  let world: World;
  beforeEach(async () => {
    world = await makeWorld(subject);
  });

  const untilMs = BigInt(START_MS) + DAY_MS;
  const ask = async (
    actor: Actor,
    quotaRequestId = '',
    rest: Omit<
      Parameters<typeof CreateQuotaRequestRequest.create>[0] & object,
      'actor' | 'quotaRequestId'
    > = {},
  ) => {
    const wanted = { amounts: { output: 1_000n }, untilMs, reason: 'a release', ...rest };
    const request = CreateQuotaRequestRequest.create({ actor, quotaRequestId, ...wanted });
    return (await subject.accessPolicies.createQuotaRequest(request)).quotaRequest;
  };
  const decide = async (
    actor: Actor,
    quotaRequestId: string,
    state: QuotaRequestState,
    { answer = '', grantId = state === APPROVED ? 'qr-1' : '' } = {},
  ) => {
    const request = { actor, quotaRequestId, state, answer, grantId };
    return (await subject.accessPolicies.decideQuotaRequest(request)).quotaRequest;
  };
  const get = async (actor: Actor, quotaRequestId: string) =>
    (await subject.accessPolicies.getQuotaRequest({ actor, quotaRequestId })).quotaRequest;
  const list = async (actor: Actor, state: QuotaRequestState = UNSPECIFIED) =>
    (await subject.accessPolicies.listQuotaRequests({ actor, state, page: undefined })).quotaRequests.map(
      ({ quotaRequestId }) => quotaRequestId,
    );

  describe('asking', () => {
    it('is for oneself, and what was asked is read as it was written', async () => {
      const amounts = { input: 5n, cost: 2_000_000n };
      const made = await ask(world.mia, 'q1', { amounts, reason: 'two\nlines' });
      expect(made).toMatchObject({
        quotaRequestId: 'q1',
        userId: world.mia.userId,
        userName: 'mia',
        departmentPath: '/dep-a/dep-b/',
        amounts,
        untilMs,
        reason: 'two\nlines',
        state: OPEN,
        createdAtMs: BigInt(START_MS),
        decidedBy: '',
        grantId: '',
      });
      expect(await get(world.ben, 'q1')).toEqual(made);
      expect((await ask(world.mia))?.quotaRequestId).toMatch(/^qrq_/);
    });

    it('again under the same id changes nothing, and for something else is refused', async () => {
      const made = await ask(world.mia, 'q1');
      subject.clock.now += 5_000;
      expect(await ask(world.mia, 'q1')).toEqual(made);
      const otherwise = [
        { amounts: { output: 1_001n } },
        { amounts: { input: 1_000n } },
        { untilMs: untilMs + 1n },
        { reason: 'other' },
      ];
      for (const rest of otherwise) {
        await expect(ask(world.mia, 'q1', rest)).rejects.toMatchObject({ code: 'conflict' });
      }
      await expect(ask(world.sam, 'q1')).rejects.toMatchObject({ code: 'conflict' });
      // Another company's ids are its own.
      expect(await ask(world.eve, 'q1')).toMatchObject({ tenant: 'other' });
    });

    it('for what cannot be is refused with the field', async () => {
      const cases = [
        ['amounts', { amounts: {} }],
        ['amounts', { amounts: { output: 0n } }],
        ['amounts', { amounts: { output: -1n } }],
        ['amounts', { amounts: { gold: 1n } }],
        ['amounts', { amounts: { output: 1_000_000_000_000_001n } }],
        ['untilMs', { untilMs: BigInt(START_MS) }],
        ['untilMs', { untilMs: BigInt(START_MS) + 367n * DAY_MS }],
        ['reason', { reason: 'x'.repeat(501) }],
        ['reason', { reason: 'a\0b' }],
      ] as const;
      for (const [field, rest] of cases) {
        await expect(ask(world.mia, '', rest), field).rejects.toMatchObject({
          code: 'invalid',
          details: { field },
        });
      }
      await expect(ask(world.mia, 'a:b')).rejects.toMatchObject({ details: { field: 'quotaRequestId' } });
      expect(await list(world.mia)).toEqual([]);
    });

    it('has ten open at most, however fast they come', async () => {
      const tries = await Promise.allSettled(Array.from({ length: 14 }, (_, i) => ask(world.mia, `q${i}`)));
      const made = tries.flatMap((each) =>
        each.status === 'fulfilled' ? [each.value?.quotaRequestId ?? ''] : [],
      );
      expect(made).toHaveLength(10);
      await expect(ask(world.mia, 'eleventh')).rejects.toMatchObject({ code: 'conflict' });
      expect(await ask(world.mia, made[0])).toBeDefined();
      expect(await ask(world.sam, 'of-sam')).toBeDefined();
      await decide(world.mia, made[0] ?? '', WITHDRAWN);
      expect(await ask(world.mia, 'eleventh')).toBeDefined();
    });
  });

  describe('a decision', () => {
    it.each([
      ['approved', APPROVED, 'qr-1'],
      ['refused', REFUSED, ''],
    ] as const)(
      'stays: what is %s is so, with who and when, and is nothing else any more',
      async (_, state, grantId) => {
        await ask(world.mia, 'q1');
        subject.clock.now += 1_000;
        const decided = await decide(world.ben, 'q1', state, { answer: 'because' });
        expect(decided).toMatchObject({
          state,
          grantId,
          answer: 'because',
          decidedBy: world.ben.userId,
          decidedAtMs: BigInt(START_MS) + 1_000n,
        });
        subject.clock.now += 1_000;
        expect(await decide(world.ada, 'q1', state, { answer: 'other' })).toEqual(decided);
        for (const other of [APPROVED, REFUSED].filter((each) => each !== state)) {
          await expect(decide(world.ada, 'q1', other)).rejects.toMatchObject({ code: 'conflict' });
        }
        await expect(decide(world.mia, 'q1', WITHDRAWN)).rejects.toMatchObject({ code: 'conflict' });
        expect(await get(world.mia, 'q1')).toEqual(decided);
      },
    );

    it('is of one when several decide at once', async () => {
      await ask(world.mia, 'q1');
      const tries = await Promise.allSettled([
        decide(world.ben, 'q1', APPROVED),
        decide(world.ada, 'q1', REFUSED),
        decide(world.mia, 'q1', WITHDRAWN),
        decide(world.boss, 'q1', REFUSED),
      ]);
      const { state } = (await get(world.boss, 'q1')) ?? {};
      for (const [index, wanted] of [APPROVED, REFUSED, WITHDRAWN, REFUSED].entries()) {
        expect(tries[index]?.status).toBe(wanted === state ? 'fulfilled' : 'rejected');
      }
    });

    it('is for who runs the department of who asked, never for himself', async () => {
      await ask(world.mia, 'of-mia');
      await ask(world.ben, 'of-ben');
      await ask(world.boss, 'of-boss');
      for (const state of [APPROVED, REFUSED]) {
        await expect(decide(world.mia, 'of-mia', state)).rejects.toMatchObject({ code: 'forbidden' });
        await expect(decide(world.ben, 'of-ben', state)).rejects.toMatchObject({ code: 'forbidden' });
        await expect(decide(world.boss, 'of-boss', state)).rejects.toMatchObject({ code: 'forbidden' });
        await expect(decide(world.sam, 'of-mia', state)).rejects.toMatchObject({ code: 'notFound' });
        await expect(decide(world.eve, 'of-mia', state)).rejects.toMatchObject({ code: 'notFound' });
        await expect(decide(world.ben, 'of-boss', state)).rejects.toMatchObject({ code: 'notFound' });
      }
      await expect(decide(world.ben, 'of-mia', WITHDRAWN)).rejects.toMatchObject({ code: 'forbidden' });
      expect(await decide(world.ada, 'of-ben', APPROVED)).toMatchObject({ state: APPROVED });
      expect(await decide(world.mia, 'of-mia', WITHDRAWN)).toMatchObject({ state: WITHDRAWN });
      expect(await decide(subject.root, 'of-boss', REFUSED)).toMatchObject({ state: REFUSED });
    });

    it('names a grant when it approves, and only then', async () => {
      await ask(world.mia, 'q1');
      for (const [state, grantId, field] of [
        [APPROVED, '', 'grantId'],
        [REFUSED, 'qr-1', 'grantId'],
        [OPEN, '', 'state'],
        [UNSPECIFIED, '', 'state'],
      ] as const) {
        await expect(decide(world.ben, 'q1', state, { grantId })).rejects.toMatchObject({
          code: 'invalid',
          details: { field },
        });
      }
      await expect(decide(world.ben, 'q1', REFUSED, { answer: 'x'.repeat(501) })).rejects.toMatchObject({
        details: { field: 'answer' },
      });
    });
  });

  describe('a list', () => {
    it('has those in sight, newest first whatever their ids, and of one state', async () => {
      for (const [actor, id] of [
        [world.mia, 'b'],
        [world.mia, 'c'],
        [world.ben, 'a'],
        [world.sam, 'd'],
      ] as const) {
        await ask(actor, id);
        subject.clock.now += 1;
      }
      expect(await list(world.boss)).toEqual(['d', 'a', 'c', 'b']);
      expect(await list(world.ben)).toEqual(['a', 'c', 'b']);
      expect(await list(world.mia)).toEqual(['c', 'b']);
      expect(await list(world.eve)).toEqual([]);
      await decide(world.ada, 'c', REFUSED);
      expect(await list(world.ada, OPEN)).toEqual(['a', 'b']);
      expect(await list(world.ada, REFUSED)).toEqual(['c']);
    });

    it('goes page by page, also where many were made at once', async () => {
      const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
      for (const [index, id] of ids.entries()) {
        if (index % 3 === 0) subject.clock.now += 1;
        await ask(world.mia, id);
      }
      const seen: string[] = [];
      let after = '';
      do {
        const page = { after, limit: 2 };
        const request = { actor: world.ben, state: UNSPECIFIED, page };
        const { quotaRequests, nextAfter } = await subject.accessPolicies.listQuotaRequests(request);
        seen.push(...quotaRequests.map(({ quotaRequestId }) => quotaRequestId));
        after = nextAfter;
      } while (after !== '');
      expect(seen).toEqual(['g', 'f', 'e', 'd', 'c', 'b', 'a']);
      const request = { actor: world.ben, state: UNSPECIFIED, page: { after: 'nowhere', limit: 2 } };
      await expect(subject.accessPolicies.listQuotaRequests(request)).rejects.toMatchObject({
        details: { field: 'page.after' },
      });
    });

    it('goes along with who asked', async () => {
      await ask(world.mia, 'q1');
      const moved = { actor: world.boss, userId: world.mia.userId, departmentId: 'dep-s' };
      await subject.organisation.updateUser(UpdateUserRequest.create(moved));
      expect(await list(world.ada)).toEqual([]);
      await expect(decide(world.ada, 'q1', APPROVED)).rejects.toMatchObject({ code: 'notFound' });
      expect(await list(world.mia)).toEqual(['q1']);
    });
  });
});
