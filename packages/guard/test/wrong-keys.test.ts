import { Fault } from '@ai-switch/kernel';
import { beforeEach, describe, expect, test } from 'vitest';
import { WrongKeys } from '../src/wrong-keys.ts';

let nowMs: number;
let guard: WrongKeys;
beforeEach(() => {
  nowMs = 1_790_000_000_000;
  guard = new WrongKeys({ nowMs: () => nowMs });
});

const HERE = '192.0.2.7';
let asked = 0;
const wrong = async (): Promise<never> => {
  asked += 1;
  throw new Fault('unauthenticated', 'no');
};
const right = async () => {
  asked += 1;
  return 'caller';
};

/** How a key was judged, and whether auth was asked. */
async function judge(address: string, key: string, ask: () => Promise<unknown>): Promise<string> {
  asked = 0;
  const verdict = await guard.judge(address, key, ask).then(
    () => 'good',
    (fault: Fault) => fault.code,
  );
  return asked === 0 ? `${verdict}, unasked` : verdict;
}

async function fail(times: number, address = HERE): Promise<void> {
  for (let count = 0; count < times; count += 1) await judge(address, `guess${count}`, wrong);
}

describe('an address', () => {
  test('is shut after 30 wrong keys in a minute, and says when to come back', async () => {
    await fail(29);
    expect(await judge(HERE, 'x', wrong)).toBe('unauthenticated');
    expect(await judge(HERE, 'x', wrong)).toBe('rateLimited, unasked');
    nowMs += 20_000;
    await expect(guard.judge(HERE, 'x', wrong)).rejects.toMatchObject({ retryAfterMs: 40_000 });
  });

  test('is open again when the first of them is a minute old, and never lets more than 30 through', async () => {
    let passed = 0;
    for (let second = 0; second < 600; second += 1) {
      nowMs += 1_000;
      if ((await judge(HERE, `k${second}`, wrong)) === 'unauthenticated') passed += 1;
    }
    expect(passed).toBe(300);
  });

  test('that fails slowly is never shut', async () => {
    for (let count = 0; count < 200; count += 1) {
      nowMs += 2_100;
      expect(await judge(HERE, `k${count}`, wrong)).toBe('unauthenticated');
    }
  });

  test.each([
    ['192.0.2.8', 'unauthenticated'],
    ['2001:db8::1', 'unauthenticated'],
  ])('does not shut %s', async (other, verdict) => {
    await fail(31);
    expect(await judge(other, 'x', wrong)).toBe(verdict);
  });

  test.each([
    ['2001:db8:0:1::1', '2001:db8:0:1:ffff::9', true],
    ['2001:db8::1', '2001:db8::ffff:0:0:1', true],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::', true],
    ['::1', '::2', true],
    ['2001:db8:0:1::1', '2001:db8:0:2::1', false],
    ['2001:db8::1', '2001:db8:0:0:1::1', true],
    ['1::', '1:0:0:1::', false],
  ])('of IPv6 stands for its network of 64 bits: %s and %s', async (one, other, isShut) => {
    await fail(31, one);
    expect(await judge(other, 'x', wrong)).toBe(isShut ? 'rateLimited, unasked' : 'unauthenticated');
  });
});

describe('from an address that is shut', () => {
  test('a key that was good goes on, and one that was not is not asked about', async () => {
    expect(await judge('198.51.100.1', 'mine', right)).toBe('good');
    await fail(31);
    expect(await judge(HERE, 'mine', right)).toBe('good');
    expect(await judge(HERE, 'new', right)).toBe('rateLimited, unasked');
    nowMs += 600_000;
    await fail(31);
    expect(await judge(HERE, 'mine', right)).toBe('rateLimited, unasked');
  });

  test('another secret of a key in use is not asked about, as no other guess is', async () => {
    expect(await judge(HERE, 'ais_mine_secret', right)).toBe('good');
    await fail(31);
    expect(await judge(HERE, 'ais_mine_another', wrong)).toBe('rateLimited, unasked');
    expect(await judge(HERE, 'ais_mine_secret', right)).toBe('good');
  });

  test('a key that was revoked since it was good is asked about once more, and then like every wrong key', async () => {
    await judge(HERE, 'mine', right);
    await fail(31);
    expect(await judge(HERE, 'mine', wrong)).toBe('rateLimited');
    expect(await judge(HERE, 'mine', wrong)).toBe('rateLimited, unasked');
    nowMs += 60_001;
    for (let count = 0; count < 30; count += 1) {
      expect(await judge(HERE, 'mine', wrong)).toBe('unauthenticated');
    }
    expect(await judge(HERE, 'mine', wrong)).toBe('rateLimited, unasked');
  });
});

test.each(['forbidden', 'unavailable', 'overloaded', 'internal'] as const)(
  'a key that is refused as %s is no wrong key',
  async (code) => {
    const refuse = () => Promise.reject(new Fault(code, 'no'));
    for (let count = 0; count < 100; count += 1) await judge(HERE, `k${count}`, refuse);
    expect(await judge(HERE, 'x', wrong)).toBe('unauthenticated');
  },
);

describe('at once', () => {
  const later = async (outcome: () => Promise<unknown>) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return outcome();
  };

  test('200 wrong keys are 30 guesses', async () => {
    let guesses = 0;
    const verdicts = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        guard
          .judge(HERE, `k${index}`, () => {
            guesses += 1;
            return later(wrong);
          })
          .catch((fault: Fault) => fault.code),
      ),
    );
    expect(guesses).toBe(30);
    expect(verdicts.filter((code) => code === 'unauthenticated')).toHaveLength(30);
    expect(verdicts.filter((code) => code === 'rateLimited')).toHaveLength(170);
  });

  test('200 good keys that are new all pass, and so do good ones among 20 wrong ones', async () => {
    const keys = Array.from({ length: 200 }, (_, index) => index);
    const all = await Promise.all(keys.map((index) => guard.judge(HERE, `k${index}`, () => later(right))));
    expect(new Set(all)).toEqual(new Set(['caller']));
    const mixed = await Promise.all(
      keys.map((index) =>
        guard
          .judge(HERE, `m${index}`, () => later(index % 10 === 0 ? wrong : right))
          .catch((fault: Fault) => fault.code),
      ),
    );
    expect(mixed.filter((verdict) => verdict === 'caller')).toHaveLength(180);
  });
});

test('no more than 50,000 addresses are remembered', async () => {
  await fail(30);
  for (let index = 0; index < 60_000; index += 1) {
    await guard.judge(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`, '', wrong).catch(() => {});
  }
  expect(await judge(HERE, 'x', wrong)).toBe('unauthenticated');
});
