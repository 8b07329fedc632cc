import type { EdgePorts } from '@ai-switch/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ask, CHAT, type Gateway, openGateway } from './gateway.ts';

let gateway: Gateway;
/** What the ledger's word on a settlement waits for. */
let mayAnswer: Promise<void>;
let hasSettled: PromiseWithResolvers<void>;
beforeEach(async () => {
  mayAnswer = Promise.resolve();
  hasSettled = Promise.withResolvers();
  gateway = await openGateway({ wrap });
});
afterEach(() => gateway[Symbol.asyncDispose]());

function wrap(ports: EdgePorts): EdgePorts {
  const quotaLedger = new Proxy(ports.quotaLedger, {
    get: (ledger, name) => {
      if (name !== 'settle') return Reflect.get(ledger, name).bind(ledger);
      return async (request: Parameters<typeof ledger.settle>[0]) => {
        const reply = await ledger.settle(request);
        hasSettled.resolve();
        await mayAnswer;
        return reply;
      };
    },
  });
  return { ...ports, quotaLedger };
}

const keyed = () => ({ authorization: `Bearer ${gateway.key}`, 'idempotency-key': 'key' });

test('embeddings are given again, too', async () => {
  const data = [{ object: 'embedding', index: 0, embedding: [1, 2] }];
  const usage = { prompt_tokens: 7, total_tokens: 7 };
  gateway.provider.otherwise = {
    body: JSON.stringify({ object: 'list', data, model: 'theirs', usage }),
  };
  const body = { model: 'chat', input: 'one' };
  const first = await (await gateway.post('/v1/embeddings', body, keyed())).text();
  await gateway.settled();
  const again = await gateway.post('/v1/embeddings', body, keyed());
  expect([again.status, await again.text()]).toEqual([200, first]);
  expect(gateway.provider.requests).toHaveLength(1);
});

test.each([false, true])(
  'a repeat that comes before the ledger has said that it settled gets the answer (stream: %j)',
  async (stream) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    mayAnswer = promise;
    const first = await (await gateway.post(CHAT, ask(CHAT, 'chat', { stream }), keyed())).text();
    await hasSettled.promise;
    const again = await gateway.post(CHAT, ask(CHAT, 'chat', { stream }), keyed());
    resolve();
    expect([again.status, await again.text()]).toEqual([200, first]);
  },
);
