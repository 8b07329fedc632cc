import { describe, expect, test } from 'vitest';
import { Budget, checkRule, type Rule, type RuleMode, Rules, type Surface } from '../src/index.ts';

const ruleOf = (mode: RuleMode, pattern: string, options: Partial<Rule> = {}): Rule => ({
  ruleId: `${mode} ${pattern}`,
  mode,
  pattern,
  action: 'block',
  surfaces: [],
  isCaseSensitive: false,
  message: '',
  ...options,
});

const rulesOf = (...rules: Rule[]) => Rules.compile([{ ruleSetId: 'set', revision: 1n, rules }]);

const isHit = (rule: Rule, text: string, surface: Surface = 'toolCall') =>
  rulesOf(rule).inspect(surface, text).hits.length === 1;

describe('a rule', () => {
  test.each<[RuleMode, string, string, boolean]>([
    ['exact', 'rm -rf /', 'rm -rf /', true],
    ['exact', 'rm -rf /', '  rm  -rf / \n', true],
    ['exact', 'rm -rf /', 'cd /tmp; rm -rf /', true],
    ['exact', 'rm -rf /', 'rm -rf /tmp/x', false],
    ['exact', 'rm -rf /', 'please do not rm -rf / here', false],
    ['exact', 'rm -rf /', 'sudo -u root /bin/rm -rf /', true],
    ['exact', 'ls', 'echo ok && ls', true],
    ['prefix', 'rm -rf', 'rm -rf build', true],
    ['prefix', 'rm -rf', 'echo rm -rf build', false],
    ['prefix', 'rm -rf', 'first\nrm -rf build', true],
    ['prefix', 'rm -rf', 'find . -name x -exec rm -rf {} +', true],
    ['prefix', 'git push --force', 'A=1 B=2 git push --force origin', true],
    ['contains', 'drop table', 'x; DROP  TABLE users', true],
    ['contains', 'drop table', 'drop a table', false],
    ['glob', '*curl*|*sh', 'curl -s http://x | bash', true],
    ['glob', 'rm -r? /*', 'rm -rf /etc', true],
    ['glob', 'rm -r[fF] /*', 'rm -rg /etc', false],
    ['glob', 'curl *', 'cd /x && curl http://x', true],
    ['glob', 'curl *', 'xcurl http://x', false],
    ['regex', String.raw`\brm\s+-[a-z]*r[a-z]*\s+/(\s|$)`, 'RM -fr /', true],
    ['regex', String.raw`\brm\s+-[a-z]*r[a-z]*\s+/(\s|$)`, 'rm -fr /home', false],
  ])('%s %j meets %j: %s', (mode, pattern, text, isMet) => {
    expect(isHit(ruleOf(mode, pattern), text)).toBe(isMet);
  });

  test('where case counts meets only its own', () => {
    const rule = ruleOf('contains', 'Secret', { isCaseSensitive: true });
    expect(isHit(rule, 'a Secret')).toBe(true);
    expect(isHit(rule, 'a secret')).toBe(false);
    expect(isHit(rule, 'a secret and a Secret')).toBe(true);
    expect(isHit(ruleOf('glob', 'S*t', { isCaseSensitive: true }), 'secret')).toBe(false);
    expect(isHit(ruleOf('regex', 'S.+t', { isCaseSensitive: true }), 'secret')).toBe(false);
  });

  test('commands are looked for in tool calls only, lines everywhere', () => {
    const rule = ruleOf('prefix', 'rm -rf');
    expect(isHit(rule, 'cd /x && rm -rf y', 'toolCall')).toBe(true);
    expect(isHit(rule, 'cd /x && rm -rf y', 'prompt')).toBe(false);
    expect(isHit(rule, 'hello\n  rm -rf y', 'prompt')).toBe(true);
  });

  test('is met only where it is to be', () => {
    const rules = rulesOf(ruleOf('contains', 'x', { surfaces: ['toolResult'] }));
    expect(rules.covers('toolResult')).toBe(true);
    expect(rules.covers('prompt')).toBe(false);
    expect(rules.inspect('prompt', 'x').hits).toEqual([]);
    expect(rules.inspect('toolResult', 'x').hits).toHaveLength(1);
  });

  test('says where in the original it was met, through what was dropped', () => {
    const text = 'say: r\u200b"m" -r\\f /etc';
    const [hit] = rulesOf(ruleOf('contains', 'rm -rf')).inspect('prompt', text).hits;
    expect(text.slice(hit?.start, hit?.end)).toBe('r\u200b"m" -r\\f');
  });

  test('is met once, however often its text is there', () => {
    expect(rulesOf(ruleOf('contains', 'a')).inspect('prompt', 'a'.repeat(100_000)).hits).toHaveLength(1);
  });

  test.each<[RuleMode, string, RegExp]>([
    ['contains', ' ', /blank/],
    ['exact', 'x'.repeat(513), /512/],
    ['regex', '(?=a)b', /Look-around/],
    ['regex', '(?<!a)b', /Look-around/],
    ['regex', String.raw`(a)\1`, /Back-references/],
    ['regex', '(a', /no regular expression/],
    ['regex', 'a*', /everything/],
    ['regex', '((a{1,30}){1,30}){1,30}b', /too large|no regular/],
    ['glob', '**?*', /everything/],
    ['glob', '*a'.repeat(33), /stars/],
  ])('%s %j cannot be', (mode, pattern, problem) => {
    expect(checkRule(ruleOf(mode, pattern))?.problem).toMatch(problem);
  });

  test.each<[RuleMode, string]>([
    ['regex', String.raw`\bcurl\b.*\|\s*(ba|z)?sh\b`],
    ['glob', 'git push*--force*'],
    ['contains', 'ignore previous instructions'],
  ])('%s %j can be', (mode, pattern) => {
    expect(checkRule(ruleOf(mode, pattern))).toBeUndefined();
  });
});

describe('a budget', () => {
  test('that is over leaves the rest unseen and says so', () => {
    let nowMs = 0;
    const budget = new Budget(3, () => nowMs++);
    const rules = rulesOf(ruleOf('contains', 'x'));
    const long = `${'a'.repeat(2_000_000)}x`;
    expect(rules.inspect('prompt', long, budget)).toMatchObject({ isComplete: false, hits: [] });
    expect(rules.inspect('prompt', 'x', budget).isComplete).toBe(false);
  });

  test('is one for all texts of a request', () => {
    let nowMs = 0;
    const budget = new Budget(100, () => nowMs);
    const watch = budget.start();
    nowMs = 60;
    watch.stop();
    nowMs = 1_000;
    const second = budget.start();
    expect(second.isOver()).toBe(false);
    nowMs = 1_041;
    expect(second.isOver()).toBe(true);
  });
});
