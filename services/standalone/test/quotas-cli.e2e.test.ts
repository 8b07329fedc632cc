// An administrator's way through quota on the command line, with real requests between his commands.

import { join } from 'node:path';
import { ScriptedProvider, temporaryFolder } from '@ai-switch/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCli, runCli } from './cli.ts';
import { type StandaloneProcess, startStandalone } from './standalone-process.ts';

const UTC = { environment: { TZ: 'UTC' } };

let folder: ReturnType<typeof temporaryFolder>;
let standalone: StandaloneProcess;
let provider: ScriptedProvider;
let key: string;

beforeAll(async () => {
  folder = temporaryFolder();
  provider = await ScriptedProvider.open();
  standalone = await startStandalone(join(folder.path, 'data'));
  await cli(`providers add mine --kind custom --base-url ${provider.baseUrl} --model small`);
  await cli('aliases set fast --to mine/small');
  await cli('departments add EMEA --id emea');
  await cli('departments add Research --id research --below emea');
  await cli('users add alice --department research');
  await cli('departments add APAC --id apac');
  await cli('projects add web Shop');
  await cli('projects join web alice');
  key = (await json('keys add alice --project web')).plaintext;
});

afterAll(async () => {
  await standalone[Symbol.asyncDispose]();
  await provider.close();
  folder[Symbol.dispose]();
});

const cli = (line: string | readonly string[]) => runCli(standalone, line, UTC);
const json = (line: string) => readCli(standalone, line);

async function told(line: string | readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await cli(line);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}

