// Processes with spans of their own, started as an operator starts them, and a collector that takes what they send.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { readTracingSettings } from '../src/config.ts';

const TRACING = new URL('../src/tracing.ts', import.meta.url).href;
const WORK = `
  import { trace } from '@opentelemetry/api';
  import { createLogger } from '${new URL('../src/index.ts', import.meta.url).href}';
  const logger = createLogger({ service: 'child', level: 'info' });
  trace.getTracer('test').startActiveSpan('work', (span) => {
    logger.info('within');
    span.end();
  });
  logger.info('outside');
`;

async function run(environment: Record<string, string>, script = WORK) {
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['--import', TRACING, '--input-type=module', '-e', script], {
    cwd: import.meta.dirname,
    env: environment,
  });
  const [[status], stderr] = await Promise.all([once(child, 'close'), text(child.stderr)]);
  const lines = stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
  return { status, lines, stderr, ms: performance.now() - startedAt };
}

async function openCollector() {
  const bodies: string[] = [];
  const server = createServer(async (incoming, outgoing) => {
    bodies.push(`${incoming.url} ${await text(incoming)}`);
    outgoing.end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    bodies,
    environment: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

it('what a process has traced reaches the collector before the process ends, and the lines within name the trace', async () => {
  await using collector = await openCollector();
  const { status, lines } = await run({ ...collector.environment, OTEL_SERVICE_NAME: 'named' });
  const [body = ''] = collector.bodies;
  expect(status).toBe(0);
  expect(body).toMatch(/^\/v1\/traces .*"stringValue":"named".*"name":"work"/);
  const [within, outside] = lines;
  expect(body).toContain(`"traceId":"${within.trace_id}","spanId":"${within.span_id}"`);
  expect(outside).not.toHaveProperty('trace_id');
});

it('without a collector spans are empty calls, and the lines name no trace', async () => {
  const { lines } = await run(
    {},
    `${WORK}; logger.info({ isRecording: trace.getTracer('test').startSpan('work').isRecording() }, 'end');`,
  );
  expect(lines).toHaveLength(3);
  expect(lines[0]).not.toHaveProperty('trace_id');
  expect(lines[2].isRecording).toBe(false);
});

it('an address that is none is one line, and the process runs', async () => {
  const { status, lines } = await run({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318 canary' });
  expect(status).toBe(0);
  expect(lines.map(({ msg }) => msg)).toEqual([
    'OTEL_EXPORTER_OTLP_ENDPOINT must be http://… or https://…: nothing is traced',
    'within',
    'outside',
  ]);
  expect(JSON.stringify(lines)).not.toContain('canary');
});

it('a collector that is away delays the end of a process by a few seconds at most', async () => {
  const { status, ms } = await run(
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
    `import { trace } from '@opentelemetry/api';
     import { closeOnSignal, Lifetime } from '@ai-switch/kernel';
     const lifetime = new Lifetime();
     const timer = setInterval(() => {}, 1000);
     lifetime.onClose('timer', () => clearInterval(timer));
     closeOnSignal(lifetime, () => {});
     for (let count = 0; count < 2048; count += 1) trace.getTracer('test').startSpan('work').end();
     setTimeout(() => process.kill(process.pid, 'SIGTERM'), 100);`,
  );
  expect(status).toBe(0);
  expect(ms).toBeLessThan(9_000);
});

it('a collector that is away is one line that says why', async () => {
  const { lines } = await run({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_TIMEOUT: '500',
  });
  expect(lines.map(({ msg }) => msg)).toEqual(['within', 'outside', 'traces are not sent']);
  expect(lines[2].reason).toMatch(/ECONNREFUSED|timed out|timeout/i);
});

it.each([
  ['/app/services/auth/src/main.ts', {}, 'auth'],
  ['/app/edge-gateway/main.js', {}, 'edge-gateway'],
  ['/app/services/auth/src/main.ts', { OTEL_SERVICE_NAME: 'mine' }, undefined],
  ['/app/services/auth/src/main.ts', { OTEL_RESOURCE_ATTRIBUTES: 'a=b,service.name=mine' }, undefined],
])('%s with %j is called %s in traces', (mainFile, environment, name) => {
  expect(readTracingSettings(environment, mainFile).serviceName).toBe(name);
});
