import { canonicalOf } from './canonical.ts';
import type { Hit, RuleSet, Surface } from './rule.ts';
import { Rules } from './rules.ts';

export interface Explanation {
  readonly hits: readonly Hit[];
  /** What the text looks like to the rules, besides as it is. */
  readonly canonical: string;
}

/** Which rules a text would meet, and where: for who writes rules. */
export function explain(sets: readonly RuleSet[], surface: Surface, text: string): Explanation {
  return { hits: Rules.compile(sets).inspect(surface, text).hits, canonical: canonicalOf(text).text };
}
