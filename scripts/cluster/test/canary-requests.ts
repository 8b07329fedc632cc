// Requests that carry a secret in every place where a client, a provider or an administrator can put one.

import type { Gateway } from '@ai-switch/standalone/test/gateway';
import type { Behaviour, SeenRequest } from '@ai-switch/testkit';
import type { Canaries } from './canaries.ts';

/** What the rule of this test forbids to say. */
const BLOCKED_WORDS = 'Kingfisher';
const ADMIN = '/api/admin/v1';

interface Asked {
  readonly path: string;
  readonly body: object;
}

/** One request of each dialect of clients, with a secret in every field that takes words. */
function asked(say: (field: string) => string, isStreaming: boolean): readonly Asked[] {
  const stream = isStreaming ? { stream: true } : {};
  const parameters = { type: 'object', properties: { [say('property')]: { type: 'string' } } };
  const description = say('tool');
  const gemini = isStreaming ? 'streamGenerateContent?alt=sse' : 'generateContent';
  return [
    {
      path: '/v1/chat/completions',
      body: {
        model: 'chat',
        messages: [
          { role: 'system', content: say('system') },
          { role: 'user', content: say('user') },
        ],
        tools: [{ type: 'function', function: { name: 'look', description, parameters } }],
        user: say('user id'),
        metadata: { note: say('metadata') },
        stop: [say('stop')],
        ...stream,
      },
    },
    {
      path: '/v1/responses',
      body: {
        model: 'responses',
        instructions: say('instructions'),
        input: say('input'),
        tools: [{ type: 'function', name: 'look', description, parameters, strict: false }],
        prompt_cache_key: say('prompt_cache_key'),
        safety_identifier: say('safety_identifier'),
        ...stream,
      },
    },
    {
      path: '/v1/messages',
      body: {
        model: 'messages',
        max_tokens: 100,
        system: say('system'),
        messages: [{ role: 'user', content: say('user') }],
        tools: [{ name: 'look', description, input_schema: parameters }],
        metadata: { user_id: say('metadata.user_id') },
        ...stream,
      },
    },
    {
      path: `/v1beta/models/gemini:${gemini}`,
      body: {
        systemInstruction: { parts: [{ text: say('systemInstruction') }] },
        contents: [{ role: 'user', parts: [{ text: say('text') }] }],
        tools: [{ functionDeclarations: [{ name: 'look', description, parameters }] }],
      },
    },
  ];
}

/** All that a provider may say or do, with a secret in it. */
function behaviours(plant: (place: string) => string): Readonly<Record<string, () => Behaviour>> {
  const echo = (status: number) => () => (seen: SeenRequest) => ({
    status,
    body: `${plant(`error ${status}`)} ${JSON.stringify(seen.headers)} ${seen.body.toString()}`,
    headers: { 'www-authenticate': plant(`header of ${status}`), 'x-request-id': plant('request id') },
  });
  return {
    answers: () => ({
      thinking: [plant('thinking')],
      text: [plant('answer')],
      headers: { 'set-cookie': plant('set-cookie'), 'x-request-id': plant('request id') },
    }),
    'calls a tool': () => ({
      tools: [{ name: 'look', arguments: [JSON.stringify({ at: plant('arguments') })] }],
    }),
    'breaks off': () => ({ text: [plant('answer'), 'more', 'and more'], cutAfterPieces: 1 }),
    'fails midway': () => ({ text: [plant('answer'), 'more', 'and more'], errorAfterPieces: 1 }),
    'answers no JSON': () => ({ body: `{"text": "${plant('broken JSON')}`, contentType: 'application/json' }),
    'answers a page': () => ({ body: `<p>${plant('a page')}</p>`, contentType: 'text/html' }),
    'refuses 400': echo(400),
    'refuses 401': echo(401),
    'refuses 429': echo(429),
    'fails 500': echo(500),
  };
}

/** Once an answer has a status other than 200, it is no stream whatever was asked for. */
const STATUSES = ['refuses 400', 'refuses 401', 'refuses 429', 'fails 500'];

