// What the head of an answer says in every pair of dialects, and what it keeps to itself.

import { describe, expect, test } from 'vitest';
import {
  aliasOf,
  ask,
  CHAT,
  type Gateway,
  GEMINI,
  MESSAGES,
  PAIRS,
  PROVIDER_KEY,
  RESPONSES,
  useGateway,
} from '../gateway.ts';

let gateway: Gateway;
useGateway((opened) => {
  gateway = opened;
});

/** What each client asks for that no other dialect has a word for. */
const OWN: Readonly<Record<string, object>> = {
  [CHAT]: { logit_bias: { '1': 1 } },
  [RESPONSES]: { client_metadata: { a: 'b' } },
  [MESSAGES]: { context_management: { edits: [] } },
  [GEMINI]: { safetySettings: [] },
};

const REVEALING = {
  'openai-organization': 'org-canary',
  'anthropic-organization-id': 'canary',
  'anthropic-ratelimit-requests-limit': '5',
  'x-ratelimit-limit-requests': '5',
  'request-id': 'req-canary',
  'x-request-id': 'req-canary',
  'cf-ray': 'canary',
  'set-cookie': 'a=canary',
  server: 'canary',
  via: '1.1 canary',
};

describe.each(PAIRS)('an answer to $path from a provider of $alias', ({ path, alias }) => {
  describe.each([true, false])('streamed: %s', (stream) => {
    test('names what was lost, and nothing when all was carried', async () => {
      const field = Object.keys(OWN[path] ?? {})[0] ?? '';
      const response = await gateway.post(path, ask(path, alias, { stream, ...OWN[path] }));
      await response.text();
      const dropped = response.headers.get('x-aiswitch-dropped')?.split(',') ?? [];
      expect(dropped).toEqual(aliasOf(path) === alias ? [] : [field]);
      const plain = await gateway.post(path, ask(path, alias, { stream }));
      await plain.text();
      expect(plain.headers.get('x-aiswitch-dropped')).toBeNull();
    });

    test.each([
      [429, 90, '90'],
      [429, undefined, expect.stringMatching(/^[1-9]\d*$/)],
      [503, 120, '120'],
    ])('case 74: a %i that names %s seconds says when to come back', async (status, retryAfterS, wanted) => {
      gateway.provider.otherwise = { status, ...(retryAfterS !== undefined && { retryAfterS }) };
      const response = await gateway.post(path, ask(path, alias, { stream }));
      expect([response.status, response.headers.get('retry-after')]).toEqual([
        path === MESSAGES && status === 503 ? 529 : status,
        wanted,
      ]);
      await response.text();
    });

    test.each([200, 400, 429, 500])('case 11: with %i tells nothing of who gave it', async (status) => {
      const leak = `Bad key ${PROVIDER_KEY} of org-canary123 at https://canary.internal/v1?key=${PROVIDER_KEY} by 10.9.8.7:8000 and [fd00::7]:443`;
      gateway.provider.otherwise = {
        headers: REVEALING,
        ...(status !== 200 && { status, body: JSON.stringify({ error: { message: leak, code: 'x' } }) }),
      };
      const response = await gateway.post(path, ask(path, alias, { stream }));
      expect(response.status === 200).toBe(status === 200);
      const head = JSON.stringify([...response.headers]);
      expect(head).not.toMatch(/canary|ratelimit/);
      expect(response.headers.get('x-request-id')).toMatch(/^req_/);
      expect(response.headers.get('request-id')).toBe(response.headers.get('x-request-id'));
      const raw = await response.text();
      expect(raw).not.toContain(PROVIDER_KEY);
      expect(raw).not.toContain('canary');
      expect(raw).not.toMatch(/10\.9\.8\.7|fd00|:8000/);
    });
  });
});
