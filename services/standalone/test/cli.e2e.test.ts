import { join } from 'node:path';
import { type ProcessOptions, ScriptedProvider, temporaryFolder } from '@ai-switch/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCli, runCli } from './cli.ts';
import { type StandaloneProcess, startStandalone } from './standalone-process.ts';

const CANARY = 'sk-canary-of-the-cli';

let folder: ReturnType<typeof temporaryFolder>;
let standalone: StandaloneProcess;
let provider: ScriptedProvider;

beforeAll(async () => {
  folder = temporaryFolder();
  provider = await ScriptedProvider.open();
  standalone = await startStandalone(join(folder.path, 'data'));
});

afterAll(async () => {
  await standalone[Symbol.asyncDispose]();
  await provider.close();
  folder[Symbol.dispose]();
});

const cli = (line: string, options: ProcessOptions = {}) => runCli(standalone, line, options);
const json = (line: string) => readCli(standalone, line);

describe('the way of a newcomer', () => {
  it('adds a provider, an alias, a user and a key, and asks with it', async () => {
    provider.script({ body: JSON.stringify({ data: [{ id: 'big' }, { id: 'small' }] }) });
    const added = await cli(
      `providers add mine --kind custom --base-url ${provider.baseUrl} --credential-env MINE`,
      {
        environment: { MINE: CANARY },
      },
    );
    expect(added).toMatchObject({ code: 0, stderr: '' });
    expect(added.stdout).toContain('models: big, small');

    expect((await cli('aliases set fast --to mine/small,weight=3 --fallback mine/big')).stdout).toContain(
      'fast -> mine/small x3, mine/big (fallback 1)',
    );
    expect((await cli('users add alice')).stdout).toContain('added member alice');
    const key = (await cli('keys add alice --label laptop --expires 30d')).stdout.split('\n')[0] ?? '';
    expect(key).toMatch(/^ais_/);

    const response = await fetch(`${standalone.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: JSON.stringify({ model: 'fast', messages: [{ role: 'user', content: 'Hi' }] }),
    });
    expect(response.status).toBe(200);
    expect(provider.requests.at(-1)?.headers.authorization).toBe(`Bearer ${CANARY}`);

    await expect.poll(() => json('access-log list --user alice')).toHaveLength(1);
    const table = (await cli('access-log list --user alice')).stdout;
    expect(table).toMatch(/^TIME +USER +MODEL/);
    expect(table).toMatch(/fast +mine\/small +200 +completed/);
  });

  it('reads a credential from standard input', async () => {
    const options = { input: `${CANARY}-2\n` };
    const line = `providers add piped --kind custom --base-url ${provider.baseUrl} --model m --credential-stdin`;
    expect((await cli(line, options)).code).toBe(0);
    expect(await json('providers show piped')).toMatchObject([{ hasCredential: true, models: ['m'] }]);
  });

  it('never sees a credential again', async () => {
    for (const line of [
      'providers list',
      'providers show mine',
      'audit-events list',
      'providers list --json',
    ]) {
      expect((await cli(line)).stdout).not.toContain(CANARY);
    }
  });

  it('refreshes the models of a provider', async () => {
    provider.script({ body: JSON.stringify({ data: [{ id: 'huge' }] }) });
    expect((await cli('providers models mine')).stdout).toContain('models: huge');
  });

  it('sets what a provider can do, for all of its models or for one', async () => {
    const line = `providers add mine --model huge`;
    const set = await json(`${line} --capability images=false --capability output-tokens-max=8192`);
    expect(set.capabilities).toEqual({ images: false, outputTokensMax: 8_192 });
    const ofModel = await json(`${line} --for-model huge --capability images=true stream-only=true`);
    expect(ofModel.modelCapabilities).toEqual({ huge: { images: true, isStreamOnly: true } });
    expect(ofModel.capabilities).toEqual(set.capabilities);
    expect((await cli('providers show mine')).stdout).toContain('huge:images=true');
    const back = await json(`${line} --capability images=default output-tokens-max=default`);
    expect(back.capabilities).toBeUndefined();
  });

  it('lists the kinds of providers with what is known of each', async () => {
    expect((await cli('providers kinds')).stdout).toMatch(/^KIND +TITLE +DIALECT +ADDRESS +CREDENTIAL\n/);
    const kinds = await json('providers kinds');
    expect(kinds.find(({ kind }: { kind: string }) => kind === 'deepseek')).toMatchObject({
      dialect: 'openai-chat',
      capabilities: { outputSchema: false },
      quirks: expect.arrayContaining(['deepseekReasoningBackfill']),
    });
  });

  it('sets quotas, and a spent one refuses', async () => {
    await cli('users add bob');
    const { plaintext } = await json('keys add bob');
    expect((await cli('quotas set bob --input 0 --output unlimited')).code).toBe(0);
    expect((await cli('quotas show bob')).stdout).toMatch(/personal:bob +pays 1 +input +0 +0/);
    const response = await fetch(`${standalone.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${plaintext}` },
      body: JSON.stringify({ model: 'fast', messages: [{ role: 'user', content: 'Hi' }] }),
    });
    expect(response.status).toBe(429);
  });

  it('removes what it made', async () => {
    const [key] = await json('keys list --user alice');
    expect(await cli(`keys remove ${key.keyId}`)).toMatchObject({
      stdout: `revoked ${key.keyId}\n`,
      stderr: '',
    });
    expect((await cli('aliases remove fast')).stdout).toBe('removed fast\n');
    expect((await cli('providers remove mine')).stdout).toBe('removed mine\n');
    expect((await cli('users remove alice')).stdout).toContain('removed alice');
    expect(await json('users list')).not.toContainEqual(expect.objectContaining({ name: 'alice' }));
  });
});

it('a chunked body over the bound is refused', async () => {
  const chunk = new TextEncoder().encode('x'.repeat(64 * 1024));
  const body = ReadableStream.from(Array.from({ length: 17 }, () => chunk));
  const response = await fetch(`${standalone.url}/api/admin/v1/users`, {
    method: 'POST',
    headers: { 'x-api-key': standalone.key ?? '' },
    body,
    duplex: 'half',
  });
  expect(response.status).toBe(413);
});

describe('help', () => {
  it.each([
    '--help',
    'users --help',
    'users add --help',
    'keys add --help',
    'providers --help',
    'providers add --help',
    'providers models --help',
    'providers kinds --help',
    'aliases set --help',
    'quotas --help',
    'quotas set --help',
    'quotas show --help',
    'quotas grant --help',
    'quotas order --help',
    'quotas policy --help',
    'quotas statement --help',
    'quotas receipt --help',
    'quotas reverse --help',
    'access-log list --help',
    'audit-events list --help',
  ])('%s teaches with an example', async (line) => {
    const { code, stdout } = await cli(line);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Examples:\n.*npm run (-s )?cli -- /);
  });
});

describe('an error', () => {
  it.each([
    ['users show nobody', 1, 'There is no such user'],
    ['providers add openai', 1, 'OpenAI needs a credential'],
    ['providers add openai --credential-env NOT_SET', 1, 'NOT_SET is not set'],
    ['providers add openai --credential sk-in-the-open', 2, 'can be seen by others'],
    ['providers add nobody', 1, 'There is no kind of provider'],
    ['providers add azure-openai --model d', 1, '{resource}'],
    ['providers add mine --capability images', 2, 'name=value'],
    ['providers add mine --capability images=maybe', 2, 'true, false, a number or default'],
    ['providers add mine --for-model m', 2, 'goes with --capability'],
    ['providers add ollama --capability nonsense=true', 1, 'capabilities.nonsense'],
    ['aliases set x --to nonsense', 2, '<provider>/<model>'],
    ['aliases set x', 2, "required option '--to"],
    ['quotas set root', 2, 'at least one of --input'],
    ['quotas set root --input many', 2, 'whole number of tokens'],
    ['quotas set root --cost 1.0000001', 2, 'at most six decimals'],
    ['quotas set root --input 1 --period year', 2, 'Allowed choices'],
    ['quotas set root --input 1 --until 30d', 2, 'only a grant has --until'],
    ['quotas set galaxy:x --input 1', 1, 'The scope must be'],
    ['quotas set grant:nothing --input 1', 1, 'There is no bucket grant:nothing'],
    ['quotas grant root --input 1', 2, "required option '--until"],
    ['quotas grant root --input 1 --until tomorrow', 2, '--until takes a date'],
    ['quotas order company personal,galaxy', 2, 'tiers are personal, project and supplementary'],
    ['quotas order --remove', 2, 'say whose order'],
    ['quotas policy --time-zone Mars/Olympus', 1, 'timeZone'],
    ['quotas statement root --csv --json', 2, 'not both'],
    ['quotas receipt res_nothing', 1, 'There is no reservation'],
    ['quotas reverse res_nothing', 2, "required option '--reason"],
    ['users move root', 2, '--department or --none'],
    ['keys add root --expires soon', 2, '--expires takes'],
    ['users add', 2, "missing required argument 'name'"],
    ['users conjure x', 2, 'unknown command'],
    ['users list --nonsense', 2, 'unknown option'],
    ['frobnicate', 2, 'unknown command'],
  ])('%s ends with %i and says why', async (line, code, words) => {
    const outcome = await cli(line);
    expect([outcome.code, outcome.stdout]).toEqual([code, '']);
    expect(outcome.stderr).toContain(words);
    expect(outcome.stderr).not.toMatch(/\n\s+at /);
  });

  it('a gateway that is not running: how to start it', async () => {
    const { code, stderr } = await cli('users list --url http://127.0.0.1:9');
    expect(code).toBe(1);
    expect(stderr).toMatch(/no gateway is running at http:\/\/127\.0\.0\.1:9\. Start it with `npm start`/);
  });

  it('no key: where to get one', async () => {
    const { code, stderr } = await cli('users list', { environment: { AISWITCH_KEY: '' } });
    expect([code, stderr]).toEqual([1, expect.stringContaining('--new-root-key')]);
  });

  it('a wrong key: where it came from', async () => {
    const { code, stderr } = await cli('users list', { environment: { AISWITCH_KEY: 'ais_wrong' } });
    expect([code, stderr]).toEqual([1, expect.stringContaining('AISWITCH_KEY or --key')]);
  });

  it('an address that is no gateway', async () => {
    provider.script({ body: '{"hello":"world"}' });
    const { code, stderr } = await cli('users list', {
      environment: { AISWITCH_URL: new URL(provider.baseUrl).origin },
    });
    expect(code).toBe(1);
    expect(stderr).toContain('is no AI-Switch gateway');
  });
});
