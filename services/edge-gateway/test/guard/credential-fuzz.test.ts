// Credentials that nobody would send on purpose: whatever stands where a key may stand, the answer is a refusal that is made
// for it, and never a failure of ours.

import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addressed, aliasOf, ask, type Gateway, openGateway, PATHS } from '../gateway.ts';

const CASES = Number(process.env.FUZZ_CASES ?? 10_000);
const AT_ONCE = 16;

let gateway: Gateway;
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
let revoked: string;
beforeAll(async () => {
  // Each case comes from an address of its own, or it would be shut after thirty.
  gateway = await openGateway({ trustedProxies: { networks: ['127.0.0.1'], header: 'x-forwarded-for' } });
  const made = await gateway.makeKey();
  revoked = made.plaintext;
  await gateway.revokeKey(made.keyId);
});
afterAll(async () => {
  agent.destroy();
  await gateway[Symbol.asyncDispose]();
});

/** mulberry32: the same seed makes the same cases. */
function random(seed: number): (max: number) => number {
  let state = seed;
  return (max) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * max);
  };
}

type Draw = (max: number) => number;
const pick = <Item>(draw: Draw, items: readonly Item[]): Item => items[draw(items.length)] as Item;

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A text of a key's form with a right checksum. */
function keyOf(keyId: string, secret: string): string {
  const body = `ais_${keyId}_${secret}`;
  let checksum = '';
  for (let rest = crc32(body); checksum.length < 6; rest = Math.floor(rest / 62)) {
    checksum = ALPHABET.charAt(rest % 62) + checksum;
  }
  return body + checksum;
}

const letters = (draw: Draw, size: number, from = ALPHABET) =>
  Array.from({ length: size }, () => from.charAt(draw(from.length))).join('');
const unknownKey = (draw: Draw) =>
  keyOf(letters(draw, 26, '0123456789abcdefghjkmnpqrstvwxyz'), letters(draw, 43));
const wrongSecret = (draw: Draw) => keyOf(gateway.key.split('_')[1] ?? '', letters(draw, 43));

const INJECTIONS = [
  "' OR '1'='1",
  "'; DROP TABLE api_keys; --",
  "ais_' UNION SELECT * FROM api_keys --_x",
  '{"$ne":null}',
  '\u0024{jndi:ldap://127.0.0.1/a}',
  '{{7*7}}',
  '%s%s%s%n',
  '../../../../etc/passwd',
  '%00',
  '%0d%0aX-Injected: 1',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'null',
  'undefined',
  'NaN',
  'true',
  '0',
  '-1',
  '[object Object]',
  'ais_',
  'ais__',
  'ais___',
  'ais_ _ ',
  `ais_${'_'.repeat(200)}`,
];

/** As a header can carry it. */
function oneCredential(draw: Draw): string {
  return anyCredential(draw).replace(/[^\t\x20-\x7e\x80-\xff]/g, '?');
}

function anyCredential(draw: Draw): string {
  const base = pick(draw, [
    () => gateway.key,
    () => revoked,
    () => unknownKey(draw),
    () => wrongSecret(draw),
    () => pick(draw, INJECTIONS),
    () => letters(draw, draw(300)),
    () => 'ais_'.repeat(draw(50)),
    () => letters(draw, 1 + draw(4_000)),
    () => randomBytes(1 + draw(80)).toString('base64'),
    () => Buffer.from(Array.from({ length: draw(60) }, () => 0x80 + draw(0x80))).toString('latin1'),
    () => '',
  ])();
  return pick(draw, [
    (key: string) => key,
    (key: string) => key.slice(0, draw(key.length + 1)),
    (key: string) => key + letters(draw, 1 + draw(5)),
    (key: string) => letters(draw, 1 + draw(3)) + key,
    (key: string) => key.toUpperCase(),
    (key: string) => key.replace('_', '-'),
    (key: string) => ` ${key} `,
    (key: string) => `"${key}"`,
    (key: string) => `${key}, ${key}`,
    (key: string) => `${key.slice(0, 20)}\t${key.slice(20)}`,
    (key: string) => {
      const at = draw(key.length);
      return key.slice(0, at) + letters(draw, 1) + key.slice(at + 1);
    },
    (key: string) => encodeURIComponent(key),
    (key: string) => pick(draw, INJECTIONS) + key,
  ])(base);
}

const SCHEMES = [
  'Bearer ',
  'bearer ',
  'BEARER  ',
  'Basic ',
  'Token ',
  '',
  'Bearer\t',
  'Bearer Bearer ',
  'Digest ',
];
const ASKED = [
  ...PATHS.map((path) => addressed(path, ask(path, aliasOf(path)))),
  addressed('/v1/messages/count_tokens', ask('/v1/messages', 'chat')),
  { address: '/v1/embeddings', body: { model: 'chat', input: 'a' } },
  { address: '/v1/models', body: undefined },
  { address: '/v1/receipts/res_1', body: undefined },
];

