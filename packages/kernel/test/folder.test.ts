import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { makeFolder } from '../src/index.ts';

const scratch = mkdtempSync(join(tmpdir(), 'ai-switch-folder-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('making a folder', () => {
  test('makes those above it too, and one that is there is left as it is', () => {
    const folder = join(scratch, 'a', 'b', 'c');
    makeFolder(folder, 0o700);
    makeFolder(folder, 0o755);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  test('fails under a file, and where the system takes none, instead of trying for ever', () => {
    writeFileSync(join(scratch, 'file'), '');
    expect(() => makeFolder(join(scratch, 'file', 'below'))).toThrow(/ENOTDIR/);
    expect(() => makeFolder('/proc/ai-switch/below')).toThrow(/ENOENT|EACCES|EPERM|EROFS/);
  });
});
