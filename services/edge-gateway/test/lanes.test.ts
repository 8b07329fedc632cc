import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ask, type Gateway, openGateway, PATHS } from './gateway.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());
beforeEach(() => {
  gateway.provider.reset();
});

const combinations = PATHS.flatMap((path) => ['chat', 'messages'].map((alias) => ({ path, alias })));

describe.each(combinations)('$path answered by a provider of $alias', ({ path, alias }) => {
  test('gives a whole reply and charges what the provider counted', async () => {
    const response = await gateway.post(path, ask(path, alias));
    expect(response.status).toBe(200);
    expect(textIn(await response.json())).toBe('Hello from the provider.');
    await gateway.settled();
    const { charged, outcome } = await gateway.reservation(
      response.headers.get('x-aiswitch-reservation') ?? '',
    );
    expect(charged).toMatchObject({ input: 11n, output: 7n });
    expect(outcome).toBe('completed');
  });
});

function textIn(body: {
  choices?: [{ message: { content: string } }];
  content?: [{ text: string }];
}): string {
  return body.choices?.[0].message.content ?? body.content?.[0].text ?? '';
}