interface Sent {
  readonly credentials: readonly string[];
  readonly options: {
    readonly method: string;
    readonly path: string;
    readonly headers: Record<string, string>;
  };
  readonly body: string | undefined;
}

function oneCase(draw: Draw, index: number): Sent {
  const { address, body } = pick(draw, ASKED);
  const headers: Record<string, string> = {
    'x-forwarded-for': `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`,
  };
  const credentials: string[] = [];
  const add = (): string => {
    const credential = oneCredential(draw);
    credentials.push(credential);
    return credential;
  };
  const places = 1 + draw(15);
  if (places & 1) headers.authorization = pick(draw, SCHEMES) + add();
  if (places & 2) headers['x-api-key'] = add();
  if (places & 4) headers['x-goog-api-key'] = add();
  const query = places & 8 ? `${address.includes('?') ? '&' : '?'}key=${encodeURIComponent(add())}` : '';
  if (draw(10) === 0) headers['x-aiswitch-project'] = oneCredential(draw);
  const method = body === undefined ? 'GET' : 'POST';
  return {
    credentials,
    options: { method, path: address + query, headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  };
}

function send({ options, body }: Sent): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ port: gateway.port, agent, ...options }, async (incoming) => {
      resolve({ status: incoming.statusCode ?? 0, text: await text(incoming) });
    });
    sent.once('error', reject).end(body);
  });
}

const REFUSED: readonly number[] = [400, 401, 431];

test(`${CASES} credentials: every refusal is a refusal, and only the key itself gets in`, {
  timeout: 600_000,
}, async () => {
  const seed = randomBytes(4).readInt32LE();
  const draw = random(seed);
  const wrong: string[] = [];
  let next = 0;
  let entered = 0;
  const work = async () => {
    while (next < CASES && wrong.length < 10) {
      const sent = oneCase(draw, next++);
      const { status, text: said } = await send(sent);
      const isOurs = sent.credentials.some((credential) => decodedOf(credential).includes(gateway.key));
      const isRefused = REFUSED.includes(status);
      if (!isRefused) entered += 1;
      const isRepeated = sent.credentials.some(
        (credential) => credential.length >= 20 && said.includes(credential),
      );
      if (status >= 500 || (!isRefused && !isOurs) || isRepeated) {
        wrong.push(`${status} ${JSON.stringify(sent.options)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  expect(wrong, `seed ${seed}`).toEqual([]);
  // The key itself was among them, so that not all of it was refused for another reason.
  expect(entered).toBeGreaterThan(CASES / 200);
  expect(entered).toBeLessThan(CASES / 2);
});

function decodedOf(credential: string): string {
  try {
    return decodeURIComponent(credential);
  } catch {
    return credential;
  }
}

const REFUSALS: Readonly<Record<string, (draw: Draw) => string>> = {
  'a key that nobody has': unknownKey,
  'another secret of a key': wrongSecret,
  'a revoked key': () => revoked,
  'another secret of a revoked key': (draw) => keyOf(revoked.split('_')[1] ?? '', letters(draw, 43)),
};
const ROUNDS = 500;

/** How many times as long the slowest kind of refusal takes as the fastest, by their medians, asked in turn. */
async function spreadOfRefusals(draw: Draw): Promise<number> {
  const times = new Map<string, number[]>(Object.keys(REFUSALS).map((kind) => [kind, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [kind, keyFor] of Object.entries(REFUSALS)) {
      const address = `11.${draw(256)}.${draw(256)}.${draw(256)}`;
      const headers = { 'x-api-key': keyFor(draw), 'x-forwarded-for': address };
      const options = { method: 'GET', path: '/v1/models', headers };
      const startMs = performance.now();
      const { status } = await send({ credentials: [], options, body: undefined });
      times.get(kind)?.push(performance.now() - startMs);
      expect(status).toBe(401);
    }
  }
  const medians = [...times.values()].map((all) => all.sort((a, b) => a - b)[ROUNDS >> 1] ?? 0);
  return Math.max(...medians) / Math.min(...medians);
}

test('no wrong key takes another time than any other', { timeout: 120_000 }, async () => {
  const draw = random(randomBytes(4).readInt32LE());
  const spreads: number[] = [];
  // A busy machine may disturb one measurement, and does not make two kinds alike that are not.
  while (spreads.length < 3 && Math.min(...spreads, 2) > 1.25) spreads.push(await spreadOfRefusals(draw));
  expect(Math.min(...spreads), `${spreads}`).toBeLessThan(1.25);
});
