// How long answers mostly are, by the model that was asked for and the kind of client: what is held for the next one where the
// policy allows less than the worst case. It lives as long as the process, and begins again with the worst case.

const ANSWERS_MAX = 128;
/** Fewer say nothing about the next. */
const ANSWERS_MIN = 20;
const PAIRS_MAX = 1_024;
const QUANTILE = 0.9;
const MARGIN = 1.25;

interface Answers {
  readonly tokens: number[];
  /** Where the next one goes: the oldest is left out first. */
  next: number;
  /** Undefined until somebody asks. */
  expected: number | undefined;
}

export class OutputStatistics {
  readonly #answers = new Map<string, Answers>();

  /** @param tokens of a complete answer, as the provider counted */
  note(alias: string, clientFamily: string, tokens: number): void {
    const key = keyOf(alias, clientFamily);
    const answers = this.#answers.get(key) ?? { tokens: [], next: 0, expected: undefined };
    answers.tokens[answers.next] = tokens;
    answers.next = (answers.next + 1) % ANSWERS_MAX;
    answers.expected = undefined;
    // The pair that was silent for longest is first.
    this.#answers.delete(key);
    this.#answers.set(key, answers);
    if (this.#answers.size <= PAIRS_MAX) return;
    for (const oldest of this.#answers.keys()) {
      this.#answers.delete(oldest);
      return;
    }
  }

  /** Tokens that nine in ten answers stay within, and a quarter more; undefined while too few are known. */
  expect(alias: string, clientFamily: string): number | undefined {
    const answers = this.#answers.get(keyOf(alias, clientFamily));
    if (answers === undefined || answers.tokens.length < ANSWERS_MIN) return undefined;
    answers.expected ??= expectedOf(answers.tokens);
    return answers.expected;
  }
}

function keyOf(alias: string, clientFamily: string): string {
  return `${clientFamily}\n${alias}`;
}

function expectedOf(tokens: readonly number[]): number {
  const sorted = tokens.toSorted((one, other) => one - other);
  const place = Math.ceil(QUANTILE * sorted.length) - 1;
  return Math.max(1, Math.ceil((sorted[place] ?? 0) * MARGIN));
}