function ask(): Promise<Response> {
  return fetch(`${standalone.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify({ model: 'fast', max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] }),
  });
}

describe('an administrator', () => {
  it('sets limits for a user, a project, the company and a model', async () => {
    expect(await told('quotas set alice --output 1000000 --period month')).toBe(
      'set personal:alice: output 1,000,000 a month\n',
    );
    expect(await told('quotas set alice --cost 12.50')).toContain('output 1,000,000, cost 12.5 a month');
    expect(await told('quotas set project:web --input 5000 --period quarter --note shop')).toBe(
      'set project:web: input 5,000 a quarter\n',
    );
    await told('quotas set company --output 2000000');
    await told('quotas set model:fast --output 500000 --period day');
    const table = await told('quotas list');
    expect(table).toMatch(/^BUCKET +ROLE +TYPE +LIMIT +USED +HELD +LEFT +OVERRUN +PERIOD +ENDS\n/);
    expect(table).toMatch(
      /personal:alice +pays +cost +12\.5 +0 +0 +12\.5 +0 +\d{4}-\d\d +\d{4}-\d\d-01 00:00Z/,
    );
    expect(table).toMatch(/personal:root +pays +all +unlimited/);
    expect(table).toMatch(/model:fast +bounds +output +500,000 .* \d{4}-\d\d-\d\d /);
    expect(await json('quotas list --scope project:web')).toMatchObject([
      { note: 'shop', period: 'quarter' },
    ]);
  });

  it('grants more for a time, once for each id', async () => {
    const line = ['quotas', 'grant', 'alice', '--output', '50000', '--until', '2099-12-31', '--id', 'extra'];
    const granted = await told([...line, '--note', 'release week']);
    expect(granted).toMatch(/^granted grant:extra to user:alice: output 50,000 until 2100-01-01 00:00Z\n$/);
    expect(await told([...line, '--note', 'release week'])).toBe(granted);
    expect((await cli(line)).stderr).toContain('There is another grant of this id');
    await told('quotas set grant:extra --output 60000');
    expect(await told('quotas show alice --project web --model fast')).toMatch(
      /personal:alice +pays 1 .*\n.*personal:alice +pays 1 .*\nproject:web +pays 2 .*\ngrant:extra +pays 3 +output +60,000 .*2100-01-01 00:00Z\ncompany +bounds .*\nmodel:fast +bounds /,
    );
  });

  it('sets and removes the order in which tiers pay', async () => {
    expect(await told('quotas order supplementary,personal')).toBe('company: supplementary, personal\n');
    expect(await told('quotas order alice personal,supplementary,project')).toMatch(
      /^user:usr_\w+: personal/,
    );
    expect(await told('quotas order')).toMatch(
      /^SCOPE +PAYS IN THIS ORDER\ncompany +supplementary, personal\n/,
    );
    expect(await told('quotas order company')).toContain('supplementary, personal');
    await told('quotas order company --remove');
    await told('quotas order alice --remove');
    expect(await told('quotas order')).toBe('none\n');
  });

  it("sets the company's rules", async () => {
    expect(await told('quotas policy')).toMatch(/^time zone +UTC\n/);
    const changed = await told('quotas policy --time-zone Europe/Zurich --hold statistical --when-dry run');
    expect(changed).toMatch(/time zone +Europe\/Zurich\n(.*\n)?hold +statistical\nwhen dry +run\n/);
    await told('quotas policy --time-zone UTC --hold worst-case --when-dry cut');
    expect(await json('quotas policy')).toMatchObject({ timeZone: 'UTC', holdRule: 'worstCase', version: 2 });
  });

  it('reads what a request drew and cost, and takes it back', async () => {
    expect((await ask()).status).toBe(200);
    await expect
      .poll(async () =>
        (await json('quotas statement alice')).map(({ operation }: { operation: string }) => operation),
      )
      .toEqual(['reserve', 'settle']);
    const statement = await told('quotas statement alice');
    expect(statement).toMatch(/^TIME +OPERATION +RESERVATION +TYPE +HELD +USED +OVERRUN\n/);
    const id = /reserve +(res_\w+)/.exec(statement)?.[1] ?? '';
    const csv = (await told('quotas statement alice --csv')).split('\r\n');
    expect(csv[0]).toMatch(/^at,operation,extension,reservationId,bucket,period,held\.input,held\.output,/);
    expect(csv[1]).toMatch(new RegExp(`^\\d{4}-[^,]+Z,reserve,,${id},personal:usr_`));
    expect(csv).toHaveLength(4);

    const receipt = await told(`quotas receipt ${id} --entries`);
    expect(receipt).toContain(`${id}: charged with what was used`);
    expect(receipt).toMatch(
      /asked +.* by alice \(usr_\w+\) for project web of emea > research to model fast\n/,
    );
    expect(receipt).toMatch(/TYPE +HELD +CHARGED +GIVEN BACK\n/);
    expect(receipt).toMatch(/TIME +OPERATION +BUCKET /);

    const reversed = await told(['quotas', 'reverse', id, '--reason', 'a test of ours']);
    expect(reversed).toContain('the charge was taken back');
    expect(reversed).toMatch(/reversed +a test of ours/);
    expect((await cli(['quotas', 'reverse', id, '--reason', 'another'])).code).toBe(1);
    const [personal] = await json('quotas list --scope alice');
    expect(personal).toBeDefined();
  });

  it('sees in a refusal which bucket blocked, and opens it again', async () => {
    await told('users move alice --department apac');
    await told('quotas set department:apac --output 50 --period day');
    const response = await ask();
    expect(response.status).toBe(429);
    const id = response.headers.get('x-aiswitch-reservation') ?? '';
    expect(await told(`quotas receipt ${id}`)).toMatch(
      /refused: .*\n.*\nblocked +department:apac has 50 output left; it begins anew \d{4}-\d\d-\d\d 00:00Z\n/,
    );
    expect(await told('quotas close department:apac')).toContain('closed department:apac');
    expect((await ask()).status).toBe(200);
    await told('users move alice --none');
  });

  it('finds every change on record', async () => {
    const actions = new Set(
      (await json('audit-events list --limit 100')).map(({ action }: { action: string }) => action),
    );
    for (const action of [
      'bucket.put',
      'bucket.close',
      'grant.create',
      'grant.put',
      'fundingOrder.put',
      'fundingOrder.remove',
      'quotaPolicy.put',
      'reservation.reverse',
      'user.move',
    ]) {
      expect(actions).toContain(action);
    }
  });
});
