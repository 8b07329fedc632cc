// The edge as a process of its own with a collector, and what arrives there.

import { randomUUID } from 'node:crypto';
import { openAuditLog } from '@ai-switch/audit-consumer';
import {
  AuditLogDefinition,
  AuthDefinition,
  QuotaLedgerDefinition,
  RouterDefinition,
} from '@ai-switch/contracts';
import { serve } from '@ai-switch/rpc';
import { LOOPBACK_NETWORKS, type RunningProcess, startProcess, temporaryFolder } from '@ai-switch/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CollectedSpan, openCollector } from './collector.ts';
import { ask, CHAT, type Gateway, MESSAGES, openGateway, PROVIDER_KEY } from './gateway.ts';

const CANARY = 'canary-of-a-prompt';
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const CLIENT_SPAN_ID = 'b7ad6b7169203331';

let gateway: Gateway;
let collector: Awaited<ReturnType<typeof openCollector>>;
let edge: RunningProcess;
let url: string;
const folder = temporaryFolder();
const closers: (() => PromiseLike<void>)[] = [];

beforeAll(async () => {
  gateway = await openGateway();
  collector = await openCollector();
  const audit = await openAuditLog({ databaseUrl: 'sqlite::memory:' });
  const { ports } = gateway;
  const services = await serve(
    [
      { definition: AuthDefinition, implementation: ports.auth },
      { definition: QuotaLedgerDefinition, implementation: ports.quotaLedger },
      { definition: RouterDefinition, implementation: ports.router },
      { definition: AuditLogDefinition, implementation: audit.auditLog },
    ],
    { address: '127.0.0.1:0' },
  );
  closers.push(
    () => services.close(0),
    () => audit.close(),
    () => collector.close(),
    () => gateway[Symbol.asyncDispose](),
  );
  const address = `127.0.0.1:${services.port}`;
  edge = startProcess('services/edge-gateway/src/main.ts', {
    environment: {
      ...collector.environment,
      AISWITCH_EDGE_LISTEN: '127.0.0.1:0',
      AISWITCH_AUTH_ADDRESS: address,
      AISWITCH_LEDGER_ADDRESS: address,
      AISWITCH_ROUTER_ADDRESS: address,
      AISWITCH_AUDIT_ADDRESS: address,
      AISWITCH_EDGE_SPOOL_PATH: folder.path,
      AISWITCH_UPSTREAM_NETWORKS: LOOPBACK_NETWORKS.join(),
    },
  });
  const ready = await edge.prints(/listens on port \d+/);
  url = `http://127.0.0.1:${/port (\d+)/.exec(ready)?.[1]}`;
}, 60_000);

afterAll(async () => {
  edge.kill('SIGTERM');
  await edge.ended();
  for (const close of closers) await close();
  folder[Symbol.dispose]();
});

async function post(path: string, body: object, headers: Record<string, string> = {}) {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${gateway.key}`,
      'content-type': 'application/json',
      'x-aiswitch-affinity': randomUUID(),
      ...headers,
    },
    body: JSON.stringify(body),
  });
  await response.text();
  const requestId = response.headers.get('x-request-id');
  const find = () =>
    collector.spans.find(({ attributes }) => attributes['aiswitch.request_id'] === requestId);
  await expect.poll(find).toBeDefined();
  const span = find() ?? expect.unreachable();
  return { span, within: childrenOf(span), requestId };
}

function childrenOf({ spanId }: CollectedSpan): readonly CollectedSpan[] {
  return collector.spans.filter(({ parentSpanId }) => parentSpanId === spanId);
}

describe.each([{ stream: false }, { stream: true }])('a request %j', ({ stream }) => {
  it('is a span with what was asked and what was used, and one within it for the call to the provider', async () => {
    const { span, within } = await post(MESSAGES, ask(MESSAGES, 'chat', { stream, text: CANARY }));
    expect(span).toMatchObject({
      service: 'edge-gateway',
      name: 'POST /v1/messages',
      isError: false,
      attributes: {
        'http.route': '/v1/messages',
        'http.response.status_code': 200,
        'aiswitch.outcome': 'completed',
        'aiswitch.tenant': gateway.tenant,
        'gen_ai.operation.name': 'chat',
        'gen_ai.request.model': 'chat',
        'gen_ai.request.stream': stream,
        'gen_ai.response.model': 'upstream-chat',
        'gen_ai.usage.input_tokens': 11,
        'gen_ai.usage.output_tokens': 7,
      },
    });
    const call = within.find(({ name }) => name === 'chat upstream-chat');
    expect(call).toMatchObject({
      traceId: span.traceId,
      attributes: {
        'gen_ai.provider.name': 'custom',
        'aiswitch.provider': 'chat-provider',
        'server.address': '127.0.0.1',
        'gen_ai.usage.output_tokens': 7,
      },
    });
    expect('gen_ai.response.time_to_first_chunk' in (call?.attributes ?? {})).toBe(stream);
  });
});

it('a request goes on with the trace of its client, through the services', async () => {
  const traceparent = `00-${TRACE_ID}-${CLIENT_SPAN_ID}-01`;
  const { span, within } = await post(CHAT, ask(CHAT, 'chat'), { traceparent });
  expect(span).toMatchObject({ traceId: TRACE_ID, parentSpanId: CLIENT_SPAN_ID });
  const names = within.map(({ name }) => name);
  expect(names).toContain('aiswitch.v1.QuotaLedger/Reserve');
  expect(names).toContain('aiswitch.v1.QuotaLedger/Settle');
});

it('an attempt that failed is a span of its own beside the one that answered, and its log line names the trace', async () => {
  gateway.provider.script({ status: 500 });
  const { span, within, requestId } = await post(CHAT, ask(CHAT, 'chat'));
  const calls = within.filter(({ name }) => name === 'chat upstream-chat');
  expect(calls.map(({ attributes, isError }) => [attributes['aiswitch.provider'], isError])).toEqual([
    ['chat-provider', true],
    ['chat-provider', false],
  ]);
  const line = edge.stderr.split('\n').find((each) => each.includes('an attempt failed'));
  expect(JSON.parse(line ?? '{}')).toMatchObject({ requestId, trace_id: span.traceId });
});

it('a request that is refused is a span with the code of the fault', async () => {
  const { span } = await post(CHAT, ask(CHAT, 'chat'), { authorization: 'Bearer ais_wrong' });
  expect(span.attributes).toMatchObject({
    'error.type': 'unauthenticated',
    'http.response.status_code': 401,
  });
});

it('no prompt, answer, key, path or query of anybody stands in a span', async () => {
  await post(`${CHAT}?key=${CANARY}`, ask(CHAT, 'chat', { text: CANARY }), { 'user-agent': CANARY });
  await fetch(`${url}/v1/${CANARY}`, { headers: { 'x-api-key': CANARY } }).then((response) =>
    response.text(),
  );
  await fetch(`${url}/v1/models`, { headers: { 'x-api-key': gateway.key } }).then((each) => each.text());
  await expect.poll(() => collector.spans.some(({ name }) => name === 'GET /v1/models')).toBe(true);
  const everything = collector.bodies.join();
  for (const secret of [CANARY, gateway.key, PROVIDER_KEY]) expect(everything).not.toContain(secret);
});
