// Length is what counts: https://pages.nist.gov/800-63-4/sp800-63b.html asks for no classes of characters, and for a list of what
// everybody takes.

import { randomInt } from 'node:crypto';
import { invalid } from '../request-rules.ts';

const CHARACTERS_MIN = 12;
const CHARACTERS_MAX = 256;
const ONE_TIME_CHARACTERS = 20;
/** Without letters and digits that look alike. */
const ONE_TIME_ALPHABET = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/** What passwords that everybody tries are made of. */
const COMMON = new Set(
  (
    'password passwort passw0rd admin administrator welcome letmein qwerty qwertz azerty iloveyou monkey dragon ' +
    'football baseball master sunshine princess shadow superman trustno secret changeme default root toor test ' +
    'abc abcd abcdef abcdefgh asdf asdfgh asdfghjkl zxcvbn zxcvbnm qwertyuiop login hello whatever company ' +
    'aiswitch gateway summer winter spring autumn january monday unknown computer internet starwars pokemon ' +
    'batman michael jennifer charlie jordan ashley daniel thomas matthew jessica andrew michelle hunter killer ' +
    'freedom cheese samsung liverpool chelsea arsenal ginger hannah access guest user service system server'
  ).split(' '),
);

/** Fingers walk along these, forwards and backwards. */
const WALKS = [
  'abcdefghijklmnopqrstuvwxyz',
  '012345678901234567890',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;',
  'zaq1xsw2cde3vfr4bgt5nhy6mju7',
  '1q2w3e4r5t6y7u8i9o0p',
  'q1w2e3r4t5y6u7i8o9p0',
  'qazwsxedcrfvtgbyhnujmikolp',
  'qwertyuiopasdfghjklzxcvbnm',
  'qwertzuiopasdfghjklyxcvbnm',
  'azertyuiopqsdfghjklmwxcvbn',
  '!@#$%^&*()_+',
].flatMap((walk) => [walk, [...walk].reverse().join('')]);
const STEPS_MIN = 3;
/** Characters besides walks, repetitions and common words that make a password of its own. */
const OWN_CHARACTERS_MIN = 5;
/** What is written for a letter. */
const LETTER_OF: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '@': 'a',
  $: 's',
};

/** @throws Fault `invalid` that says what is wrong */
export function checkNewPassword(password: string, userName: string): void {
  const refuse = (message: string) => {
    throw invalid('newPassword', message);
  };
  const length = [...password].length;
  if (length < CHARACTERS_MIN) refuse(`A password has ${CHARACTERS_MIN} characters or more.`);
  if (password.length > CHARACTERS_MAX) refuse(`A password has at most ${CHARACTERS_MAX} characters.`);
  if (new Set(password).size < 5) refuse('The password repeats too few characters.');
  if (ownCharacters(password.toLowerCase()) < OWN_CHARACTERS_MIN) {
    refuse('The password is hardly more than common words and rows of the keyboard.');
  }
  const bare = password.toLowerCase().replace(/[^\p{L}]/gu, '');
  if (COMMON.has(bare) || [...COMMON].some((word) => bare === word.repeat(2) || bare === word.repeat(3))) {
    refuse('The password is one that everybody tries first.');
  }
  if (userName.length >= 4 && bare === userName.toLowerCase().replace(/[^\p{L}]/gu, '')) {
    refuse('The password is the name of its user.');
  }
}

/** How many characters belong to no walk, to no common word, and to no repetition of what stands before them. */
function ownCharacters(text: string): number {
  const letters = text.replace(/[01345@$]/g, (sign) => LETTER_OF[sign] ?? sign);
  let own = 0;
  let index = 0;
  while (index < text.length) {
    const steps = Math.max(walkAt(text, index), repetitionAt(text, index), wordAt(letters, index));
    own += steps >= STEPS_MIN ? 0 : 1;
    index += steps >= STEPS_MIN ? steps : 1;
  }
  return own;
}

/** How many characters from here stand side by side on one walk. */
function walkAt(text: string, start: number): number {
  let steps = 0;
  for (const walk of WALKS) {
    while (start + steps < text.length && walk.includes(text.slice(start, start + steps + 1))) steps += 1;
  }
  return steps;
}

function wordAt(text: string, start: number): number {
  let longest = 0;
  for (const word of COMMON) {
    if (word.length > longest && text.startsWith(word, start)) longest = word.length;
  }
  return longest;
}

/** How many characters from here are those that end just before it, once more. */
function repetitionAt(text: string, start: number): number {
  let longest = 0;
  for (let length = 1; length <= start; length += 1) {
    const unit = text.slice(start - length, start);
    let steps = 0;
    while (start + steps < text.length && text[start + steps] === unit[steps % length]) steps += 1;
    longest = Math.max(longest, steps);
  }
  return longest;
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
