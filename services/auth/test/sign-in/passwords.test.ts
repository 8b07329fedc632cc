import { describe, expect, test } from 'vitest';
import { hashPassword, isPasswordOf } from '../../src/sign-in/password-hash.ts';
import { checkNewPassword, makeOneTimePassword } from '../../src/sign-in/password-rules.ts';

describe('a new password', () => {
  test.each([
    '123456789012',
    '012345678910',
    '987654321012',
    '123123123123',
    '1qaz2wsx3edc',
    '!QAZ2wsx#EDC',
    'zaq12wsxcde3',
    '1q2w3e4r5t6y',
    '123qweasdzxc',
    'qwertyuiop12',
    'abcdefghijkl',
    'abc123abc123',
    'abcd1234abcd',
    'Passw0rd1234',
    'P@ssw0rd1234',
    'iloveyou1234',
    'michael12345',
    'adminadmin12',
    'Welcome-2024!',
    'letmein-letmein',
    'passwordpassword',
  ])('%j is one that everybody tries', (password) => {
    expect(() => checkNewPassword(password, 'mia')).toThrow(
      expect.objectContaining({ code: 'invalid', details: { field: 'newPassword' } }),
    );
  });

  test.each([
    'correct horse battery staple',
    'kirschbaum am see',
    'Tr0ub4dor&3x!',
    'ключ под ковриком',
    '雨が降る前に帰ります今日は',
    'a master password of mine alone',
    '8f3b-19ca-77d0',
  ])('%j is taken', (password) => {
    expect(() => checkNewPassword(password, 'mia')).not.toThrow();
  });

  test('that is made for somebody is taken always, and never the same', () => {
    const made = Array.from({ length: 2_000 }, makeOneTimePassword);
    for (const password of made) checkNewPassword(password, 'mia');
    expect(new Set(made).size).toBe(made.length);
  });

  test('of any length is judged in no time', () => {
    const startedAtMs = performance.now();
    for (let seed = 0; seed < 100; seed += 1) {
      const letters = Array.from({ length: 256 }, (_, index) =>
        String.fromCharCode(33 + ((index * seed) % 93)),
      );
      try {
        checkNewPassword(letters.join(''), 'mia');
      } catch {
        // Most are repetitions.
      }
    }
    expect(performance.now() - startedAtMs).toBeLessThan(2_000);
  });
});

describe('hashes of passwords', () => {
  test('are of the letters, however the keyboard writes an accent', async () => {
    const hash = await hashPassword('caf\u00e9 am see');
    expect(await isPasswordOf(hash, 'cafe\u0301 am see')).toBe(true);
    expect(await isPasswordOf(hash, 'cafe am see')).toBe(false);
  });

  test('are made in turn, and of more than can wait some are told to come again', async () => {
    const hash = (await hashPassword('of somebody')).replace('m=19456,t=2', 'm=64,t=1');
    const ask = async (times: number) => {
      const asked = Array.from({ length: times }, () =>
        isPasswordOf(hash, 'of somebody').catch((error: { code: string }) => error.code),
      );
      return (await Promise.all(asked)).filter((outcome) => outcome === 'overloaded').length;
    };
    for (let round = 0; round < 20; round += 1) expect(await ask(80)).toBe(14);
    expect(await ask(66)).toBe(0);
  });
});
