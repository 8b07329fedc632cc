import { spawnSync } from 'node:child_process';
import { Fault } from '@ai-switch/kernel';
import { describe, expect, it } from 'vitest';
import { createLogger, type LogLevel } from '../src/index.ts';
import { terminalLine } from '../src/terminal-lines.ts';

const CANARY = 'canary-2f9d1c';

function logged(level: LogLevel = 'info') {
  const lines: string[] = [];
  const logger = createLogger({ service: 'edge', level, destination: { write: (line) => lines.push(line) } });
  return { logger, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') };
}

describe('a logger', () => {
  it('writes one JSON line with an ISO time, the level by name and the service', () => {
    const { logger, last, lines } = logged();
    logger.info({ userId: 'usr_1' }, 'signed in');
    expect(last()).toMatchObject({ level: 'info', service: 'edge', userId: 'usr_1', msg: 'signed in' });
    expect(new Date(last().time).toISOString()).toBe(last().time);
    expect(lines[0]?.endsWith('\n')).toBe(true);
  });

  it('is silent below its level', () => {
    const { logger, lines } = logged('warn');
    logger.info('not this');
    logger.warn('but this');
    expect(lines).toHaveLength(1);
  });

  it('shows type, message, stack and code of a fault, and of what caused it', () => {
    const { logger, last } = logged();
    logger.error({ err: new Fault('unavailable', 'Gone.', { cause: new TypeError('socket') }) }, 'failed');
    expect(last().err).toMatchObject({
      type: 'Fault',
      code: 'unavailable',
      message: 'Gone.',
      cause: { type: 'TypeError', message: 'socket' },
    });
    expect(last().err.stack).toContain('logger.test.ts');
  });

  it('shows no further field of an error, whatever a library hangs on it', () => {
    const { logger, lines } = logged();
    const error = Object.assign(new Error('refused'), { config: { value: CANARY }, response: CANARY });
    logger.error({ err: error }, 'failed');
    logger.error(error, 'failed');
    expect(lines.join('')).not.toContain(CANARY);
  });

  it('ends at an error that is its own cause', () => {
    const { logger, last } = logged();
    const error = new Error('round');
    error.cause = error;
    logger.error({ err: error }, 'failed');
    expect(last().err.message).toBe('round');
  });

  it.each([
    ['authorization', (value: string) => ({ authorization: value })],
    ['authorization, one down', (value: string) => ({ upstream: { authorization: value } })],
    ['authorization, two down', (value: string) => ({ a: { b: { authorization: value } } })],
    ['x-api-key', (value: string) => ({ 'x-api-key': value })],
    ['x-api-key, one down', (value: string) => ({ sent: { 'x-api-key': value } })],
    ['key', (value: string) => ({ key: value })],
    ['credential', (value: string) => ({ resource: { credential: value } })],
    ['password', (value: string) => ({ password: value })],
    ['secret', (value: string) => ({ secret: value })],
    ['plaintext', (value: string) => ({ answer: { plaintext: value } })],
    ['headers', (value: string) => ({ headers: { anything: value } })],
    ['body', (value: string) => ({ body: { prompt: value } })],
    ['a request', (value: string) => ({ req: { url: `/?key=${value}` }, request: value })],
    ['a response', (value: string) => ({ res: { text: value }, response: value })],
  ])('never writes what stands in %s', (_name, fields) => {
    const { logger, lines } = logged();
    logger.info(fields(CANARY), 'line');
    logger.child(fields(CANARY)).info('line of a child');
    expect(lines).toHaveLength(2);
    expect(lines.join('')).not.toContain(CANARY);
  });

  it('writes to stderr, every line of it, before the process ends', () => {
    const script = `
      import { createLogger } from '${new URL('../src/index.ts', import.meta.url).href}';
      const logger = createLogger({ service: 'child', level: 'info' });
      for (let line = 0; line < 1000; line += 1) logger.info({ line }, 'hello');
    `;
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    expect(child.stdout).toBe('');
    expect(child.stderr.trim().split('\n')).toHaveLength(1_000);
  });
});

it('a terminal shows a line that a person reads', () => {
  const { logger, lines } = logged();
  logger.warn({ attempts: 3 }, 'slow');
  const line = terminalLine(lines[0] ?? '');
  expect(line).toMatch(/\d\d:\d\d:\d\d/);
  expect(line).toContain('edge: slow');
  expect(line).toContain('attempts=3');
});
