import type { IncomingHttpHeaders } from 'node:http';
import type { Request } from '@ai-switch/dialects';
import { anthropicMessages, openaiChat } from '@ai-switch/dialects';
import { describe, expect, test } from 'vitest';
import { affinityKeyOf } from '../src/affinity.ts';

function asked(more: object = {}): Request {
  return openaiChat.readRequest({
    model: 'glm',
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Where is the key?' },
    ],
    ...more,
  });
}

/** Each names the conversation better than those behind it. */
const NAMES: readonly (readonly [string, IncomingHttpHeaders, object])[] = [
  ['the header of ours', { 'x-aiswitch-affinity': 'a' }, {}],
  ["OpenCode's header", { 'x-session-affinity': 'ses_1' }, {}],
  ["Claude Code's session", { 'x-claude-code-session-id': 'c0ffee' }, {}],
  ["Codex's thread", { 'thread-id': 't1' }, {}],
  ["Codex's session", { 'session-id': 's1' }, {}],
  ["Codex's turn", { 'x-codex-turn-state': 'turn' }, {}],
  ['the key of the prompt cache', {}, { prompt_cache_key: 'cache' }],
  ["the session in Claude Code's user", {}, { user: '{"device_id":"d","session_id":"s"}' }],
  ['the session of a client', { 'x-session-id': 'x1' }, {}],
  ['the user', {}, { user: 'ada' }],
];

describe('the affinity key', () => {
  test.each(NAMES.map(([name], place) => [name, place] as const))(
    'case 96: comes of %s before what stands behind it',
    (_name, place) => {
      const behind = NAMES.slice(place + 1);
      const alone = keyOf([NAMES[place]]);
      expect(keyOf([NAMES[place], ...behind])).toBe(alone);
      expect(keyOf(behind)).not.toBe(alone);
    },
  );

  test('case 96: tells sub-agents of one session apart', () => {
    const session = { 'x-claude-code-session-id': 'c0ffee' };
    const subAgent = { ...session, 'x-claude-code-agent-id': 'a1' };
    expect(affinityKeyOf(subAgent, asked())).not.toBe(affinityKeyOf(session, asked()));
  });

  test('case 96: comes of the beginning of the conversation for clients that name none, and stays through it', () => {
    const first = asked();
    const later = { ...first, turns: [...first.turns, { role: 'assistant' as const, parts: [] }] };
    expect(affinityKeyOf({}, later)).toBe(affinityKeyOf({}, first));
    const other = asked({ messages: [{ role: 'user', content: 'Where is the door?' }] });
    expect(affinityKeyOf({}, other)).not.toBe(affinityKeyOf({}, first));
  });

  test('case 14: does not depend on the billing line of Claude Code', () => {
    const withLine = (hash: string) =>
      anthropicMessages.readRequest({
        model: 'glm',
        max_tokens: 1,
        system: [
          { type: 'text', text: `x-anthropic-billing-header: cc_version=2.1.330.${hash}` },
          { type: 'text', text: 'You are Claude Code.' },
        ],
        messages: [{ role: 'user', content: 'hi' }],
      });
    expect(affinityKeyOf({}, withLine('1'))).toBe(affinityKeyOf({}, withLine('2')));
  });

  test('says nothing of what it is made of', () => {
    expect(affinityKeyOf({ 'thread-id': 'secret-thread' }, asked())).toMatch(/^[\w-]{22}$/);
  });
});

function keyOf(names: readonly ((typeof NAMES)[number] | undefined)[]): string {
  const headers: IncomingHttpHeaders = {};
  const fields: Record<string, unknown> = {};
  for (const [, header, field] of [...names].reverse().filter((name) => name !== undefined)) {
    Object.assign(headers, header);
    Object.assign(fields, field);
  }
  return affinityKeyOf(headers, asked(fields));
}
