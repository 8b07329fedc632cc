import type { Event, Part, Request } from '@ai-switch/dialects';
import { openaiChat } from '@ai-switch/dialects';
import { describe, expect, test } from 'vitest';
import { ReasoningStore } from '../src/reasoning-store.ts';

const limits = { reasoningCallsMax: 100, reasoningCharactersMax: 10_000 };

/** Events of an answer that thinks, speaks, and calls two tools, with a thought without words before the second. */
const ANSWER: readonly Event[] = [
  { type: 'start', id: 'a', model: 'm' },
  { type: 'partStart', index: 0, part: { kind: 'thinking' } },
  { type: 'thinkingDelta', index: 0, text: 'Let me ' },
  { type: 'thinkingDelta', index: 0, text: 'look.' },
  { type: 'signature', index: 0, signature: 'sealed-1' },
  { type: 'partStop', index: 0 },
  { type: 'partStart', index: 1, part: { kind: 'text' } },
  { type: 'textDelta', index: 1, text: 'Looking.' },
  { type: 'partStop', index: 1 },
  { type: 'partStart', index: 2, part: { kind: 'toolCall', id: 'call_1', name: 'look' } },
  { type: 'partStop', index: 2 },
  { type: 'partStart', index: 3, part: { kind: 'thinking' } },
  { type: 'signature', index: 3, signature: 'sealed-2' },
  { type: 'partStop', index: 3 },
  { type: 'partStart', index: 4, part: { kind: 'toolCall', id: 'call_2', name: 'look' } },
  { type: 'partStop', index: 4 },
  { type: 'finish', reason: 'tool' },
];

/** The next request of a client that sends back text and calls only. */
function next(): Request {
  const call = (id: string) => ({ id, type: 'function', function: { name: 'look', arguments: '{}' } });
  return openaiChat.readRequest({
    model: 'm',
    messages: [
      { role: 'user', content: 'Find it.' },
      { role: 'assistant', content: 'Looking.', tool_calls: [call('call_1'), call('call_2')] },
      { role: 'tool', tool_call_id: 'call_1', content: 'no' },
      { role: 'tool', tool_call_id: 'call_2', content: 'yes' },
    ],
  });
}

function recorded(store: ReasoningStore, owner = 'ada'): ReasoningStore {
  const recorder = store.recorder('openai-chat', owner, next());
  for (const event of ANSWER) recorder?.observe(event);
  return store;
}

function said(request: Request): readonly string[] {
  const turn = request.turns.find(({ role }) => role === 'assistant');
  return (turn?.parts ?? []).map((part: Part) =>
    part.kind === 'thinking' ? `${part.text}|${part.signature}` : part.kind,
  );
}

describe('the reasoning of a client that cannot carry it', () => {
  test('comes back where it was: spoken thoughts first, those without words before their call', () => {
    const store = recorded(new ReasoningStore(limits));
    expect(said(store.recall('openai-chat', 'ada', next()))).toEqual([
      'Let me look.|sealed-1',
      'text',
      'toolCall',
      '|sealed-2',
      'toolCall',
    ]);
  });

  test('is not given to somebody else, whatever ids he names', () => {
    const store = recorded(new ReasoningStore(limits));
    const request = next();
    expect(store.recall('openai-chat', 'bob', request)).toBe(request);
  });

  test('is not kept for clients that carry it themselves', () => {
    const store = new ReasoningStore(limits);
    const carrying = { ...next(), isEncryptedReasoningWanted: true };
    expect(store.recorder('anthropic-messages', 'ada', next())).toBeUndefined();
    expect(store.recorder('openai-responses', 'ada', carrying)).toBeUndefined();
  });

  test('is kept for a client of Responses that did not ask for it in a form that it can carry', () => {
    const store = recorded(new ReasoningStore(limits));
    expect(store.recorder('openai-responses', 'ada', next())).toBeDefined();
    expect(said(store.recall('openai-responses', 'ada', next()))).toContain('Let me look.|sealed-1');
    const carrying = { ...next(), isEncryptedReasoningWanted: true };
    expect(store.recall('openai-responses', 'ada', carrying)).toBe(carrying);
  });

  test('gives way to newer, the one used longest ago first', () => {
    const store = new ReasoningStore({ ...limits, reasoningCallsMax: 2 });
    recorded(store);
    store.recall('openai-chat', 'ada', next());
    store.keep('ada', 'call_3', [{ kind: 'thinking', text: 'New.' }]);
    expect(said(store.recall('openai-chat', 'ada', next()))).toEqual([
      'text',
      'toolCall',
      '|sealed-2',
      'toolCall',
    ]);
  });

  test('takes no more room than it may', () => {
    const store = new ReasoningStore({ ...limits, reasoningCharactersMax: 100 });
    recorded(store);
    store.keep('ada', 'call_4', [{ kind: 'thinking', text: 'x'.repeat(101) }]);
    const request = next();
    expect(store.recall('openai-chat', 'ada', request)).toBe(request);
  });
});
