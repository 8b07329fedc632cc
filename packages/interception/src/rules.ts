// Many rules against one text. What can be looked for together is: every text of every rule in one pass over the original and one
// over its canonical form. Only what may match is then looked at by itself: a glob where its longest text was found, a regular
// expression in windows. The work on a text is cut into steps, between which time is looked at and others may go on.

import { AhoCorasick } from './aho-corasick.ts';
import type { Budget } from './budget.ts';
import { Canonicaliser, canonicalPattern } from './canonical.ts';
import { type CompiledRule, compileRule, foldCase } from './compiled-rule.ts';
import type { Regex } from './regex.ts';
import type { Hit, RuleSet, Surface, Verdict } from './rule.ts';
import { type Unit, Units } from './units.ts';

const SURFACES: readonly Surface[] = ['prompt', 'toolCall', 'toolResult'];
/** Characters of one step. */
const STRETCH = 32_768;
/** A regular expression sees a text in windows; a match that is longer than two of them share may be missed at their edge. */
const WINDOW = 4_096;
const WINDOW_OVERLAP = 1_024;
/** What is beyond both edges of a window, to tell a match from one that the edge makes. */
const EDGE = 64;

/** The rule sets that hold for a caller, ready to be matched. Made once for each of their revisions. */
export class Rules {
  readonly isEmpty: boolean;
  readonly #bySurface: ReadonlyMap<Surface, SurfaceRules>;

  private constructor(bySurface: ReadonlyMap<Surface, SurfaceRules>) {
    this.#bySurface = bySurface;
    this.isEmpty = bySurface.size === 0;
  }

  /** @throws an error for a rule that `checkRule` refuses */
  static compile(sets: readonly RuleSet[]): Rules {
    const rules = sets.flatMap(({ ruleSetId, rules: own }) =>
      own.map((rule) => compileRule(ruleSetId, rule)),
    );
    const bySurface = new Map<Surface, SurfaceRules>();
    for (const surface of SURFACES) {
      const covering = rules.filter(
        ({ rule: { surfaces } }) => surfaces.length === 0 || surfaces.includes(surface),
      );
      if (covering.length > 0) bySurface.set(surface, new SurfaceRules(covering));
    }
    return new Rules(bySurface);
  }

  covers(surface: Surface): boolean {
    return this.#bySurface.has(surface);
  }

  /** True when a rule for the surface blocks: then what was not wholly looked at cannot go on. */
  blocks(surface: Surface): boolean {
    return this.#bySurface.get(surface)?.hasBlock ?? false;
  }

  inspect(surface: Surface, text: string, budget?: Budget): Verdict {
    const steps = this.#steps(surface, text);
    const watch = budget?.start();
    for (;;) {
      const { done, value } = steps.next();
      if (!done && !watch?.isOver()) continue;
      watch?.stop();
      return { hits: value.hits, isComplete: done === true && value.isComplete };
    }
  }

  /**
   * The same for long texts, which lets others go on.
   *
   * @param rest waits a turn of the event loop; called after about every `turnMs`
   */
  async inspectInTurns(
    surface: Surface,
    text: string,
    {
      budget,
      rest,
      turnMs = 4,
    }: { readonly budget: Budget; readonly rest: () => Promise<void>; readonly turnMs?: number },
  ): Promise<Verdict> {
    const steps = this.#steps(surface, text);
    let watch = budget.start();
    let turnEndsAtMs = performance.now() + turnMs;
    for (;;) {
      const { done, value } = steps.next();
      const isOver = watch.isOver();
      if (done || isOver) {
        watch.stop();
        return { hits: value.hits, isComplete: done === true && value.isComplete };
      }
      if (performance.now() < turnEndsAtMs) continue;
      watch.stop();
      await rest();
      watch = budget.start();
      turnEndsAtMs = performance.now() + turnMs;
    }
  }

  *#steps(surface: Surface, text: string): Generator<Verdict, Verdict> {
    const rules = this.#bySurface.get(surface);
    if (rules === undefined || text === '') return { hits: [], isComplete: true };
    return yield* rules.inspect(text, surface === 'toolCall');
  }
}

/** A text in the form in which it is looked at. */
interface Form {
  readonly text: string;
  readonly folded: string;
  /** Of a canonical form. */
  readonly origins: Int32Array | undefined;
}

class SurfaceRules {
  readonly hasBlock: boolean;
  readonly #rules: readonly CompiledRule[];
  readonly #originals: AhoCorasick;
  readonly #canonicals: AhoCorasick;
  readonly #regexes: readonly number[];
  readonly #globs: readonly number[];

  constructor(rules: readonly CompiledRule[]) {
    this.#rules = rules;
    this.hasBlock = rules.some(({ rule }) => rule.action === 'block');
    this.#originals = new AhoCorasick(rules.map(({ literal }) => foldCase(literal)));
    this.#canonicals = new AhoCorasick(rules.map(({ literal }) => foldCase(canonicalPattern(literal))));
    this.#regexes = rules.flatMap(({ regex }, index) => (regex === undefined ? [] : [index]));
    this.#globs = rules.flatMap(({ glob }, index) => (glob === undefined ? [] : [index]));
  }

