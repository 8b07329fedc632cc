// Patterns that are made to hang what matches them. Those that can be saved are matched against a mebibyte of text that is made
// to be hard for them, in steps between which the time is looked at: none may hold the process for long, and within a budget
// every one either ends or says that it did not.

import { expect, test } from 'vitest';
import { Budget, checkRule, type Rule, type RuleMode, Rules } from '../src/index.ts';

const PATTERNS = 1_000;
const TEXT_CHARACTERS = 1_048_576;
const BUDGET_MS = 10;
/** The budget, and the step that it ends in. */
const MS_MAX = 50;

test(`${PATTERNS} hostile patterns against a mebibyte each: none takes more than ${MS_MAX} ms`, () => {
  const random = randomOf(20_261_123);
  const outcomes = { refused: 0, whole: 0, cut: 0 };
  let worstMs = 0;
  for (let index = 0; index < PATTERNS; index += 1) {
    const rule = ruleOf(...hostilePattern(random, index));
    if (checkRule(rule) !== undefined) {
      outcomes.refused += 1;
      continue;
    }
    const text = hostileText(random, index, rule.pattern);
    let { isComplete, tookMs } = inspected(rule, text);
    // What collects garbage in the middle is asked again, all anew: that is not the pattern's.
    if (tookMs >= MS_MAX) ({ isComplete, tookMs } = inspected(rule, text));
    worstMs = Math.max(worstMs, tookMs);
    outcomes[isComplete ? 'whole' : 'cut'] += 1;
  }
  process.stdout.write(
    `hostile patterns: ${outcomes.refused} refused when saved, ${outcomes.whole} matched whole, ` +
      `${outcomes.cut} ended by the budget of ${BUDGET_MS} ms; the longest took ${worstMs.toFixed(0)} ms\n`,
  );
  expect(worstMs).toBeLessThan(MS_MAX);
  expect(outcomes.whole + outcomes.cut).toBeGreaterThan(PATTERNS / 2);
});

function inspected(rule: Rule, text: string): { readonly isComplete: boolean; readonly tookMs: number } {
  const rules = Rules.compile([{ ruleSetId: 'set', revision: 1n, rules: [rule] }]);
  const startedAtMs = processorMs();
  const { isComplete } = rules.inspect('toolCall', text, new Budget(BUDGET_MS, processorMs));
  return { isComplete, tookMs: processorMs() - startedAtMs };
}

/** Of this thread alone: the other core's work is no matter of the patterns'. */
function processorMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

function ruleOf(mode: RuleMode, pattern: string): Rule {
  return { ruleId: 'r', mode, pattern, action: 'block', surfaces: [], isCaseSensitive: false, message: '' };
}

type Random = (below: number) => number;

/** A generator of one sequence (Lehmer's, of Park and Miller, 1988), so that a failure comes again. */
function randomOf(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

function pick<Value>(random: Random, values: readonly Value[]): Value {
  return values[random(values.length)] as Value;
}

const ATOMS = [
  'a',
  'b',
  '.',
  '[ab]',
  '[^x]',
  String.raw`\w`,
  String.raw`\s`,
  String.raw`\pL`,
  '(a|b)',
  '(a|aa)',
  '(?:ab|ba)',
];
const REPEATS = ['*', '+', '?', '{0,9}', '{1,50}', '{20}', '{2,}', '*?', '+?'];

function hostilePattern(random: Random, index: number): [RuleMode, string] {
  const atom = () => pick(random, ATOMS);
  const repeat = () => pick(random, REPEATS);
  const end = pick(random, ['', 'c', '$', String.raw`\b!`, '=', 'zz']);
  switch (index % 10) {
    case 0:
      return ['regex', `(${atom()}${repeat()})${repeat()}${end}x`];
    case 1:
      return ['regex', `((${atom()}${repeat()}${atom()}${repeat()})${repeat()})${repeat()}${end}y`];
    case 2:
      return ['regex', `${Array.from({ length: 2 + random(12) }, () => `.*${atom()}`).join('')}${end}`];
    case 3:
      return ['regex', `(${Array.from({ length: 2 + random(30) }, atom).join('|')})${repeat()}${end}q`];
    case 4:
      return ['regex', `[ab]*a[ab]{${5 + random(200)}}${end}`];
    case 5:
      return ['regex', `(.{0,${random(60)}}${atom()}){1,${1 + random(12)}}!`];
    case 6:
      return [
        'glob',
        Array.from(
          { length: 2 + random(31) },
          () => `*${pick(random, ['a', 'b', 'ab', '?', '[a-c]', '[!x]'])}`,
        ).join(''),
      ];
    case 7:
      return ['glob', `${'a*'.repeat(1 + random(30))}${'?'.repeat(random(40))}z`];
    case 8:
      return [
        pick(random, ['contains', 'prefix', 'exact']),
        `${pick(random, ['a', 'ab', 'aab']).repeat(1 + random(150))}${pick(random, ['', 'c'])}`,
      ];
    default:
      return [
        'regex',
        `(?i)${pick(random, [String.raw`\b`, '^', '(?m)^', ''])}(${atom()}|${atom()}${repeat()})${repeat()}${pick(random, [String.raw`\d{1,30}`, String.raw`\s+`, '[^a]{3,40}'])}${end}`,
      ];
  }
}

/** Nearly what the pattern wants, over and over: with the characters that it looks for, and without its end. */
function hostileText(random: Random, index: number, pattern: string): string {
  const own = [...pattern].filter((character) => /[a-z0-9=!]/.test(character)).join('') || 'ab';
  const pieces = [
    () => 'a',
    () => pick(random, ['a', 'b']),
    () => pick(random, ['ab', 'ba', 'aab', ' ', 'x', '=']),
    () => pick(random, ['a;b|', "a'b\\", 'a b\n', '(a)', '$IFS', '{a,b}']),
    () => `${own}${pick(random, ['', ' ', 'a'])}`,
  ];
  const piece = pieces[index % pieces.length] ?? (() => 'a');
  let block = '';
  while (block.length < 65_536) block += piece();
  return block.repeat(Math.ceil(TEXT_CHARACTERS / block.length)).slice(0, TEXT_CHARACTERS);
}
