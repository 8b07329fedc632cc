// What every process that can be started says of its settings, and what it says of a wrong one.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeSettings, readSettings, type Settings } from '@ai-switch/kernel';
import { startProcess } from '@ai-switch/testkit';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { type Help, readHelp } from '../read-help.ts';
import { settingsDocument } from '../settings-document.ts';

const ROOT = join(import.meta.dirname, '../../..');
const DOCUMENT = join(ROOT, 'docs/SETTINGS.md');

const services = readdirSync(join(ROOT, 'services'))
  .filter((name) => existsSync(join(ROOT, 'services', name, 'src/main.ts')))
  .sort();

const helps = new Map<string, Help>();

async function run(service: string, environment: Record<string, string>, ...args: string[]) {
  const running = startProcess(`services/${service}/src/main.ts`, { environment, args });
  const status = await running.ended();
  return { status, stdout: running.stdout, stderr: running.stderr };
}

beforeAll(async () => {
  for (const service of services) {
    const { stdout } = await run(service, {}, '--help');
    helps.set(service, readHelp(stdout));
  }
}, 120_000);

describe.each(services)('%s', (service) => {
  const settingsOf = async () => {
    const { settings }: { settings: Settings } = await import(
      join(ROOT, 'services', service, 'src/config.ts')
    );
    return settings;
  };

  it('shows every setting of its own with --help', async () => {
    const shown = new Map(helps.get(service)?.settings.map((setting) => [setting.name, setting]));
    for (const expected of readHelp(`x: y\n${describeSettings(await settingsOf())}`).settings) {
      expect(shown.get(expected.name)).toEqual(expected);
    }
    expect(shown.size).toBeGreaterThanOrEqual(Object.keys(await settingsOf()).length);
  });

  it('refuses a wrong setting with one line that names it and does not repeat it', async () => {
    const [first] = helps.get(service)?.settings ?? [];
    const { status, stdout, stderr } = await run(service, { [first?.name ?? '']: 'canary \u00a0 value' });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain(`${first?.name} must be `);
    expect(stderr).not.toContain('canary');
  });

  it('has no setting that takes any number or any of several words without saying so', async () => {
    const settings = await settingsOf();
    for (const [name, setting] of Object.entries(settings)) {
      if (!/^(a whole number|one of)/.test(setting.accepts)) continue;
      const only = { [name]: setting };
      expect(() => readSettings(only, { [name]: '-1e9' })).toThrow(`${name} must be ${setting.accepts}`);
    }
  });
});

test('docs/SETTINGS.md is what the processes say', () => {
  const text = settingsDocument(helps);
  if (process.env.UPDATE_SETTINGS === '1') writeFileSync(DOCUMENT, text);
  expect(readFileSync(DOCUMENT, 'utf8')).toBe(text);
});
