import { describe, expect, test } from 'vitest';
import { aliasOf, ask, type Gateway, PAIRS, useGateway } from './gateway.ts';

let gateway: Gateway;
useGateway((opened) => {
  gateway = opened;
});

describe('an answer without a word', () => {
  const EMPTY = { text: [] };

  const converted = PAIRS.filter(({ path, alias }) => aliasOf(path) !== alias);
  const cells = converted.flatMap((pair) => [true, false].map((stream) => ({ ...pair, stream })));

  test.each(cells)(
    'case 69: is asked for once more and then is an error ($path from $alias, streamed: $stream)',
    async ({ path, alias, stream }) => {
      gateway.provider.otherwise = EMPTY;
      const response = await gateway.post(path, ask(path, alias, { stream }));
      expect(response.status).toBe(503);
      expect(gateway.provider.requests).toHaveLength(2);
      await gateway.settled();
    },
  );
});
