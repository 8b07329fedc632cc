// A company run from the command line: its tree, its people, what they may and what they ask for.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@ai-switch/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCli, runCli } from './cli.ts';
import { type StandaloneProcess, startStandalone } from './standalone-process.ts';

let folder: ReturnType<typeof temporaryFolder>;
let standalone: StandaloneProcess;
let adaKey: string;

beforeAll(async () => {
  folder = temporaryFolder();
  standalone = await startStandalone(join(folder.path, 'data'));
});

afterAll(async () => {
  await standalone[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const cli = (...words: readonly string[]) => runCli(standalone, words);
const said = async (...words: readonly string[]) => {
  const { code, stdout, stderr } = await cli(...words);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
};
const json = (line: string) => readCli(standalone, line);

function file(name: string, text: string): string {
  const path = join(folder.path, name);
  writeFileSync(path, text);
  return path;
}

describe('a company', () => {
  it('is imported from a file, after a look at what would be', async () => {
    const good = file(
      'org.csv',
      'department,user,role,projects\nResearch/Models,ada,departmentAdmin,web\nSales,bob,,\n',
    );
    expect(await said('import', good, '--dry-run')).toMatch(/this would add:\n +departments +3\n +users +2/);
    expect(await said('import', good)).toContain('added:');
    expect(await said('import', good)).toMatch(/lines unchanged +2/);
    const bad = file('bad.csv', 'department,user\nA/B/C/D,eve\nSales,no body\n');
    const refused = await cli('import', bad);
    expect([refused.code, refused.stderr]).toEqual([1, 'error: nothing was changed\n']);
    expect(refused.stdout).toMatch(/lines that are wrong: 2\n[\s\S]*\n2 [\s\S]*\n3 /);
  });

  it('is changed by hand', async () => {
    expect(await said('departments', 'add', 'Legal', '--id', 'legal')).toContain(
      'added Legal (legal) at /legal/',
    );
    expect(await said('departments', 'rename', 'legal', 'Law')).toBe('legal is Law now\n');
    expect(await said('departments', 'list')).toMatch(/^ID +NAME +TIER/);
    expect(await said('users', 'add', 'carol', '--department', 'legal')).toContain('added member carol');
    expect(await said('users', 'rename', 'carol', 'caroline')).toBe('carol is caroline now\n');
    expect(await said('users', 'suspend', 'caroline')).toBe('suspended caroline\n');
    expect(await said('users', 'resume', 'caroline')).toBe('resumed caroline\n');
    expect(await said('roles', 'grant', 'caroline', 'departmentAdmin', '--department', 'legal')).toContain(
      'caroline is departmentAdmin of legal',
    );
    const [grant] = await json('roles list --user caroline');
    expect(await said('roles', 'revoke', grant.roleGrantId)).toBe(`revoked ${grant.roleGrantId}\n`);
    expect(await said('projects', 'join', 'web', 'caroline')).toBe('caroline is a member of web\n');
    expect(await said('projects', 'leave', 'web', 'caroline')).toContain('caroline left web');
    expect((await cli('departments', 'remove', 'legal')).stderr).toContain('There is a user in it');
    expect(await said('companies', 'add', 'acme', 'Acme')).toContain('added Acme (acme)');
    expect(await said('users', 'add', 'wile', '--company', 'acme')).toContain('added member wile');
    expect(await json('users list')).not.toContainEqual(expect.objectContaining({ name: 'wile' }));
    expect(await json('users list --company acme')).toMatchObject([{ name: 'wile' }]);
  });
});

describe('somebody in it', () => {
  it('has keys for one use or another, which are rotated and changed', async () => {
    const added = await said('keys', 'add', 'ada', '--scope', 'admin', '--label', 'ops');
    adaKey = added.split('\n')[0] ?? '';
    const [key] = await json('keys list --user ada');
    expect(key).toMatchObject({ label: 'ops', scopes: ['admin'] });
    expect(await said('keys', 'set', key.keyId, '--label', 'office', '--network', '127.0.0.0/8')).toBe(
      `changed ${key.keyId}\n`,
    );
    const rotated = await said('keys', 'rotate', key.keyId, '--overlap', '24h');
    expect(rotated).toMatch(/^ais_.*\nThis key is shown this once\. The old secret ends /);
    const asAda = await cli('whoami', '--key', adaKey);
    expect(asAda.stdout).toMatch(
      /^ada .*departmentAdmin in default\ndepartments: .*\nprojects: web\nthis key is for: admin\n/,
    );
    expect((await cli('providers', 'list', '--key', adaKey)).stderr).toContain('companyAdmin');
  });

  it('is bound by policies that say where they stand', async () => {
    await said('policies', 'set', 'company', '--model', 'gpt-*', '--rate', '600');
    await said('policies', 'set', 'company', '--cache', 'off');
    expect(await json('policies show company')).toMatchObject([
      { models: ['gpt-*'], isCachingAllowed: false, rateLimit: { requestsPerMinute: 600 } },
    ]);
    expect(await said('policies', 'effective', 'ada')).toMatch(
      /models +\[\["gpt-\*"\]\] +company \["gpt-\*"\]/,
    );
    await said('policies', 'set', 'company', '--unset', 'models', 'rateLimit');
    expect((await json('policies show company'))[0]).not.toHaveProperty('models');
    expect(await said('policies', 'clear', 'company')).toBe('nothing is set at company\n');
  });

  it('is watched by rules that can be tried', async () => {
    const rules = file(
      'rules.json',
      JSON.stringify({
        name: 'Guard',
        rules: [{ ruleId: 'rm', mode: 'prefix', pattern: 'rm -rf', action: 'block' }],
      }),
    );
    expect(await said('rules', 'put', 'guard', rules)).toContain('put Guard (guard): 1 rules, revision 1');
    expect(await said('rules', 'test', 'guard', '--text', 'rm -rf /', '--surface', 'tool-call')).toMatch(
      /guard +rm +block +prefix/,
    );
    expect(await said('rules', 'show', 'guard')).toMatch(/rm +block +prefix +rm -rf +everywhere/);
    expect(await said('rules', 'hits')).toBe('none\n');
    expect(await said('rules', 'remove', 'guard')).toBe('removed guard\n');
  });

  it('asks for quota, and gets it', async () => {
    const asked = await runCli(standalone, [
      'requests',
      'ask',
      '--output',
      '500',
      '--until',
      '7d',
      '--reason',
      'release',
      '--json',
      '--key',
      adaKey,
    ]);
    const { quotaRequestId } = JSON.parse(asked.stdout);
    expect(await said('requests', 'list', '--state', 'open')).toMatch(/ada +output 500/);
    expect(await said('requests', 'approve', quotaRequestId, '--answer', 'fine')).toMatch(
      /^approved: output 500 for ada by grant:/,
    );
    expect(await said('quotas', 'show', 'ada')).toMatch(/grant:\S+ +pays \d +output +500/);
  });

  it('signs in with a password that was given, and is signed out everywhere', async () => {
    const [password] = (await said('passwords', 'reset', 'ada')).split('\n');
    const response = await fetch(`${standalone.url}/api/admin/v1/session`, {
      method: 'POST',
      body: JSON.stringify({ company: 'default', user: 'ada', password }),
    });
    expect(response.status).toBe(201);
    expect(await said('sessions', 'list')).toMatch(/ada +password +127\.0\.0\.1/);
    expect(await said('sessions', 'end', 'ada')).toBe('sessions ended: 1\n');
    const change = await runCli(standalone, 'passwords change', { input: 'wrong\nanother passphrase 7\n' });
    expect([change.code, change.stderr]).toEqual([1, expect.stringContaining('current password is wrong')]);
  });
});

it('what was done is on record, with who and from where', async () => {
  const events = await json('audit-events list --action user. --limit 50');
  expect(events.map(({ action }: { action: string }) => action)).toContain('user.create');
  for (const event of events)
    expect(event).toMatchObject({ actor: expect.stringMatching(/^usr_/), clientAddress: '127.0.0.1' });
  expect(await said('usage', '--by', 'model')).toBe('none\n');
});

it('the document is read without a key', async () => {
  const response = await fetch(`${standalone.url}/api/admin/v1/openapi.json`);
  expect(await response.json()).toMatchObject({ openapi: '3.1.1', servers: [{ url: '/api/admin/v1' }] });
});
