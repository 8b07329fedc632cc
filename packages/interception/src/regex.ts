// Regular expressions of RE2's syntax, which are matched in time linear in the text whatever the pattern. How much each
// character costs grows with the pattern's program, which is therefore bounded when a rule is saved.

import { RE2JS } from 're2js';

/** Instructions of one pattern. */
const PROGRAM_MAX = 300;

export type Regex = ReturnType<typeof RE2JS.compile>;

/** @throws an error of re2js for a pattern that is none, or with what RE2 leaves out */
export function compileRegex(pattern: string, isCaseSensitive: boolean): Regex {
  return RE2JS.compile(pattern, isCaseSensitive ? 0 : RE2JS.CASE_INSENSITIVE);
}

const LOOK_AROUND = /\(\?(?:[=!]|<[=!])/;
const BACK_REFERENCE = /(?:^|[^\\])(?:\\\\)*\\(?:[1-9]|k[<{'])/;

/** Undefined for a pattern that can be; else a sentence. */
export function regexProblem(pattern: string, isCaseSensitive: boolean): string | undefined {
  let regex: Regex;
  try {
    regex = compileRegex(pattern, isCaseSensitive);
  } catch {
    return problemOf(pattern);
  }
  if (regex.programSize() > PROGRAM_MAX) {
    return 'The pattern is too large: please repeat less, or make several rules of it.';
  }
  return regex.test('') ? 'The pattern matches an empty text, and so everything.' : undefined;
}

function problemOf(pattern: string): string {
  if (LOOK_AROUND.test(pattern)) {
    return 'Look-around, like (?=…) or (?<!…), cannot be used: patterns are of RE2, which matches in linear time.';
  }
  if (BACK_REFERENCE.test(pattern)) {
    return 'Back-references, like \\1, cannot be used: patterns are of RE2, which matches in linear time.';
  }
  return 'The pattern is no regular expression of RE2: please check its brackets, repeats and escapes.';
}
