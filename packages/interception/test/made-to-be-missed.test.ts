// Texts that are made so that what looks through them gives up before the end, looks at the wrong place, or takes its time.

import { describe, expect, test } from 'vitest';
import { Budget, type Rule, type RuleMode, Rules, toolCallTexts } from '../src/index.ts';

const ruleOf = (mode: RuleMode, pattern: string): Rule => ({
  ruleId: 'r',
  mode,
  pattern,
  action: 'block',
  surfaces: [],
  isCaseSensitive: false,
  message: '',
});
const inspect = (mode: RuleMode, pattern: string, text: string, budget?: Budget) =>
  Rules.compile([{ ruleSetId: 's', revision: 1n, rules: [ruleOf(mode, pattern)] }]).inspect(
    'toolCall',
    text,
    budget,
  );
const isHit = (mode: RuleMode, pattern: string, text: string) =>
  inspect(mode, pattern, text).hits.length === 1;

describe('a command is found', () => {
  test.each<[why: string, mode: RuleMode, pattern: string, text: string]>([
    ['behind thousands of decoys', 'prefix', 'rm -rf', `echo ${'rm -rf x '.repeat(5_000)}; rm -rf /`],
    ['behind thousands of lines', 'exact', 'rm -rf /', `${'\n:'.repeat(50_000)}\nrm -rf /`],
    ['behind thousands of commands', 'glob', 'rm -r* /', `${':;'.repeat(50_000)}rm -rf /`],
    [
      'behind sudo with many options',
      'prefix',
      'rm -rf',
      'sudo -u root -g wheel -h host -p prompt -n rm -rf /',
    ],
    ['before a redirection', 'exact', 'rm -rf /', 'rm -rf / 2>/dev/null'],
    ['with blanks of another kind', 'glob', '[r][m] *', 'rm\u00a0-rf'],
    [
      'with a sigma at the end of a word',
      'contains',
      'ΟΔΟΣ ΣΟΦΙΑΣ',
      'οδός σοφίας'.normalize('NFD').replace(/\u0301/g, ''),
    ],
    ['with a letter that grows when it is small', 'contains', 'rm -rf', `${'\u0130'.repeat(100)} rm -rf`],
  ])('%s', (_why, mode, pattern, text) => {
    expect(isHit(mode, pattern, text)).toBe(true);
  });

  test.each<[why: string, json: string]>([
    ['in a field that is there twice', '{"command":"rm -rf /","command":"ls"}'],
    ['behind thousands of texts', `[${'"a",'.repeat(5_000)}"r\\u006d -rf /"]`],
    ['in the name of a field', '{"rm -rf /":1}'],
    ['in a list of words', '{"argv":["rm","-rf","/"]}'],
    ['behind thousands of lists', `[${'["a","b"],'.repeat(3_000)}["rm","-rf","/"]]`],
  ])('in a call: %s', (_why, json) => {
    const texts = toolCallTexts('shell', json);
    expect(texts.some((text) => isHit('contains', 'rm -rf /', text))).toBe(true);
  });
});

describe('the edge of a window of a regular expression', () => {
  test('is no beginning of a text, and no end of a word', () => {
    expect(isHit('regex', '^secret', `${'x'.repeat(3_072)}secret`)).toBe(false);
    expect(isHit('regex', String.raw`\bcat\b`, `${'a'.repeat(3_069)}concat`)).toBe(false);
    expect(isHit('regex', 'cat$', `${'a'.repeat(4_093)}cataract`)).toBe(false);
  });

  test('hides nothing, and a match is where it is', () => {
    for (const at of [0, 3_060, 3_072, 4_090, 4_096, 9_000]) {
      const text = `${'x '.repeat(at / 2)}the cat sat${' y'.repeat(5_000)}`;
      const [hit] = inspect('regex', String.raw`\bcat\b`, text).hits;
      expect(text.slice(hit?.start, hit?.end)).toBe('cat');
    }
  });
});

describe('a text that is made to take long', () => {
  test('of a command with more beginnings than are looked at is not taken for wholly looked at', () => {
    expect(inspect('prefix', 'rm -rf', `${'sudo '.repeat(10_000)}rm -rf /`)).toMatchObject({
      isComplete: false,
    });
    expect(inspect('prefix', 'rm -rf', 'sudo env nice nohup rm -rf /')).toMatchObject({ isComplete: true });
  });

  test.each<[why: string, pattern: string, text: string]>([
    ['wrappers', '*[q]*', 'sudo a a '.repeat(10_000)],
    ['wrappers with a path', 'x*', 'sudo /a/b '.repeat(100_000)],
    ['letters that grow', '*[q]*z', '\u0130'.repeat(1_000_000)],
    ['letters that are many', '*[q]*z', '\ufdfa'.repeat(100_000)],
    ['breaks', '*[q]*', ';'.repeat(1_000_000)],
  ])('by %s ends with its budget', (_why, pattern, text) => {
    const processorMs = () => {
      const { user, system } = process.threadCpuUsage();
      return (user + system) / 1_000;
    };
    const startedAtMs = processorMs();
    inspect('glob', pattern, text, new Budget(10, processorMs));
    // The best of what a busy machine measures is far below; a step that is not cut takes seconds.
    expect(processorMs() - startedAtMs).toBeLessThan(200);
  });
});
