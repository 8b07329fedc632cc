import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addressed, aliasOf, ask, type Gateway, isNothing, openGateway, PAIRS, PATHS } from './gateway.ts';
import { endOf } from './wire.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await openGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

const AT_ONCE = 64;
const PLACES = 128;
const answer = { text: ['a世'], usage: { input: 3, output: 2 } };

describe.each(PAIRS)('a stream to $path from a provider of $alias', ({ path, alias }) => {
  test('case 77: that is cut anywhere ends in a way that every client understands', async () => {
    const length = await lengthOfStream(alias);
    const ends = new Map<string, number>();
    const cutAt = async (cutAfterBytes: number) => {
      // The place travels in the prompt, because no header of the client does.
      gateway.provider.otherwise = ({ body }) => ({
        ...answer,
        cutAfterBytes: Number(/cut:(\d+)/.exec(String(body))?.[1]),
      });
      const text = `cut:${cutAfterBytes}`;
      const response = await gateway.post(path, ask(path, alias, { stream: true, text }));
      const raw = await response.text();
      if (response.status !== 200) {
        expect(JSON.parse(raw).error.message).not.toBe('');
        count(ends, 'refused');
      } else count(ends, endOf(path, raw));
    };
    const places = placesIn(length);
    for (let from = 0; from < places.length; from += AT_ONCE) {
      await Promise.all(places.slice(from, from + AT_ONCE).map(cutAt));
    }
    await gateway.settled();
    expect(isNothing((await gateway.balance()).held)).toBe(true);
    expect([...ends.keys()].sort()).toEqual(['error', 'finished', 'refused']);
  }, 60_000);
});

/** Both ends and some hundred places between; the dialects' own tests cut at every single byte. */
function placesIn(length: number): readonly number[] {
  const stride = Math.max(1, Math.floor(length / PLACES));
  const places = Array.from({ length: Math.ceil(length / stride) }, (_, index) => index * stride);
  return [...places, length];
}

function count(ends: Map<string, number>, end: string): void {
  ends.set(end, (ends.get(end) ?? 0) + 1);
}

async function lengthOfStream(alias: string): Promise<number> {
  gateway.provider.otherwise = answer;
  const path = PATHS.find((known) => aliasOf(known) === alias) ?? '';
  const asked = ask(path, `upstream-${alias}`, { stream: true, ...(alias === 'chat' && USAGE_WANTED) });
  const { address, body } = addressed(path, asked);
  const { origin } = new URL(gateway.provider.baseUrl);
  const response = await fetch(origin + address, { method: 'POST', body: JSON.stringify(body) });
  return (await response.arrayBuffer()).byteLength;
}

const USAGE_WANTED = { stream_options: { include_usage: true } };
