import type { Auth, AuthenticateRequest, Caller } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { beforeEach, expect, test } from 'vitest';
import type { ChangeWatch } from '../src/remembered/change-watch.ts';
import { rememberedAuth } from '../src/remembered/remembered-auth.ts';

let nowMs: number;
/** The time of day. */
let dayMs: number;
let lifeMs: number;
let asked: AuthenticateRequest[];
let answer: (request: AuthenticateRequest) => Promise<{ caller: Caller | undefined; untilMs?: bigint }>;
let auth: Auth;
beforeEach(() => {
  nowMs = 1_000;
  asked = [];
  answer = async ({ key }) => ({ caller: { userId: key } as Caller });
  const remote = {
    authenticate: (request: AuthenticateRequest) => {
      asked.push(request);
      return answer(request);
    },
  } as Auth;
  lifeMs = 2_500;
  dayMs = 1_790_000_000_000;
  const watch = { lifeMs: () => lifeMs, nowMs: () => nowMs } as unknown as ChangeWatch;
  auth = rememberedAuth(remote, watch, { nowMs: () => dayMs });
});

const userOf = async (key: string, projectId?: string) =>
  (await auth.authenticate({ key, projectId })).caller?.userId;
const refuse = (code: 'unauthenticated' | 'unavailable' | 'forbidden') => async () => {
  throw new Fault(code, 'no');
};

test('a key is believed as long as the watch vouches for it, and no longer than the key itself', async () => {
  lifeMs = 60_000;
  answer = async () => ({ caller: { userId: 'a' } as Caller, untilMs: 1_790_000_030_000n });
  await userOf('a');
  nowMs += 29_999;
  dayMs += 29_999;
  await userOf('a');
  expect(asked).toHaveLength(1);
  dayMs += 1;
  await userOf('a');
  expect(asked).toHaveLength(2);
  lifeMs = 0;
  await userOf('a');
  expect(asked).toHaveLength(3);
});

test('a key is asked about once in two and a half seconds, where nothing vouches for it', async () => {
  for (let count = 0; count < 100; count += 1) expect(await userOf('a')).toBe('a');
  expect(asked).toHaveLength(1);
  nowMs += 2_499;
  await userOf('a');
  expect(asked).toHaveLength(1);
  nowMs += 1;
  await userOf('a');
  expect(asked).toHaveLength(2);
});

test('its age counts from before the call', async () => {
  answer = async () => {
    nowMs += 2_000;
    return { caller: undefined };
  };
  await userOf('a');
  nowMs += 500;
  await userOf('a');
  expect(asked).toHaveLength(2);
});

test('many at once are one call, and a failure of it is nobody’s memory', async () => {
  await Promise.all(Array.from({ length: 50 }, () => userOf('a')));
  expect(asked).toHaveLength(1);
  answer = refuse('unavailable');
  const all = await Promise.allSettled(Array.from({ length: 50 }, () => userOf('b')));
  expect(all.every(({ status }) => status === 'rejected')).toBe(true);
  expect(asked).toHaveLength(2);
  answer = async () => ({ caller: { userId: 'b' } as Caller });
  expect(await userOf('b')).toBe('b');
});

test('nobody joins a call that auth is too slow to answer, and its answer is remembered no longer for that', async () => {
  const answers: ((userId: string) => void)[] = [];
  answer = () =>
    new Promise((resolve) => answers.push((userId) => resolve({ caller: { userId } as Caller })));
  const first = userOf('a');
  nowMs += 2_499;
  const second = userOf('a');
  expect(asked).toHaveLength(1);
  nowMs += 1;
  const third = userOf('a');
  expect(asked).toHaveLength(2);
  answers[0]?.('old');
  expect(await Promise.all([first, second])).toEqual(['old', 'old']);
  const fourth = userOf('a');
  expect(asked).toHaveLength(2);
  answers[1]?.('new');
  expect(await Promise.all([third, fourth, userOf('a')])).toEqual(['new', 'new', 'new']);
});

test('a wrong key is asked about once a second', async () => {
  answer = refuse('unauthenticated');
  for (let count = 0; count < 10; count += 1) {
    await expect(userOf('a')).rejects.toMatchObject({ code: 'unauthenticated' });
  }
  expect(asked).toHaveLength(1);
  nowMs += 1_000;
  await expect(userOf('a')).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(asked).toHaveLength(2);
});

test.each(['unavailable', 'forbidden'] as const)('%s is asked about each time', async (code) => {
  answer = refuse(code);
  for (let count = 0; count < 3; count += 1) await expect(userOf('a')).rejects.toMatchObject({ code });
  expect(asked).toHaveLength(3);
});

test('keys that begin or end alike, and the same key for other projects, are never taken for each other', async () => {
  const base = `ais_${'k'.repeat(100)}`;
  const keys = [base, `${base}x`, base.slice(0, -1), `x${base}`, base.toUpperCase()];
  for (const key of keys) expect(await userOf(key)).toBe(key);
  await userOf(base, 'p1');
  await userOf(base, 'p2');
  await userOf(`${base}p1`);
  expect(asked).toHaveLength(8);
  expect(await userOf(base)).toBe(base);
  expect(asked).toHaveLength(8);
});

test('a time of day that is turned makes nothing older or younger', async () => {
  await userOf('a');
  dayMs -= 3_600_000;
  nowMs += 2_499;
  await userOf('a');
  dayMs += 7_200_000;
  await userOf('a');
  expect(asked).toHaveLength(1);
  dayMs -= 7_200_000;
  nowMs += 1;
  await userOf('a');
  expect(asked).toHaveLength(2);
});

test('guesses push no key in use out of memory', async () => {
  await userOf('a');
  answer = refuse('unauthenticated');
  for (let count = 0; count < 11_000; count += 1) await userOf(`guess${count}`).catch(() => {});
  asked.length = 0;
  expect(await userOf('a')).toBe('a');
  await userOf('guess0').catch(() => {});
  expect(asked.map(({ key }) => key)).toEqual(['guess0']);
});
