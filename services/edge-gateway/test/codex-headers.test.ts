import { expect, test } from 'vitest';
import { ask, type Gateway, RESPONSES, useGateway } from './gateway.ts';
import { textIn } from './wire.ts';

let gateway: Gateway;
useGateway((opened) => {
  gateway = opened;
});

/** As Codex sends them: the request id is the thread's, on every request. */
function codexHeaders(thread: string, more: Record<string, string> = {}): Record<string, string> {
  return {
    authorization: `Bearer ${gateway.key}`,
    'x-aiswitch-affinity': '',
    'thread-id': thread,
    'session-id': thread,
    'x-client-request-id': thread,
    ...more,
  };
}

test('case 12: two requests of one client request id are both answered', async () => {
  gateway.provider.script({ text: ['one'] }, { text: ['two'] });
  const post = () => gateway.post(RESPONSES, ask(RESPONSES, 'chat'), codexHeaders('thread-1'));
  expect(textIn(await (await post()).text())).toBe('one');
  expect(textIn(await (await post()).text())).toBe('two');
  expect(gateway.provider.requests).toHaveLength(2);
});

test('case 100: a turn gets a sticky token, the same through the conversation and another elsewhere', async () => {
  const tokenOf = async (headers: Record<string, string>) => {
    const response = await gateway.post(RESPONSES, ask(RESPONSES, 'chat', { stream: true }), headers);
    await response.text();
    return response.headers.get('x-codex-turn-state');
  };
  const token = await tokenOf(codexHeaders('thread-1'));
  expect(token).toMatch(/^[\w-]{10,}$/);
  expect(await tokenOf(codexHeaders('thread-1', { 'x-codex-turn-state': token ?? '' }))).toBe(token);
  expect(await tokenOf(codexHeaders('thread-2'))).not.toBe(token);
});
