// What a rule is, and whether one can be: a rule that could hang the gateway, or that says nothing, is refused when it is
// saved and never met on a request's path.

import { regexProblem } from './regex.ts';

/**
 * `exact`: the whole text, line or command · `prefix`: the beginning of one · `contains`: anywhere · `glob`: the whole text,
 * line or command, `*` for any characters, `?` for one, `[a-z]` for one of them · `regex`: anywhere, RE2's syntax.
 */
export type RuleMode = 'exact' | 'prefix' | 'contains' | 'glob' | 'regex';
export type RuleAction = 'block' | 'flag' | 'shadow';
export type Surface = 'prompt' | 'toolCall' | 'toolResult';

export interface Rule {
  readonly ruleId: string;
  readonly mode: RuleMode;
  readonly pattern: string;
  readonly action: RuleAction;
  /** Empty: all three. */
  readonly surfaces: readonly Surface[];
  readonly isCaseSensitive: boolean;
  /** What the client is told when it blocks. */
  readonly message: string;
}

export interface RuleSet {
  readonly ruleSetId: string;
  readonly revision: bigint;
  readonly rules: readonly Rule[];
}

/** One rule met one text. */
export interface Hit {
  readonly ruleSetId: string;
  readonly ruleId: string;
  readonly action: RuleAction;
  readonly mode: RuleMode;
  readonly message: string;
  /** Where in the original text. */
  readonly start: number;
  readonly end: number;
}

export interface Verdict {
  /** At most one a rule. */
  readonly hits: readonly Hit[];
  /** False when the time was over before everything was looked at, or when a text was made so that it cannot be. */
  readonly isComplete: boolean;
}

export const RULES_PER_SET_MAX = 500;
const PATTERN_CHARACTERS_MAX = 512;
const GLOB_WILDCARDS_MAX = 32;

/** Undefined for a rule that can be; else the field that is wrong, and a sentence that says how. */
export function checkRule({
  mode,
  pattern,
  isCaseSensitive,
}: Rule): { readonly field: string; readonly problem: string } | undefined {
  const problem = patternProblem(mode, pattern, isCaseSensitive);
  return problem === undefined ? undefined : { field: 'pattern', problem };
}

function patternProblem(mode: RuleMode, pattern: string, isCaseSensitive: boolean): string | undefined {
  if (pattern.trim() === '') return 'A pattern has at least one character that is not blank.';
  if (pattern.length > PATTERN_CHARACTERS_MAX) {
    return `A pattern has at most ${PATTERN_CHARACTERS_MAX} characters.`;
  }
  if (!pattern.isWellFormed()) return 'The pattern holds half of a character.';
  if (mode === 'regex') return regexProblem(pattern, isCaseSensitive);
  if (mode === 'glob') return globProblem(pattern);
  return undefined;
}

function globProblem(pattern: string): string | undefined {
  if (/^[*?]*$/.test(pattern)) return 'The pattern would match everything.';
  if ((pattern.match(/\*+/g)?.length ?? 0) > GLOB_WILDCARDS_MAX) {
    return `A pattern has at most ${GLOB_WILDCARDS_MAX} stars.`;
  }
  return undefined;
}
