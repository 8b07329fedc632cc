// Many rules against one text. What can be looked for together is: every text of every rule in one pass over the original and one
// over its canonical form. Only what may match is then looked at by itself: a glob where its longest text was found, a regular
// expression in windows. The work on a text is cut into steps, between which time is looked at and others may go on.

import { AhoCorasick } from './aho-corasick.ts';
import type { Budget } from './budget.ts';
import { Canonicaliser, canonicalPattern } from './canonical.ts';
import { type CompiledRule, compileRule, foldCase } from './compiled-rule.ts';
import type { Hit, RuleSet, Surface, Verdict } from './rule.ts';
import { commandsOf, linesOf, type Unit } from './units.ts';

const SURFACES: readonly Surface[] = ['prompt', 'toolCall', 'toolResult'];
/** Characters of one step. */
const STRETCH = 32_768;
/** A regular expression sees a text in windows; a match that is longer than two of them share may be missed at their edge. */
const WINDOW = 4_096;
const WINDOW_OVERLAP = 1_024;
const UNITS_A_STEP = 256;
/** Repeats of one text in another that are looked at: with more the rule is met in any case that is not made for missing it. */
const PLACES_MAX = 1_000;

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
      if (done) {
        watch?.stop();
        return { hits: value, isComplete: true };
      }
      if (watch?.isOver()) {
        watch.stop();
        return { hits: value, isComplete: false };
      }
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
        return { hits: value, isComplete: done === true };
      }
      if (performance.now() < turnEndsAtMs) continue;
      watch.stop();
      await rest();
      watch = budget.start();
      turnEndsAtMs = performance.now() + turnMs;
    }
  }

  *#steps(surface: Surface, text: string): Generator<readonly Hit[], readonly Hit[]> {
    const rules = this.#bySurface.get(surface);
    if (rules === undefined || text === '') return [];
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
  *inspect(text: string, hasCommands: boolean): Generator<readonly Hit[], readonly Hit[]> {
    const hits = new Map<number, Hit>();
    const found = () => [...hits.values()];
    const original: Form = { text, folded: foldCase(text), origins: undefined };
    yield* this.#inspectForm(original, this.#originals, hasCommands, hits, found);
    const canonicaliser = new Canonicaliser(text);
    for (let until = STRETCH; until < text.length; until += STRETCH) {
      canonicaliser.advance(until);
      yield found();
    }
    canonicaliser.advance(text.length);
    const { text: canonical, origins } = canonicaliser.end();
    if (canonical !== text) {
      const form: Form = { text: canonical, folded: foldCase(canonical), origins };
      yield* this.#inspectForm(form, this.#canonicals, hasCommands, hits, found);
    }
    return found();
  }

  *#inspectForm(
    form: Form,
    automaton: AhoCorasick,
    hasCommands: boolean,
    hits: Map<number, Hit>,
    found: () => readonly Hit[],
  ): Generator<readonly Hit[]> {
    const places = new Map<number, Unit[]>();
    const note = (index: number, start: number, end: number) => {
      if (hits.has(index)) return;
      const known = places.get(index);
      if (known === undefined) places.set(index, [{ start, end }]);
      else if (known.length < PLACES_MAX) known.push({ start, end });
    };
    let node = 0;
    for (let from = 0; from < form.folded.length; from += STRETCH) {
      const to = Math.min(from + STRETCH, form.folded.length);
      node = automaton.search(form.folded, { from, to, node }, note);
      yield found();
    }
    yield* this.#weigh(form, places, hasCommands, hits, found);
    for (const index of this.#regexes) yield* this.#search(form, index, hits, found);
  }

  /** Which of the texts that were found make a rule met. */
  *#weigh(
    form: Form,
    places: ReadonlyMap<number, readonly Unit[]>,
    hasCommands: boolean,
    hits: Map<number, Hit>,
    found: () => readonly Hit[],
  ): Generator<readonly Hit[]> {
    let known: Units | undefined;
    const units = () => {
      known ??= new Units(form.text, hasCommands);
      return known;
    };
    for (const [index, at] of places) {
      const compiled = this.#rules[index];
      if (compiled === undefined || compiled.glob !== undefined) continue;
      const met = at.find((place) => isMet(compiled, form, place, units));
      if (met !== undefined) this.#hit(form, index, met, hits);
    }
    for (const index of this.#globs) {
      const compiled = this.#rules[index];
      if (compiled?.glob === undefined || hits.has(index)) continue;
      if (compiled.literal !== '' && !places.has(index)) continue;
      const text = compiled.rule.isCaseSensitive ? form.text : form.folded;
      for (const [count, unit] of units().all.entries()) {
        if (count % UNITS_A_STEP === UNITS_A_STEP - 1) yield found();
        const match = compiled.glob.matches(text, unit.start, unit.end);
        let { done, value: isMatch } = match.next();
        while (!done) {
          yield found();
          ({ done, value: isMatch } = match.next());
        }
        if (!isMatch) continue;
        this.#hit(form, index, unit, hits);
        break;
      }
      yield found();
    }
  }

  *#search(
    form: Form,
    index: number,
    hits: Map<number, Hit>,
    found: () => readonly Hit[],
  ): Generator<readonly Hit[]> {
    const { regex } = this.#rules[index] ?? {};
    if (regex === undefined || hits.has(index)) return;
    const { text } = form;
    for (
      let start = 0;
      start === 0 || start + WINDOW_OVERLAP < text.length;
      start += WINDOW - WINDOW_OVERLAP
    ) {
      const end = Math.min(start + WINDOW, text.length);
      if (regex.test(end - start === text.length ? text : text.slice(start, end))) {
        this.#hit(form, index, { start, end }, hits);
        return;
      }
      yield found();
    }
  }

  #hit({ origins }: Form, index: number, { start, end }: Unit, hits: Map<number, Hit>): void {
    const compiled = this.#rules[index];
    if (compiled === undefined) return;
    const { ruleSetId, rule } = compiled;
    const { ruleId, action, mode, message } = rule;
    const place =
      origins === undefined ? { start, end } : { start: origins[start] ?? 0, end: origins[end] ?? 0 };
    hits.set(index, { ruleSetId, ruleId, action, mode, message, ...place });
  }
}

function isMet(
  { rule, cased }: CompiledRule,
  { text }: Form,
  { start, end }: Unit,
  units: () => Units,
): boolean {
  if (rule.isCaseSensitive && !cased.has(text.slice(start, end))) return false;
  if (rule.mode === 'contains') return true;
  return rule.mode === 'prefix' ? units().startAt(start) : units().isWhole(start, end);
}

/** The lines and commands of one form of a text. */
class Units {
  readonly all: readonly Unit[];
  readonly #ends = new Map<number, Set<number>>();

  constructor(text: string, hasCommands: boolean) {
    this.all = hasCommands ? [...linesOf(text), ...commandsOf(text)] : linesOf(text);
    for (const { start, end } of this.all) {
      const ends = this.#ends.get(start);
      if (ends === undefined) this.#ends.set(start, new Set([end]));
      else ends.add(end);
    }
  }

  startAt(start: number): boolean {
    return this.#ends.has(start);
  }

  isWhole(start: number, end: number): boolean {
    return this.#ends.get(start)?.has(end) ?? false;
  }
}