/** @returns how many requests were sent */
export async function sayInPrompts({ url, key, provider }: Gateway, canaries: Canaries): Promise<number> {
  let sent = 0;
  for (const isStreaming of [false, true]) {
    for (const name of Object.keys(behaviours(String))) {
      if (isStreaming && STATUSES.includes(name)) continue;
      const where = (side: string) => (place: string) =>
        canaries.plant(`${side}, ${place}, a provider that ${name}${isStreaming ? ', stream' : ''}`);
      for (const { path, body } of asked(where('client'), isStreaming)) {
        // Attempts that are made again get the same.
        provider.otherwise = behaviours(where('provider'))[name]?.() ?? {};
        await send(`${url}${path}`, body, { 'x-api-key': key });
        sent += 1;
      }
    }
  }
  provider.otherwise = {};
  return sent;
}

/** What is refused before it reaches a provider, or is only passed by. */
export async function sayAround({ url, key }: Gateway, canaries: Canaries): Promise<void> {
  const plant = (place: string) => canaries.plant(place);
  const chat = { model: 'chat', messages: [{ role: 'user', content: 'Hello.' }] };
  const path = `${url}/v1/chat/completions`;
  const own = { 'x-api-key': key };

  for (const [name, value] of [
    ['authorization', (secret: string) => `Bearer ${secret}`],
    ['authorization', (secret: string) => `Bearer ais_${secret}`],
    ['authorization', (secret: string) => `Basic ${Buffer.from(`user:${secret}`).toString('base64')}`],
    ['authorization', (secret: string) => secret],
    ['x-api-key', (secret: string) => `ais_${secret}`],
    ['x-goog-api-key', (secret: string) => secret],
    ['cookie', (secret: string) => `__Host-aiswitch=${secret}`],
  ] as const) {
    const wrong = () => ({ [name]: value(plant(`${name}, which is wrong`)) });
    await send(path, chat, wrong());
    await send(`${url}${ADMIN}/session`, undefined, wrong(), 'GET');
  }
  await send(`${path}?key=${plant('the address: key')}`, chat, {});
  await send(`${path}?api_key=${plant('the address: api_key')}`, chat, own);
  await send(`${url}/v1/${plant('an unknown path')}`, chat, own);
  await send(`${url}${ADMIN}/${plant('an unknown path of the admin API')}`, chat, own);

  for (const name of PASSED_BY) await send(path, chat, { ...own, [name]: plant(`the header ${name}`) });

  await send(path, `{"model": "chat", "messages": "${plant('broken JSON')}`, own);
  await send(path, { ...chat, messages: plant('a field of another type') }, own);
  await send(path, { ...chat, [plant('the name of a field')]: plant('an unknown field') }, own);
  await send(path, { ...chat, messages: [{ role: plant('a role'), content: 'x' }] }, own);
  await send(
    path,
    { ...chat, messages: [{ role: 'user', content: `${BLOCKED_WORDS}: ${plant('what a rule blocks')}` }] },
    own,
  );
}

const PASSED_BY = [
  'x-secret',
  'referer',
  'cookie',
  'traceparent',
  'tracestate',
  'baggage',
  'x-forwarded-for',
  'x-forwarded-authorization',
  'proxy-authorization',
  'content-type',
  'accept',
  'idempotency-key',
  'anthropic-beta',
  'openai-organization',
  'x-stainless-lang',
  'session_id',
  'x-aiswitch-affinity',
  'x-aiswitch-project',
] as const;

/** A rule that blocks what `sayAround` says. */
export async function forbid({ url, key }: Gateway): Promise<void> {
  const rule = {
    ruleId: 'birds',
    mode: 'contains',
    pattern: BLOCKED_WORDS,
    action: 'block',
    message: 'No birds.',
  };
  const own = { 'x-api-key': key };
  await send(`${url}${ADMIN}/rule-sets/birds`, { name: 'Birds', rules: [rule] }, own, 'PUT');
  await send(`${url}${ADMIN}/access-policies/company`, { ruleSets: ['birds'] }, own, 'PUT');
}

