// Clients that name the items of an earlier answer instead of sending them, where the provider keeps nothing.

import { describe, expect, test } from 'vitest';
import { ask, type Gateway, RESPONSES, useGateway } from './gateway.ts';
import { textIn } from './wire.ts';

let gateway: Gateway;
useGateway((opened) => {
  gateway = opened;
});

const TOOLS = [{ type: 'function', name: 'look', parameters: { type: 'object', properties: {} } }];
const USER = { role: 'user', content: 'Find it.' };

interface Item {
  readonly type: string;
  readonly id: string;
  readonly call_id?: string;
}

async function firstTurn(alias: string, stream: boolean, more: object = {}): Promise<readonly Item[]> {
  gateway.provider.script({
    text: ['Looking.'],
    tools: [{ id: 'call_1', name: 'look', arguments: ['{}'] }],
  });
  const body = { model: alias, input: [USER], tools: TOOLS, stream, ...more };
  const text = await (await gateway.post(RESPONSES, body)).text();
  if (!stream) return JSON.parse(text).output;
  const last = text.trim().split('\n\n').at(-1)?.split('data: ')[1] ?? '';
  return JSON.parse(last).response.output;
}

async function secondTurn(alias: string, items: readonly Item[], headers?: Record<string, string>) {
  gateway.provider.script({ text: ['Found.'] });
  const input = [
    USER,
    ...items.map(({ id }) => ({ type: 'item_reference', id })),
    { type: 'function_call_output', call_id: 'call_1', output: 'behind the door' },
  ];
  return await gateway.post(RESPONSES, { model: alias, input, tools: TOOLS }, headers);
}

describe.each(['chat', 'messages', 'gemini'])('a provider of %s', (alias) => {
  test.each([false, true])('is sent the items that are named (streamed: %s)', async (stream) => {
    const response = await secondTurn(alias, await firstTurn(alias, stream));
    expect(textIn(await response.text())).toBe('Found.');
    const seen = String(gateway.provider.requests.at(-1)?.body);
    for (const said of ['Looking.', 'look', 'behind the door']) expect(seen).toContain(said);
  });
});

test('items of a client that wants nothing kept are not kept, and naming them is refused clearly', async () => {
  const response = await secondTurn('chat', await firstTurn('chat', false, { store: false }));
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { param: 'input.item_reference' } });
});

test('items are given to nobody but who had the answer', async () => {
  const items = await firstTurn('chat', false);
  const { plaintext } = await gateway.makeKey({ user: 'another' });
  const response = await secondTurn('chat', items, { 'x-api-key': plaintext });
  expect(response.status).toBe(400);
});

test('the smallest request of all is not touched', async () => {
  expect((await gateway.post(RESPONSES, ask(RESPONSES, 'responses'))).status).toBe(200);
});
