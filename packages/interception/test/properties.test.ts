import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AhoCorasick } from '../src/aho-corasick.ts';
import { canonicalOf } from '../src/canonical.ts';
import { compileGlob } from '../src/glob.ts';

const few = (characters: string, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...characters), maxLength });

/** The plain meaning of a glob, which goes back as often as it takes. */
function isGlob(pattern: string, text: string): boolean {
  if (pattern === '') return text === '';
  const [head, rest] = [pattern[0], pattern.slice(1)];
  if (head === '*') return isGlob(rest, text) || (text !== '' && isGlob(pattern, text.slice(1)));
  return text !== '' && (head === '?' || head === text[0]) && isGlob(rest, text.slice(1));
}

function matches(pattern: string, text: string): boolean {
  const match = compileGlob(pattern).matches(text, 0, text.length);
  for (;;) {
    const { done, value } = match.next();
    if (done) return value;
  }
}

test('a glob matches what its plain meaning does', () => {
  fc.assert(
    fc.property(few('ab*?', 8), few('abc', 10), (pattern, text) => {
      expect(matches(pattern, text)).toBe(isGlob(pattern, text));
    }),
    { numRuns: 5_000 },
  );
});

test('many texts are found wherever each of them is, however they overlap', () => {
  const words = fc.array(few('abé', 4), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(words, few('abéx', 30), fc.integer({ min: 1, max: 31 }), (given, text, cut) => {
      const automaton = new AhoCorasick(given);
      const found: string[] = [];
      let node = 0;
      // In two stretches, which must make no difference.
      for (const [from, to] of [
        [0, Math.min(cut, text.length)],
        [Math.min(cut, text.length), text.length],
      ] as const) {
        node = automaton.search(text, { from, to, node }, (word, start, end) => {
          found.push(`${word} ${start} ${end}`);
        });
      }
      const expected = given.flatMap((word, index) =>
        [...text].flatMap((_, at) =>
          word !== '' && text.startsWith(word, at) ? [`${index} ${at} ${at + word.length}`] : [],
        ),
      );
      expect(found.toSorted()).toEqual(expected.toSorted());
    }),
    { numRuns: 5_000 },
  );
});

test('many long texts are found as few short ones are', () => {
  const words = Array.from({ length: 300 }, (_, index) => `${index} `.repeat(40));
  const automaton = new AhoCorasick(words);
  for (const [index, word] of words.entries()) {
    const found: number[] = [];
    automaton.search(`x${word}x`, { from: 0, to: word.length + 2, node: 0 }, (which) => found.push(which));
    expect(found).toContain(index);
  }
});

test('the canonical form has an origin for each character, in order, and is its own', () => {
  const text = few('aA "\'\\$@{},\n\t\u200bｆé`x27IFS', 40);
  fc.assert(
    fc.property(text, (original) => {
      const { text: canonical, origins } = canonicalOf(original);
      expect(origins).toHaveLength(canonical.length + 1);
      expect([...origins].every((origin, index) => origin >= (origins[index - 1] ?? 0))).toBe(true);
      expect(origins.at(-1)).toBe(original.length);
      expect(canonical).not.toMatch(/ {2}|\u200b/);
    }),
    { numRuns: 5_000 },
  );
});