  /** Yields what was found so far after every step. */
  *inspect(text: string, hasCommands: boolean): Generator<Verdict, Verdict> {
    const found = new Found();
    yield* this.#inspectForm({ text, folded: foldCase(text), origins: undefined }, hasCommands, found);
    const canonicaliser = new Canonicaliser(text);
    for (let until = STRETCH; until < text.length; until += STRETCH) {
      canonicaliser.advance(until);
      yield found.verdict();
    }
    canonicaliser.advance(text.length);
    const { text: canonical, origins } = canonicaliser.end();
    if (canonical !== text) {
      yield* this.#inspectForm({ text: canonical, folded: foldCase(canonical), origins }, hasCommands, found);
    }
    return found.verdict();
  }

  *#inspectForm(form: Form, hasCommands: boolean, found: Found): Generator<Verdict> {
    let known: Units | undefined;
    const units = () => {
      known ??= new Units(form.text, hasCommands);
      return known;
    };
    /** Of a glob: one place in each stretch that holds its text. */
    const hints = new Map<number, Map<number, number>>();
    const note = (index: number, start: number, end: number) => {
      const compiled = this.#rules[index];
      if (compiled === undefined || found.hits.has(index)) return;
      if (compiled.glob === undefined) {
        if (isMet(compiled, form, { start, end }, units)) this.#hit(form, index, { start, end }, found);
        return;
      }
      const places = hints.get(index) ?? new Map<number, number>();
      hints.set(index, places);
      places.set(units().stretchAt(start), start);
    };
    const automaton = form.origins === undefined ? this.#originals : this.#canonicals;
    let node = 0;
    for (let from = 0; from < form.folded.length; from += STRETCH) {
      const to = Math.min(from + STRETCH, form.folded.length);
      node = automaton.search(form.folded, { from, to, node }, note);
      yield found.verdict();
    }
    for (const index of this.#globs) yield* this.#match(form, index, hints.get(index), units, found);
    if (known?.isCut) found.isComplete = false;
    for (const index of this.#regexes) yield* this.#search(form, index, found);
  }

  /** A glob, where its longest text was found. */
  *#match(
    form: Form,
    index: number,
    hints: ReadonlyMap<number, number> | undefined,
    units: () => Units,
    found: Found,
  ): Generator<Verdict> {
    const compiled = this.#rules[index];
    if (compiled?.glob === undefined || found.hits.has(index)) return;
    if (compiled.literal !== '' && hints === undefined) return;
    const text = compiled.rule.isCaseSensitive ? form.text : form.folded;
    let characters = 0;
    for (const unit of units().around(compiled.literal === '' ? undefined : hints?.values())) {
      const match = compiled.glob.matches(text, unit.start, unit.end);
      let { done, value: isMatch } = match.next();
      while (!done) {
        yield found.verdict();
        ({ done, value: isMatch } = match.next());
      }
      if (isMatch) {
        this.#hit(form, index, unit, found);
        return;
      }
      characters += unit.end - unit.start + 1;
      if (characters < STRETCH) continue;
      characters = 0;
      yield found.verdict();
    }
  }

  *#search(form: Form, index: number, found: Found): Generator<Verdict> {
    const { regex } = this.#rules[index] ?? {};
    if (regex === undefined || found.hits.has(index)) return;
    const { text } = form;
    for (
      let start = 0;
      start === 0 || start + WINDOW_OVERLAP < text.length;
      start += WINDOW - WINDOW_OVERLAP
    ) {
      const place = matchIn(regex, text, start, Math.min(start + WINDOW, text.length));
      if (place !== undefined) {
        this.#hit(form, index, place, found);
        return;
      }
      yield found.verdict();
    }
  }

  #hit({ origins }: Form, index: number, { start, end }: Unit, found: Found): void {
    const compiled = this.#rules[index];
    if (compiled === undefined) return;
    const { ruleSetId, rule } = compiled;
    const { ruleId, action, mode, message } = rule;
    const place =
      origins === undefined ? { start, end } : { start: origins[start] ?? 0, end: origins[end] ?? 0 };
    found.hits.set(index, { ruleSetId, ruleId, action, mode, message, ...place });
  }
}

/** What one text has met so far. */
class Found {
  readonly hits = new Map<number, Hit>();
  isComplete = true;

  verdict(): Verdict {
    return { hits: [...this.hits.values()], isComplete: this.isComplete };
  }
}

/** A match in a window that is one with more around it, too: the edge of a window is no end of a word, nor of the text. */
function matchIn(regex: Regex, text: string, start: number, end: number): Unit | undefined {
  if (!regex.test(text.slice(start, end))) return undefined;
  const from = Math.max(0, start - EDGE);
  const around = text.slice(from, end + EDGE);
  const isAtEdge = from < start || end < text.length;
  if (isAtEdge && !regex.test(around)) return undefined;
  const matcher = regex.matcher(around);
  return matcher.find() ? { start: from + matcher.start(), end: from + matcher.end() } : { start, end };
}

function isMet({ rule, cased }: CompiledRule, { text }: Form, place: Unit, units: () => Units): boolean {
  if (rule.isCaseSensitive && !cased.has(text.slice(place.start, place.end))) return false;
  if (rule.mode === 'contains') return true;
  return rule.mode === 'prefix' ? units().isStart(place.start) : units().isWhole(place);
}
