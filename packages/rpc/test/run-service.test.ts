import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';

const SERVICE = `
  import { textSetting, integerSetting, ConfigError } from '${import.meta.resolve('@ai-switch/kernel')}';
  import { runService } from '${new URL('../src/run-service.ts', import.meta.url).href}';
  import { serve } from '${new URL('../src/serve.ts', import.meta.url).href}';
  await runService({
    name: 'sample',
    describe: 'A sample of a service.',
    settings: {
      SAMPLE_LISTEN: textSetting({ describe: 'Where it listens.', fallback: '127.0.0.1:0' }),
      SAMPLE_DELAY_MS: integerSetting({ describe: 'How slowly it closes.', fallback: 0, min: 0, max: 60000 }),
      SAMPLE_MISTAKE: textSetting({ describe: 'Fails in start.', fallback: 'none' }),
    },
    start: async (values, lifetime) => {
      lifetime.onClose('slow part', () => new Promise((resolve) => setTimeout(() => {
        process.stdout.write('slow part closed\\n');
        resolve();
      }, values.SAMPLE_DELAY_MS)));
      if (values.SAMPLE_MISTAKE === 'config') throw new ConfigError('the folder cannot be written');
      if (values.SAMPLE_MISTAKE === 'ours') throw new TypeError('a mistake of ours');
      if (values.SAMPLE_MISTAKE === 'slow') {
        process.stdout.write('starting\\n');
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      const server = await serve([], { address: values.SAMPLE_LISTEN });
      lifetime.onClose('server', () => server.close());
      const checks = {
        database: { isNeeded: true, ask: async () => process.env.SAMPLE_DATABASE !== 'down' },
        counters: { isNeeded: false, ask: () => { throw new TypeError('a mistake of ours'); } },
      };
      const leave = () => process.stdout.write('left\\n');
      return { ready: 'listening on ' + server.port, checks, leave };
    },
  });
`;

function start(environment: Record<string, string> = {}, ...args: string[]) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', SERVICE, '--', ...args], {
    env: environment,
  });
  const ended = Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]).then(
    ([[status, signal], stdout, stderr]) => ({ status, signal, stdout, stderr }),
  );
  return { child, ended, firstLine: once(child.stdout, 'data') };
}

it('a service prints where it listens and ends by itself on SIGTERM, everything closed', async () => {
  const { child, ended, firstLine } = start();
  expect(String(await firstLine)).toMatch(/^listening on \d+\nsample tells of itself on port \d+\n$/);
  child.kill('SIGTERM');
  const { status, signal, stdout, stderr } = await ended;
  expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: '' });
  expect(stdout).toContain('slow part closed');
});

/** What the operations server of the sample answers. */
async function operationsOf(firstLine: Promise<unknown>) {
  const [, port] = /itself on port (\d+)/.exec(String(await firstLine)) ?? [];
  return async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } });
    return { status: response.status, text: await response.text() };
  };
}

it('a service tells that it is alive, ready and what it counts, and what is down that it can do without', async () => {
  const { child, ended, firstLine } = start();
  const ask = await operationsOf(firstLine);
  expect(await ask('/healthz')).toEqual({ status: 200, text: 'alive\n' });
  const { status, text } = await ask('/readyz');
  expect({ status, ...JSON.parse(text) }).toEqual({
    status: 200,
    state: 'ready',
    checks: { database: 'up', counters: 'Something went wrong on our side. Please try again.' },
  });
  const metrics = await ask('/metrics');
  expect(metrics.text).toContain('# TYPE aiswitch_rpc_server_seconds histogram');
  expect(metrics.text).toContain('nodejs_eventloop_lag_seconds');
  expect(metrics.text).toContain('process_resident_memory_bytes');
  expect((await ask('/metricsx')).status).toBe(404);
  child.kill('SIGTERM');
  expect(await ended).toMatchObject({ status: 0 });
});

it('a service is alive and not ready while what it needs is down', async () => {
  const { child, ended, firstLine } = start({ SAMPLE_DATABASE: 'down' });
  const ask = await operationsOf(firstLine);
  expect((await ask('/healthz')).status).toBe(200);
  const { status, text } = await ask('/readyz');
  expect(status).toBe(503);
  expect(JSON.parse(text).checks.database).toBe('down');
  child.kill('SIGTERM');
  await ended;
});

it('a service that is to end says so first, sends callers elsewhere, and works on for a while', async () => {
  const { child, ended, firstLine } = start({ AISWITCH_DRAIN_DELAY_MS: '700', SAMPLE_DELAY_MS: '300' });
  const ask = await operationsOf(firstLine);
  child.kill('SIGTERM');
  await expect.poll(async () => (await ask('/readyz')).status).toBe(503);
  expect(JSON.parse((await ask('/readyz')).text).state).toBe('draining');
  expect((await ask('/healthz')).status).toBe(200);
  const { status, stdout } = await ended;
  expect(status).toBe(0);
  expect(stdout).toMatch(/left\n.*slow part closed\n$/s);
});

it('a second signal ends a service that closes slowly', async () => {
  const { child, ended, firstLine } = start({ SAMPLE_DELAY_MS: '30000' });
  await firstLine;
  child.kill('SIGTERM');
  await new Promise((resolve) => setTimeout(resolve, 200));
  child.kill('SIGINT');
  expect(await ended).toMatchObject({ signal: 'SIGINT' });
});

it('a signal in the middle of a start closes what the start still opens', async () => {
  const { child, ended, firstLine } = start({ SAMPLE_MISTAKE: 'slow' });
  await firstLine;
  child.kill('SIGTERM');
  expect(await ended).toMatchObject({ status: 0, stdout: 'starting\nslow part closed\n', stderr: '' });
});

it('--help names every setting with its bounds and default, and starts nothing', async () => {
  const { status, stdout } = await start({}, '--help').ended;
  expect(status).toBe(0);
  expect(stdout).toContain('A sample of a service.');
  expect(stdout).toContain('SAMPLE_DELAY_MS');
  expect(stdout).toContain('a whole number from 0 to 60000; default 0');
  expect(stdout).not.toContain('listening');
});

it.each([
  [
    'a setting that is wrong',
    { SAMPLE_DELAY_MS: 'hunter2' },
    [],
    /^sample: SAMPLE_DELAY_MS must be [^\n]+\n$/,
  ],
  ['what the operator has to mend', { SAMPLE_MISTAKE: 'config' }, [], /^sample: the folder [^\n]+\n$/],
  ['an unknown argument', {}, ['--verbose'], /^sample: takes no arguments but --help[^\n]+\n$/],
])('%s is one line and exit status 1', async (_name, environment, args, line) => {
  const { status, stderr } = await start(environment, ...args).ended;
  expect(status).toBe(1);
  expect(stderr).toMatch(line);
  expect(stderr).not.toContain('hunter2');
});

it('a port in use is one line and exit status 1', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { status, stderr } = await start({ SAMPLE_LISTEN: `127.0.0.1:${port}` }).ended;
  taken.close();
  expect(status).toBe(1);
  expect(stderr).toMatch(/^sample: cannot listen on [^\n]+\n$/);
});

it('a mistake of ours shows its stack', async () => {
  const { status, stderr } = await start({ SAMPLE_MISTAKE: 'ours' }).ended;
  expect(status).toBe(1);
  expect(stderr).toContain('a mistake of ours');
  expect(stderr).toContain('    at ');
});
