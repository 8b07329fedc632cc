import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { Lifetime } from '../src/index.ts';

describe('a lifetime', () => {
  it('closes in reverse order, each once, one after the other', async () => {
    const closed: string[] = [];
    const lifetime = new Lifetime();
    lifetime.onClose('database', () => void closed.push('database'));
    lifetime.onClose('server', async () => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      closed.push('server');
    });
    await Promise.all([lifetime.close(), lifetime.close()]);
    await lifetime.close();
    expect(closed).toEqual(['server', 'database']);
  });

  it('closes the rest when one part fails, and then says which did', async () => {
    let isClosed = false;
    const lifetime = new Lifetime();
    lifetime.onClose('database', () => {
      isClosed = true;
    });
    lifetime.onClose('server', () => {
      throw new Error('stuck');
    });
    const failure = await lifetime.close().catch((error: unknown) => error);
    expect(isClosed).toBe(true);
    expect(failure).toBeInstanceOf(AggregateError);
    expect((failure as AggregateError).errors).toMatchObject([
      { message: 'closing server failed', cause: { message: 'stuck' } },
    ]);
  });

  it('closes what is opened while it closes', async () => {
    const closed: string[] = [];
    const lifetime = new Lifetime();
    lifetime.onClose('database', async () => {
      lifetime.onClose('late server', () => void closed.push('late server'));
      closed.push('database');
    });
    await lifetime.close();
    expect(closed).toEqual(['database', 'late server']);
  });

  it('closes what is opened after it has closed', async () => {
    const closed: string[] = [];
    const lifetime = new Lifetime();
    await lifetime.close();
    lifetime.onClose('late server', () => void closed.push('late server'));
    await lifetime.close();
    expect(closed).toEqual(['late server']);
  });

  it('says that it is closing from the first moment', () => {
    const lifetime = new Lifetime();
    expect(lifetime.isClosing).toBe(false);
    void lifetime.close();
    expect(lifetime.isClosing).toBe(true);
  });

  it('closes at the end of its scope', async () => {
    let isClosed = false;
    {
      await using lifetime = new Lifetime();
      lifetime.onClose('part', () => {
        isClosed = true;
      });
    }
    expect(isClosed).toBe(true);
  });
});

/** A process that listens, with its lifetime as `body` fills it. */
function listening(body: string) {
  const script = `
    import { createServer } from 'node:net';
    import { closeOnSignal, Lifetime } from '${new URL('../src/index.ts', import.meta.url).href}';
    const lifetime = new Lifetime();
    const server = createServer().listen(0, () => console.log('up'));
    closeOnSignal(lifetime, (error) => console.error(error.errors[0].message));
    ${body}
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
  const ended = Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]).then(
    ([[status, signal], stdout, stderr]) => ({ status, signal, stdout, stderr }),
  );
  return { child, ended, up: once(child.stdout, 'data') };
}

const CLOSE = "lifetime.onClose('server', () => new Promise((resolve) => server.close(resolve)));";

describe('a process that closes on a signal', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('ends by itself with status 0 on %s', async (signal) => {
    const { child, ended, up } = listening(CLOSE);
    await up;
    child.kill(signal);
    expect(await ended).toMatchObject({ status: 0, signal: null, stderr: '' });
  });

  it('ends with status 1 when a part does not close, and says which', async () => {
    const { child, ended, up } = listening(
      `${CLOSE} lifetime.onClose('spool', () => { throw new Error('disk full'); });`,
    );
    await up;
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ status: 1, signal: null, stderr: 'closing spool failed\n' });
  });

  it.each([
    ['SIGTERM', 'SIGTERM'],
    ['SIGTERM', 'SIGINT'],
    ['SIGINT', 'SIGINT'],
  ] as const)('ends at once on %s and then %s, with the status of the second', async (first, second) => {
    const { child, ended, up } = listening("lifetime.onClose('stuck', () => new Promise(() => {}));");
    await up;
    child.kill(first);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(child.exitCode).toBeNull();
    expect(child.signalCode).toBeNull();
    child.kill(second);
    expect(await ended).toMatchObject({ status: null, signal: second });
  });
});
