import type { Script } from '@ai-switch/testkit';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, test } from 'vitest';
import {
  aliasOf,
  ask,
  CHAT,
  type Gateway,
  GEMINI,
  MESSAGES,
  PAIRS,
  RESPONSES,
  useGateway,
} from './gateway.ts';
import { argumentsIn, endOf, textIn } from './wire.ts';

let gateway: Gateway;
useGateway((opened) => {
  gateway = opened;
});

const combinations = PAIRS.flatMap((pair) =>
  [false, true].map((stream) => ({ ...pair, stream, form: stream ? 'a stream' : 'a whole reply' })),
);

const tool = { id: 'call_1', name: 'weather', arguments: ['{"city":', '"Köln"}'] };

/** A field that no other dialect has. */
const OF_ONE_DIALECT: Readonly<Record<string, Record<string, unknown>>> = {
  [CHAT]: { logit_bias: { 5: 1 } },
  [RESPONSES]: { top_logprobs: 3 },
  [MESSAGES]: { inference_geo: 'eu' },
  [GEMINI]: { safetySettings: [] },
};

describe.each(combinations)('$form at $path from a provider of $alias', ({ path, alias, stream }) => {
  const isSame = aliasOf(path) === alias;

  async function answered(answer: Script, more: object = {}) {
    gateway.provider.script(answer);
    const response = await gateway.post(path, ask(path, alias, { stream, ...more }));
    const raw = await response.text();
    await gateway.settled();
    const reservation = await gateway.reservation(response.headers.get('x-aiswitch-reservation') ?? '');
    return { response, raw, reservation };
  }

  test('case 65: says what the provider said and is charged what the provider counted', async () => {
    const usage = { input: 21, output: 9, cacheRead: 5 };
    const { response, raw, reservation } = await answered({ text: ['Grüße, ', '世界', ' 🌍!'], usage });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(
      stream ? /^text\/event-stream/ : /^application\/json/,
    );
    expect(textIn(raw)).toBe('Grüße, 世界 🌍!');
    if (stream) expect(endOf(path, raw)).toBe('finished');
    expect(reservation).toMatchObject({
      state: 'RESERVATION_STATE_SETTLED',
      outcome: 'completed',
      charged: { input: 21n, output: 9n, cacheRead: 5n, cacheWrite: 0n },
    });
    const [request] = gateway.provider.requests;
    expect(`${request?.path} ${request?.body}`).toContain(`upstream-${alias}`);
  });

  test('carries tools and thinking', async () => {
    const { raw } = await answered({ thinking: ['hm, ', 'well'], tools: [tool] });
    expect(raw).toContain('weather');
    const args = stream ? argumentsIn(raw) : raw.replaceAll('\\"', '"');
    expect(args.replaceAll(' ', '')).toContain('"city":"Köln"');
    expect(raw).toContain('hm, ');
  });

  test('is charged by what it says when the provider counts nothing', async () => {
    const text = ['Grüße aus Köln, ', '世界 ', 'and 12,345 more.'];
    const { response, reservation } = await answered({ text, usage: 'none' });
    expect(reservation.charged?.output).toBe(BigInt(countTokens(text.join(''))));
    expect(reservation.charged?.input).toBeGreaterThan(0n);
    const record = await gateway.accessRecord(response.headers.get('x-request-id'));
    expect(record).toMatchObject({ outcome: 'completed', usageEstimated: true });
  });

  test('case 72: comes through though the provider answers in the other form', async () => {
    const { raw, reservation } = await answered({ form: stream ? 'whole' : 'stream', text: ['turned'] });
    expect(textIn(raw)).toBe('turned');
    if (stream) expect(endOf(path, raw)).toBe('finished');
    expect(reservation.charged).toMatchObject({ input: 11n });
  });

  test('case 47: comes through though the provider splits it at every byte', async () => {
    const { raw } = await answered({ chunkBytes: 1, text: ['Grüße 🌍'] });
    expect(textIn(raw)).toBe('Grüße 🌍');
  });

  test('case 11: has our ids and none of the headers of the provider', async () => {
    const headers = { 'x-request-id': 'theirs', 'set-cookie': 'a=b', 'openai-organization': 'org-secret' };
    const { response } = await answered({ headers });
    expect(response.headers.get('x-request-id')).toMatch(/^req_/);
    expect(response.headers.get('request-id')).toBe(response.headers.get('x-request-id'));
    for (const name of ['set-cookie', 'openai-organization']) expect(response.headers.has(name)).toBe(false);
  });

  test('tells what the other dialect could not carry', async () => {
    const more = OF_ONE_DIALECT[path] ?? {};
    const { response } = await answered({}, more);
    const [name] = Object.keys(more);
    expect(response.headers.get('x-aiswitch-dropped')).toBe(isSame ? null : name);
    const id = response.headers.get('x-request-id');
    const record = await gateway.accessRecord(id);
    expect(record).toMatchObject({ dropped: isSame ? [] : [name], attempts: 1, alias, streaming: stream });
  });
});
