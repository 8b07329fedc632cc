// What becomes of a provider's status: the same for every provider, in the body of every client.

import { describe, expect, it } from 'vitest';
import { ALIAS_NAMES, type Gateway } from '../gateway.ts';
import { CLIENTS, type Fields, post } from './wire-clients.ts';

/** Our own account's trouble is nothing that a client could mend: 401, 402 and 403 are told as 502. */
const TOLD: readonly (readonly [status: number, told: number])[] = [
  [400, 400],
  [401, 502],
  [402, 502],
  [403, 502],
  [404, 404],
  [413, 413],
  [429, 429],
  [500, 503],
  [502, 503],
  [503, 503],
  [504, 504],
  [529, 503],
];

export function describeStatuses(gateway: () => Gateway): void {
  describe.each(CLIENTS)('$name', ({ name, ask }) => {
    it.each(ALIAS_NAMES)('case 73: every status of %s is told in the body of the client', async (model) => {
      for (const [status, told] of TOLD) {
        gateway().provider.reset();
        // Long enough that the gateway itself does not wait for it.
        gateway().provider.otherwise = { status, retryAfterS: 7 };
        const response = await post(gateway(), ask(model, status % 2 === 0));
        const body = (await response.json()) as Fields;
        // Anthropic has a number of its own for a provider that is overloaded.
        const isOverloaded = name === 'Messages' && (status === 503 || status === 529);
        expect([status, response.status]).toEqual([status, isOverloaded ? 529 : told]);
        expect(body).toMatchObject(bodyOf(name, response.status));
        const isPassing = status === 429 || (status >= 500 && status !== 504);
        expect([status, response.headers.get('retry-after')]).toEqual([status, isPassing ? '7' : null]);
        const isFinal = status < 500 && status !== 429;
        expect([status, response.headers.get('x-should-retry')]).toEqual([status, isFinal ? 'false' : null]);
        expect(gateway().provider.requests).toHaveLength(1);
      }
    });

    it.each([
      ['seconds', () => ({ 'retry-after': '90' })],
      ['a date', () => ({ 'retry-after': new Date(Date.now() + 90_500).toUTCString() })],
      ['milliseconds', () => ({ 'retry-after-ms': '89500' })],
    ])('case 73: a time to wait in %s is told in seconds', async (_form, headers) => {
      gateway().provider.otherwise = { status: 429, headers: headers() };
      const response = await post(gateway(), ask('chat', false));
      expect([response.status, Number(response.headers.get('retry-after'))]).toEqual([
        429,
        expect.any(Number),
      ]);
      expect(Math.abs(Number(response.headers.get('retry-after')) - 90)).toBeLessThanOrEqual(1);
    });
  });
}

function bodyOf(client: string, status: number): object {
  const message = expect.stringMatching(/\S/);
  if (client === 'Messages')
    return { type: 'error', error: { type: expect.stringMatching(/_error$|_large$/), message } };
  if (client === 'generateContent') {
    return { error: { code: status, message, status: expect.stringMatching(/^[A-Z_]+$/) } };
  }
  return { error: { message, type: expect.any(String) } };
}
