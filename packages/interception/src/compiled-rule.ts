import { canonicalPattern } from './canonical.ts';
import { compileGlob, type Glob } from './glob.ts';
import { compileRegex, type Regex } from './regex.ts';
import type { Rule } from './rule.ts';

export interface CompiledRule {
  readonly ruleSetId: string;
  readonly rule: Rule;
  /** What a text that meets the rule holds, but for case; '' for one that is not told by a text. */
  readonly literal: string;
  /** As it is written, and canonical: what was found has to be one of them where case counts. */
  readonly cased: ReadonlySet<string>;
  readonly glob: Glob | undefined;
  readonly regex: Regex | undefined;
}

export function compileRule(ruleSetId: string, rule: Rule): CompiledRule {
  const { mode, isCaseSensitive } = rule;
  const pattern = mode === 'regex' ? rule.pattern : rule.pattern.trim();
  const glob = mode === 'glob' ? compileGlob(isCaseSensitive ? pattern : foldCase(pattern)) : undefined;
  const regex = mode === 'regex' ? compileRegex(pattern, isCaseSensitive) : undefined;
  const wanted = glob?.literal ?? (regex === undefined ? pattern : '');
  // A blank alone tells nothing: its canonical form is none.
  const literal = wanted.trim() === '' ? '' : wanted;
  return { ruleSetId, rule, literal, cased: new Set([pattern, canonicalPattern(pattern)]), glob, regex };
}

/** Without capitals, and as long as before: places in it are places in the text. A sigma is one wherever in a word it stands. */
export function foldCase(text: string): string {
  // The only letter whose small form is longer: https://www.unicode.org/Public/UCD/latest/ucd/SpecialCasing.txt
  const lower = text.replaceAll('\u0130', 'i').toLowerCase();
  return lower.includes('ς') ? lower.replaceAll('ς', 'σ') : lower;
}
