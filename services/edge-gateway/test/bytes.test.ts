import { describe, expect, test } from 'vitest';
import { ask, type Gateway, PROVIDER_KEY, useGateway } from './gateway.ts';

let gateway: Gateway;
useGateway((opened) => {
  gateway = opened;
});

const ODD_CHAT = `{ "zzz_unknown" : {"a":[1,2.50,-0.0,1e3]},\r\n\t"messages":[ {"content":"Gr\\u00fc\\u00dfe \\ud83c\\udf0d 世界","role":"user","x":null}],
  "model" : "chat" ,"metadata":{"k":"v"} , "n":1}`;
const ODD_MESSAGES = `{"max_tokens":64,"model":"messages","system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}],
 "thinking":{"type":"adaptive","display":"omitted"}, "context_management":{"edits":[]},
 "messages":[{"role":"user","content":[{"type":"text","text":"Gr\\u00fc\\u00dfe"}]}, {"role":"system","content":"later"} ]}`;

const dialects = [
  { name: 'chat', path: '/v1/chat/completions', odd: ODD_CHAT },
  { name: 'messages', path: '/v1/messages', odd: ODD_MESSAGES },
];

describe.each(dialects)('$name on both sides', ({ name, path, odd }) => {
  test('case 45: leaves every byte of the request but the name of the model', async () => {
    const response = await gateway.post(path, odd);
    expect(response.status).toBe(200);
    const [request] = gateway.provider.requests;
    expect(String(request?.body)).toBe(odd.replace(`"${name}"`, `"upstream-${name}"`));
  });

  test('leaves every byte of the reply', async () => {
    const completion =
      '{"choices":[{"message":{"content":"Gr\\u00fc\\u00dfe","role":"assistant"},"finish_reason":"stop","index":0}]';
    const message =
      '{"type":"message","role":"assistant","content":[{"type":"text","text":"Gr\\u00fc\\u00dfe"}],"stop_reason":"end_turn"';
    const usage =
      name === 'chat'
        ? '"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}'
        : '"usage":{"input_tokens":1,"output_tokens":2}';
    const body = `${name === 'chat' ? completion : message} ,\n  ${usage},"later":  1.50}\n`;
    gateway.provider.script({ body, contentType: 'application/json' });
    const response = await gateway.post(path, ask(path, name));
    expect(await response.text()).toBe(body);
  });

  test('leaves every byte of a stream', async () => {
    const frames = await streamed();
    gateway.provider.script({ body: frames, contentType: 'text/event-stream' });
    const response = await gateway.post(
      path,
      ask(path, name, {
        stream: true,
        ...(name === 'chat' ? { stream_options: { include_usage: true } } : {}),
      }),
    );
    expect(await response.text()).toBe(frames);
  });

  async function streamed(): Promise<string> {
    const usage = name === 'chat' ? { stream_options: { include_usage: true } } : {};
    const response = await fetch(`${gateway.provider.baseUrl}${path.slice('/v1'.length)}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${PROVIDER_KEY}` },
      body: JSON.stringify(ask(path, 'm', { stream: true, ...usage })),
    });
    gateway.provider.requests.length = 0;
    // Comments, a name that nobody knows and another line end: all of it is the provider's own.
    const text = await response.text();
    return `: hello\n\n${text.replace('\n\n', '\r\n\r\n')}`;
  }

  test('sends our credential and nothing of the client', async () => {
    await gateway.post(path, ask(path, name), {
      'x-api-key': gateway.key,
      cookie: 'session=secret',
      'anthropic-version': '2026-10-21',
      'anthropic-beta': 'a,b',
      'x-stainless-os': 'Linux',
      'user-agent': 'client/1',
    });
    const [request] = gateway.provider.requests;
    const sent = request?.rawHeaders.join('\n') ?? '';
    expect(sent).toContain(PROVIDER_KEY);
    expect(sent).not.toContain(gateway.key);
    for (const part of ['session=secret', 'x-stainless', 'client/1']) expect(sent).not.toContain(part);
    expect(request?.headers['anthropic-version']).toBe(name === 'messages' ? '2026-10-21' : undefined);
    expect(request?.headers['anthropic-beta']).toBe(name === 'messages' ? 'a,b' : undefined);
  });
});

test('case 64: a chat stream is metered by usage that the client did not ask for and does not get', async () => {
  const response = await gateway.post(
    '/v1/chat/completions',
    ask('/v1/chat/completions', 'chat', { stream: true }),
  );
  const text = await response.text();
  expect(JSON.parse(String(gateway.provider.requests[0]?.body)).stream_options).toEqual({
    include_usage: true,
  });
  expect(text).not.toContain('"usage"');
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  await gateway.settled();
  const { charged } = await gateway.reservation(response.headers.get('x-aiswitch-reservation') ?? '');
  expect(charged).toMatchObject({ input: 11n, output: 7n });
});
