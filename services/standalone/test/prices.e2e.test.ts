import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startProcess, temporaryFolder } from '@ai-switch/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StandaloneProcess, startStandalone } from './standalone-process.ts';

const RATES = { input: '3.00', output: '15.00', cacheRead: '0.30', cacheWrite: '3.75' };
const TIER = { aboveInputTokens: 1_000, rates: { ...RATES, input: '6.00' } };
const FILE = {
  currency: 'USD',
  unpriced: 'shadow',
  unpricedRates: RATES,
  rows: [
    { pattern: 'mine/*', rates: RATES, tiers: [TIER] },
    { pattern: 'local/*', rates: RATES, isShadow: true },
  ],
};

let folder: ReturnType<typeof temporaryFolder>;
let standalone: StandaloneProcess;

beforeAll(async () => {
  folder = temporaryFolder();
  standalone = await startStandalone(join(folder.path, 'data'));
});

afterAll(async () => {
  await standalone[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** `path` apart from the words of the line: it has spaces. */
async function cli(line: string, path?: string) {
  const running = startProcess('services/console/src/cli/main.ts', {
    args: [...line.split(' '), ...(path === undefined ? [] : [path])],
    environment: { AISWITCH_URL: standalone.url, AISWITCH_KEY: standalone.key ?? '' },
  });
  const code = await running.ended();
  return { code, stdout: running.stdout, stderr: running.stderr };
}

async function fileOf(content: unknown): Promise<string> {
  const path = join(folder.path, 'prices.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

describe('prices from the command line', () => {
  it('are tried, put, listed, shown and explained', async () => {
    await cli('providers add mine --kind custom --base-url http://127.0.0.1:9 --model big');
    const path = await fileOf(FILE);
    expect((await cli('prices cost mine/big --input 10')).stdout).toContain('no price book is in force');
    expect((await cli('prices put --dry-run', path)).stdout).toMatch(
      /^this would be version 1-[0-9a-f]{12}, /,
    );
    expect((await cli('prices list')).stdout).toBe('none\n');
    expect((await cli('prices put', path)).stdout).toMatch(/^put version 1-/);
    expect((await cli('prices put', path)).stdout).toMatch(/^nothing changes: this is version 1-/);

    const effective = new Date(Date.now() + 40 * 86_400_000).toISOString().slice(0, 10);
    const later = await fileOf({ ...FILE, rows: [] });
    const put = await cli(`prices put --effective ${effective}`, later);
    expect(put.stdout).toContain(`in effect from ${effective}T00:00:00.000Z`);
    const listed = (await cli('prices list')).stdout.split('\n');
    expect(listed[0]).toMatch(/^VERSION +IN FORCE +EFFECTIVE/);
    expect(listed[1]).toMatch(/^2-\w+ +- +/);
    expect(listed[2]).toMatch(/^1-\w+ +yes +/);

    const shown = (await cli('prices show')).stdout;
    expect(shown).toMatch(/^version 1-/);
    expect(shown).toMatch(/mine\/\* +- +3 +15 +0\.3 +3\.75 +-/);
    expect(shown).toMatch(/mine\/\* +1,000 +6 +15/);
    expect(shown).toMatch(/local\/\* .* shadow/);
    expect(shown).toMatch(/any other .* shadow/);
    const { book } = JSON.parse((await cli('prices show --version 2 --json')).stdout);
    expect(book).toMatchObject({ currency: 'USD', unpriced: 'shadow', rows: [] });

    const cost = (await cli('prices cost mine/big --input 1001 --output 100')).stdout;
    expect(cost).toMatch(/^by version 1-\w+, in USD/);
    expect(cost).toMatch(/mine\/big +0\.007506 +- +mine\/\* +1,000 +6 +15/);
    const byLater = (await cli('prices cost mine/big --output 100 --version 2')).stdout;
    expect(byLater).toMatch(/mine\/big +0\.0015 +shadow +none: unpriced is shadow/);
  });

  it('a wrong file is one line with its row and field, and changes nothing', async () => {
    const before = (await cli('prices list --json')).stdout;
    const { input: _missing, ...rates } = RATES;
    const refusals: [unknown, string][] = [
      ['{"currency":', 'is not valid JSON'],
      [[], 'must hold a JSON object'],
      [{ ...FILE, rows: [{ pattern: 'mine/*', rates }] }, 'rows[0].rates.input'],
      [{ ...FILE, rows: [{ pattern: '*', rates: RATES }] }, 'rows[0].pattern'],
      [{ ...FILE, colour: 'red' }, 'colour'],
      ['"'.padEnd(1_100_000, ' '), 'is over 1048576 bytes'],
    ];
    for (const [content, said] of refusals) {
      const { code, stdout, stderr } = await cli('prices put', await fileOf(content));
      expect([code, stdout, stderr.trimEnd().split('\n').length]).toEqual([1, '', 1]);
      expect(stderr).toContain(said);
    }
    expect((await cli('prices put nowhere.json')).stderr).toContain('nowhere.json cannot be read');
    expect((await cli('prices cost mine/big')).code).toBe(2);
    expect((await cli('prices list --json')).stdout).toBe(before);
  });
});
