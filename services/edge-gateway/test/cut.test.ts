import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, type Gateway, isNothing, openGateway, PATHS } from './gateway.ts';
import { endOf } from './wire.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

const AT_ONCE = 64;
const combinations = PATHS.flatMap((path) => ['chat', 'messages'].map((alias) => ({ path, alias })));
const answer = { text: ['a世'], usage: { input: 3, output: 2 } };

describe.each(combinations)('a stream to $path from a provider of $alias', ({ path, alias }) => {
  test('case 77: that is cut at any byte ends in a way that every client understands', async () => {
    const length = await lengthOfStream(alias);
    const ends = new Map<string, number>();
    const cutAt = async (cutAfterBytes: number) => {
      // The place travels in the prompt, because no header of the client does.
      gateway.provider.otherwise = ({ body }) => ({
        ...answer,
        cutAfterBytes: Number(/cut:(\d+)/.exec(String(body))?.[1]),
      });
      const messages = [{ role: 'user', content: `cut:${cutAfterBytes}` }];
      const response = await gateway.post(path, ask(path, alias, { stream: true, messages }));
      const text = await response.text();
      if (response.status !== 200) {
        expect(JSON.parse(text).error.message).not.toBe('');
        count(ends, 'refused');
      } else count(ends, endOf(path, text));
    };
    for (let from = 0; from <= length; from += AT_ONCE) {
      const places = Array.from({ length: Math.min(AT_ONCE, length + 1 - from) }, (_, index) => from + index);
      await Promise.all(places.map(cutAt));
    }
    await gateway.settled();
    expect(isNothing((await gateway.balance()).held)).toBe(true);
    for (const end of ['refused', 'error', 'finished']) expect(ends.get(end)).toBeGreaterThan(0);
  }, 60_000);
});

function count(ends: Map<string, number>, end: string): void {
  ends.set(end, (ends.get(end) ?? 0) + 1);
}

async function lengthOfStream(alias: string): Promise<number> {
  gateway.provider.otherwise = answer;
  const response = await fetch(
    `${gateway.provider.baseUrl}/${alias === 'chat' ? 'chat/completions' : 'messages'}`,
    {
      method: 'POST',
      body: JSON.stringify({
        model: `upstream-${alias}`,
        stream: true,
        stream_options: { include_usage: true },
      }),
    },
  );
  return (await response.arrayBuffer()).byteLength;
}
