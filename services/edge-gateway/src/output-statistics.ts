// How long answers mostly are, by the company, the model that was asked for and the program that asks: what is held for the
// next one where the policy allows less than the worst case. It lives as long as the process, and begins again with the
// worst case.

import type { AccessRecord } from '@ai-switch/contracts';

const ANSWERS_MAX = 128;
/** Fewer say nothing about the next. */
const ANSWERS_MIN = 20;
const PAIRS_MAX = 1_024;
const QUANTILE = 0.9;
const MARGIN = 1.25;

export type Asker = Pick<AccessRecord, 'tenant' | 'alias' | 'dialect' | 'userAgent'>;

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
  note(asker: Asker, tokens: number): void {
    const key = keyOf(asker);
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
  expect(asker: Asker): number | undefined {
    const answers = this.#answers.get(keyOf(asker));
    if (answers === undefined || answers.tokens.length < ANSWERS_MIN) return undefined;
    answers.expected ??= expectedOf(answers.tokens);
    return answers.expected;
  }
}

/** Versions of one program answer alike: of its name, what stands before the version. */
function keyOf({ tenant, alias, dialect, userAgent }: Asker): string {
  const program = /^[^\s/]{0,64}/.exec(userAgent)?.[0] ?? '';
  return [tenant, alias, dialect, program].join('\n');
}

function expectedOf(tokens: readonly number[]): number {
  const sorted = tokens.toSorted((one, other) => one - other);
  const place = Math.ceil(QUANTILE * sorted.length) - 1;
  return Math.max(1, Math.ceil((sorted[place] ?? 0) * MARGIN));
}
