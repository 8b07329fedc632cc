import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { printViolations, readRepository } from '../repository.ts';
import { RULES } from '../rules.ts';
import { sourceOf } from '../source.ts';
import { TOLERATED, VIOLATIONS } from './samples.ts';

const repository = readRepository(join(import.meta.dirname, '../../..'));

test('the repository is read', () => {
  const paths = repository.files.map(({ path }) => path);
  expect(paths).toContain('package.json');
  expect(paths).toContain('scripts/tidy/test/tidy.test.ts');
  expect(paths.filter((path) => path.includes('node_modules/'))).toEqual([]);
});

describe('in this repository', () => {
  test.each(Object.entries(RULES))('%s', (_, rule) => {
    expect(printViolations(rule(repository))).toBe('');
  });
});

describe('a violation is found', () => {
  test.each(VIOLATIONS)('$rule: $path', ({ rule, path, text, around, finds }) => {
    const found = RULES[rule]?.(repositoryOf({ ...around, [path]: text })) ?? [];
    expect(printViolations(found)).toContain(finds);
  });

  test('for every rule there is', () => {
    const shown = new Set(VIOLATIONS.map(({ rule }) => rule));
    expect(Object.keys(RULES).filter((title) => !shown.has(title))).toEqual([]);
  });
});

describe('what is right is left alone', () => {
  test.each(TOLERATED)('$rule: $path', ({ rule, path, text, around }) => {
    expect(printViolations(RULES[rule]?.(repositoryOf({ ...around, [path]: text })) ?? [])).toBe('');
  });
});

describe('code is told from text', () => {
  test.each([
    ["a('b'); // c", "a(' ');     "],
    ['/* a\n b */ c', '    \n      c'],
    [`"it's" + 'a "b"'`, `"    " + '     '`],
    [`\`a \${b({ c: \`d\` })} e\` + f`, `\`  \${b({ c: \` \` })}  \` + f`],
    ["'a\\'b' + c", "'    ' + c"],
    ['x = /["/]\'/g; y', `x = ${' '.repeat(7)}g; y`],
    ['a / b / c', 'a / b / c'],
    ["return /'/.test(a)", 'return    .test(a)'],
  ])('%s', (text, code) => {
    expect(sourceOf('a.ts', text).code).toBe(code);
  });

  test('imports are read in every form, and not out of strings or comments', () => {
    const text = [
      "import a from 'one';",
      "import type { b } from 'two';",
      "import 'three';",
      "export * from 'four';",
      "export {\n  c,\n} from 'five';",
      "const d = await import('six');",
      "// import e from 'comment';",
      "const f = `import g from 'template';`;",
      "export const h = 'no import';",
      "export function i() {\n  return 'no import either';\n}",
    ].join('\n');
    const specifiers = sourceOf('a.ts', text).imports.map(({ specifier }) => specifier);
    expect(specifiers).toEqual(['one', 'two', 'three', 'four', 'five', 'six']);
  });
});

function repositoryOf(files: Readonly<Record<string, string>>) {
  return { files: Object.entries(files).map(([path, text]) => sourceOf(path, text)) };
}
