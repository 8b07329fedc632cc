// Length is what counts: https://pages.nist.gov/800-63-4/sp800-63b.html asks for no classes of characters, and for a list of what
// everybody takes.

import { randomInt } from 'node:crypto';
import { invalid } from '../request-rules.ts';

const CHARACTERS_MIN = 12;
const CHARACTERS_MAX = 256;
const ONE_TIME_CHARACTERS = 20;
/** Without letters and digits that look alike. */
const ONE_TIME_ALPHABET = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/** What is left of a common one without its digits and signs. */
const COMMON = new Set(
  (
    'password passwort passw0rd admin administrator welcome letmein qwerty qwertz azerty iloveyou monkey dragon ' +
    'football baseball master sunshine princess shadow superman trustno secret changeme default root toor test ' +
    'abc abcd abcdef abcdefgh asdf asdfgh asdfghjkl zxcvbn zxcvbnm qwertyuiop login hello whatever company ' +
    'aiswitch gateway summer winter spring autumn january monday'
  ).split(' '),
);

/** @throws Fault `invalid` that says what is wrong */
export function checkNewPassword(password: string, userName: string): void {
  const refuse = (message: string) => {
    throw invalid('newPassword', message);
  };
  const length = [...password].length;
  if (length < CHARACTERS_MIN) refuse(`A password has ${CHARACTERS_MIN} characters or more.`);
  if (password.length > CHARACTERS_MAX) refuse(`A password has at most ${CHARACTERS_MAX} characters.`);
  if (new Set(password).size < 5) refuse('The password repeats too few characters.');
  const bare = password.toLowerCase().replace(/[^\p{L}]/gu, '');
  if (COMMON.has(bare) || [...COMMON].some((word) => bare === word.repeat(2) || bare === word.repeat(3))) {
    refuse('The password is one that everybody tries first.');
  }
  if (userName.length >= 4 && bare === userName.toLowerCase().replace(/[^\p{L}]/gu, '')) {
    refuse('The password is the name of its user.');
  }
}

/** Longer texts are not even compared. */
export function isTooLong(password: string): boolean {
  return password.length > CHARACTERS_MAX;
}

/** 116 random bits that can be read out. */
export function makeOneTimePassword(): string {
  return Array.from({ length: ONE_TIME_CHARACTERS }, () =>
    ONE_TIME_ALPHABET.charAt(randomInt(ONE_TIME_ALPHABET.length)),
  ).join('');
}
