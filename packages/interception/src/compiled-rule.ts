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
  const literal = glob?.literal ?? (regex === undefined ? pattern : '');
  return { ruleSetId, rule, literal, cased: new Set([pattern, canonicalPattern(pattern)]), glob, regex };
}

/** Without capitals, and as long as before: places in it are places in the text. */
export function foldCase(text: string): string {
  const lower = text.toLowerCase();
  if (lower.length === text.length) return lower;
  let folded = '';
  for (const character of text) {
    const small = character.toLowerCase();
    folded += small.length === character.length ? small : character;
  }
  return folded;
}
