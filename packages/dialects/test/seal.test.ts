import { describe, expect, test } from 'vitest';
import { anthropicMessages } from '../src/anthropic-messages/index.ts';
import { gemini } from '../src/gemini/index.ts';
import type { Event } from '../src/model/event.ts';
import type { Part, Request } from '../src/model/request.ts';
import { isSealed, openSeals, sealEvent, sealing } from '../src/model/seal.ts';

const claude = 'anthropic/claude-opus-5-2';
const others = ['zai/glm-5.2', 'gemini/gemini-3.8-flash', 'openai/gpt-6.1'];

function requestOf(parts: readonly Part[]): Request {
  return {
    model: 'm',
    system: [],
    turns: [
      { role: 'user', parts: [{ kind: 'text', text: 'hi' }] },
      { role: 'assistant', parts },
    ],
    tools: [],
    stop: [],
    answerCount: 1,
    isStreaming: true,
    isStreamUsageWanted: true,
    extra: {},
  };
}

function opened(parts: readonly Part[], origin: string, isSameDialect = false): readonly Part[] | undefined {
  return openSeals(requestOf(parts), origin, isSameDialect).turns[1]?.parts;
}

function sealedSignature(signature: string, origin: string): string {
  const event = sealEvent({ type: 'signature', index: 0, signature }, origin);
  return event.type === 'signature' ? event.signature : '';
}

function sealedData(data: string, origin: string): string {
  const event = sealEvent({ type: 'partStart', index: 0, part: { kind: 'redactedThinking', data } }, origin);
  return event.type === 'partStart' && event.part.kind === 'redactedThinking' ? event.part.data : '';
}

const signature = 'EqQBCgYI.BRABGAI+/=\naisw1.x';
const call: Part = { kind: 'toolCall', id: 'c', name: 'f', argumentsText: '{}' };

describe('hidden reasoning in an envelope', () => {
  test('case 57: comes back to its origin byte for byte, with the call that it belongs to', () => {
    const sealed = sealedSignature(signature, claude);
    expect(sealed).toMatch(/^aisw1\.s\.[0-9a-f]{16}\.EqQB/);
    expect(isSealed(sealed)).toBe(true);
    expect(opened([{ kind: 'thinking', text: 'Hm.', signature: sealed }, call], claude)).toEqual([
      { kind: 'thinking', text: 'Hm.', signature },
      call,
    ]);
  });

  test('case 57: the signature of words that the client did not bring back goes to no Claude', () => {
    const seal = sealing(claude);
    const thought: readonly Event[] = [
      { type: 'thinkingDelta', index: 0, text: 'Hm.' },
      { type: 'signature', index: 0, signature },
    ];
    const [, signed] = thought.flatMap(seal);
    const sealed = signed?.type === 'signature' ? signed.signature : '';
    const lost = openSeals(requestOf([{ kind: 'thinking', text: '', signature: sealed }]), claude, false);
    expect(lost.turns[1]?.parts).toEqual([{ kind: 'thinking', text: '', signature, hasLostWords: true }]);
    expect(JSON.stringify(anthropicMessages.writeRequest(lost, 'claude-opus-5').body)).not.toContain(
      'thinking',
    );
    expect(JSON.stringify(gemini.writeRequest(lost, 'gemini-3-pro').body)).toContain(signature.slice(0, 8));
    expect(opened([{ kind: 'thinking', text: 'Hm.', signature: sealed }], claude)).toEqual([
      { kind: 'thinking', text: 'Hm.', signature },
    ]);
  });

  test('case 57: a thought that is hidden whole comes back as one, whichever field the client kept it in', () => {
    const data = sealedData('EmwKAhgB', claude);
    expect(data).toMatch(/^aisw1\.r\./);
    const redacted = { kind: 'redactedThinking', data: 'EmwKAhgB' };
    expect(opened([{ kind: 'redactedThinking', data }], claude)).toEqual([redacted]);
    expect(opened([{ kind: 'thinking', text: '', signature: data }], claude)).toEqual([redacted]);
    const asData = sealedSignature(signature, claude);
    expect(opened([{ kind: 'redactedThinking', data: asData }], claude)).toEqual([
      { kind: 'thinking', text: '', signature },
    ]);
  });

  test.each(others)('case 58: is nothing to %s: the words stay and the signature goes', (stranger) => {
    for (const isSameDialect of [true, false]) {
      const parts: Part[] = [
        { kind: 'thinking', text: 'Hm.', signature: sealedSignature(signature, claude) },
        { kind: 'thinking', text: '', signature: sealedSignature(signature, claude) },
        { kind: 'redactedThinking', data: sealedData('x', claude) },
        call,
      ];
      expect(opened(parts, stranger, isSameDialect)).toEqual([{ kind: 'thinking', text: 'Hm.' }, call]);
    }
  });

  test('case 57: a thought that nobody signed is given an envelope to come back by', () => {
    const seal = sealing(claude);
    const sent: Event[] = [
      { type: 'partStart', index: 0, part: { kind: 'thinking' } },
      { type: 'thinkingDelta', index: 0, text: 'Hm.' },
      { type: 'partStop', index: 0 },
      { type: 'partStart', index: 1, part: { kind: 'thinking' } },
      { type: 'thinkingDelta', index: 1, text: 'So.' },
      { type: 'signature', index: 1, signature },
      { type: 'partStop', index: 1 },
      { type: 'partStart', index: 2, part: { kind: 'text' } },
      { type: 'partStop', index: 2 },
    ];
    const events = sent.flatMap(seal);
    const signatures = events.flatMap((event) => (event.type === 'signature' ? [event] : []));
    expect(signatures.map(({ index }) => index)).toEqual([0, 1]);
    expect(events.map(({ type }) => type).slice(0, 4)).toEqual([
      'partStart',
      'thinkingDelta',
      'signature',
      'partStop',
    ]);
    const part: Part = { kind: 'thinking', text: 'Hm.', signature: signatures[0]?.signature ?? '' };
    for (const origin of [claude, ...others]) {
      expect(opened([part, call], origin)).toEqual([{ kind: 'thinking', text: 'Hm.' }, call]);
    }
  });

  test('of an origin that is itself a gateway is opened once', () => {
    const inner = sealedSignature(signature, 'openai/gpt-6.1');
    const part: Part = { kind: 'thinking', text: '', signature: sealedSignature(inner, claude) };
    expect(opened([part], claude)).toEqual([{ kind: 'thinking', text: '', signature: inner }]);
  });
});

test('case 58: a signature without an envelope stays in the same dialect and goes to no other', () => {
  const parts: Part[] = [
    { kind: 'thinking', text: 'Hm.', signature },
    { kind: 'redactedThinking', data: 'x' },
  ];
  const request = requestOf(parts);
  expect(openSeals(request, claude, true)).toBe(request);
  expect(opened(parts, claude)).toEqual([{ kind: 'thinking', text: 'Hm.' }]);
});

test('a request without anything hidden is the same request', () => {
  const request = requestOf([{ kind: 'thinking', text: 'Hm.' }, call]);
  expect(openSeals(request, claude, false)).toBe(request);
});

test('an event that hides nothing is the same event', () => {
  const events: Event[] = [
    { type: 'thinkingDelta', index: 0, text: 'Hm.' },
    { type: 'partStart', index: 0, part: { kind: 'thinking' } },
    { type: 'signature', index: 0, signature: '' },
  ];
  for (const event of events) expect(sealEvent(event, claude)).toBe(event);
});