/** What administrators give, rightly and wrongly, and what the gateway makes for them. */
export async function giveSecrets({ url, key }: Gateway, issuer: string, canaries: Canaries): Promise<void> {
  const plant = (place: string) => canaries.plant(place);
  const admin = (method: string, path: string, body: unknown, headers: Record<string, string> = {}) =>
    send(`${url}${ADMIN}${path}`, body, { 'x-api-key': key, ...headers }, method);
  const provider = {
    kind: 'custom',
    dialect: 'openai-chat',
    baseUrl: 'http://127.0.0.1:9/v1',
    models: ['m'],
  };

  await admin('PUT', '/providers/kept', { ...provider, credential: plant('a credential') });
  await admin('PUT', '/providers/kept', { ...provider, credential: plant('another credential') });
  await admin('PUT', '/providers/kept', { ...provider, credential: [plant('a credential in a list')] });
  await admin('PUT', '/providers/kept', { ...provider, apiKey: plant('a field that is not there') });
  await admin('PUT', '/providers/kept', {
    ...provider,
    baseUrl: `http://user:${plant('a password in an address')}@127.0.0.1:9/v1`,
  });
  await admin('PUT', '/providers/kept', {
    ...provider,
    baseUrl: `http://127.0.0.1:9/v1?key=${plant('a key in an address')}`,
  });
  await admin('PUT', '/providers/kept', `{"credential": "${plant('broken JSON of an administrator')}`);
  const sso = { name: 'Sign-in', issuer, clientId: 'a client' };
  await admin('PUT', '/identity-providers/sso', { ...sso, clientSecret: plant('a client secret') });
  await admin('PUT', '/identity-providers/sso', {
    ...sso,
    clientSecret: [plant('a client secret in a list')],
  });
  await admin('POST', '/rule-sets/test', {
    text: `${BLOCKED_WORDS} ${plant('a text to test rules on')}`,
    ruleSets: ['birds'],
  });
  await admin('POST', '/users', { name: 'keeper' }, { 'idempotency-key': plant('an Idempotency-Key') });

  const made = await admin('POST', '/keys', { user: 'keeper', scopes: ['admin'] });
  canaries.note('a key that was made', String(made.body.plaintext));
  const reset = await admin('POST', '/users/keeper/password', {});
  const first = String(reset.body.password);
  canaries.note('a password that was made', first);
  const signIn = (password: unknown) =>
    send(`${url}${ADMIN}/session`, { user: 'keeper', password }, { origin: url });
  await signIn(plant('a wrong password'));
  await signIn([plant('a password in a list')]);
  await send(`${url}${ADMIN}/session`, { user: 'nobody', password: plant('a password of nobody') }, {});
  const session = await signIn(first);
  const token = /__Host-aiswitch=([^;]+)/.exec(session.cookie)?.[1] ?? '';
  canaries.note('the token of a session', token);
  canaries.note('the CSRF token of a session', String(session.body.csrfToken));
  const ownSession = { cookie: `__Host-aiswitch=${token}`, origin: url };
  const change = (currentPassword: string, csrf: string) =>
    send(
      `${url}${ADMIN}/session/password`,
      { currentPassword, newPassword: plant('a new password') },
      { ...ownSession, 'x-csrf-token': csrf },
      'PUT',
    );
  await change(first, plant('a wrong CSRF token'));
  await change(plant('a wrong current password'), String(session.body.csrfToken));
  await change(first, String(session.body.csrfToken));
}

interface Answer {
  readonly status: number;
  readonly cookie: string;
  readonly body: Readonly<Record<string, unknown>>;
}

async function send(
  address: string,
  body: unknown,
  headers: Readonly<Record<string, string>>,
  method = 'POST',
): Promise<Answer> {
  const response = await fetch(address, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  // A stream that is cut is one of the places.
  const text = await response.text().catch(() => '');
  return {
    status: response.status,
    cookie: response.headers.getSetCookie().join(),
    body: text.startsWith('{') && !text.includes('\n') ? JSON.parse(text) : {},
  };
}
