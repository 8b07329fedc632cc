import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const DEFINITION = /\b(counter|gauge|histogram)\(\s*'(aiswitch_\w+)',\s*(?:'[^']*'|"[^"]*")/g;
const ROW = /^\| `(aiswitch_\w+)` \| (\w+) \|/gm;

test('every metric stands in docs/OPERATIONS.md with its kind, and no other', () => {
  const defined = ['packages', 'services'].flatMap((folder) =>
    readdirSync(join(ROOT, folder)).flatMap((unit) => metricsIn(join(ROOT, folder, unit, 'src'))),
  );
  const told = [...readFileSync(join(ROOT, 'docs/OPERATIONS.md'), 'utf8').matchAll(ROW)].map(
    ([, name, kind]) => `${name} ${kind}`,
  );
  expect(defined.length).toBeGreaterThan(0);
  expect(told.toSorted()).toEqual(defined.toSorted());
});

function metricsIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) =>
      [...readFileSync(join(folder, name), 'utf8').matchAll(DEFINITION)].map(
        ([, kind, metric]) => `${metric} ${kind}`,
      ),
    );
}
