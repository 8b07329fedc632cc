import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, type Gateway, openGateway } from './gateway.ts';

const PATH = '/v1/chat/completions';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

const receipt = (id: string, key = gateway.key) =>
  fetch(`${gateway.url}/v1/receipts/${id}`, { headers: { authorization: `Bearer ${key}` } });

async function askOnce(): Promise<string> {
  const response = await gateway.post(PATH, ask(PATH, 'chat', { max_tokens: 50 }));
  await response.text();
  await gateway.settled();
  return response.headers.get('x-aiswitch-reservation') ?? '';
}

test('a caller reads what his request held, drew and was charged', async () => {
  const response = await receipt(await askOnce());
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({
    state: 'settled',
    model: 'chat',
    held: { output: 50, cost: '0' },
    charged: { input: 11, output: 7, cost: '0' },
    isEstimated: false,
    outcome: 'completed',
    lines: [{ bucket: `personal:${gateway.userId}`, held: { output: 50 }, used: { input: 11, output: 7 } }],
  });
});

test('the receipt of a refusal says which bucket blocked, what of, and when it begins anew', async () => {
  await gateway.limit({ output: 30n });
  const denied = await gateway.post(PATH, ask(PATH, 'chat', { max_tokens: 50 }));
  expect(denied.status).toBe(429);
  const path = denied.headers.get('x-aiswitch-receipt') ?? '';
  const response = await receipt(path.replace('/v1/receipts/', ''));
  expect(await response.json()).toMatchObject({
    state: 'rejected',
    blocked: {
      bucket: `personal:${gateway.userId}`,
      type: 'output',
      resetsAt: expect.stringMatching(/^\d{4}-\d\d-01T00:00:00\.000Z$/),
    },
  });
  await gateway.limit({});
});

test("another's receipt is not found, as one that never was", async () => {
  const id = await askOnce();
  const { plaintext } = await gateway.makeKey({ user: 'bob' });
  const others = await receipt(id, plaintext);
  const nobodys = await receipt('res_nothing');
  expect(others.status).toBe(404);
  expect(nobodys.status).toBe(404);
  const words = async (response: Response) =>
    ((await response.json()) as { readonly error: { readonly message: string } }).error.message;
  expect(await words(others)).toBe(await words(nobodys));
  expect((await receipt('x'.repeat(200))).status).toBe(404);
  expect((await receipt(id, 'ais_wrong')).status).toBe(401);
});
